"""A crawl takes its site whole, says what it left, and goes on after a kill as if there had been none."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

from archive.durable import Files
from archive.errors import NotFoundError, StorageError, UsageError
from archive.layout import ArchiveRoot
from archive.reader import groups, read_record
from archive.statement import Capture, Crawl, CrawlClose, Statement
from archive.warc import chunks
from crawler import session
from crawler.held import NothingHeld
from crawler.run import (
    CrawlOrder,
    CrawlReport,
    Progress,
    crawl,
    discard,
    one_off,
    plan,
    unfinished,
)
from crawler.source import Identity, Politeness, ScopeRules, Source
from tests.small_site import Answers, Page, SmallSite, html, serve


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def archive(tmp_path: Path) -> ArchiveRoot:
    return ArchiveRoot.create(tmp_path / "archive")


def source(site: SmallSite, **more: Any) -> Source:
    more.setdefault("seeds", (site.url + "/",))
    return Source(name="ministry", **more)


def order(source_: Source | None, resume: str | None = None) -> CrawlOrder:
    return CrawlOrder(
        source=source_, operator="A. Archivist", software="muniment 0.1", resume=resume
    )


def run(archive: ArchiveRoot, source_: Source | None, **more: Any) -> CrawlReport:
    resume = more.pop("resume", None)
    return crawl(order(source_, resume), archive=archive, held=NothingHeld(), clock=clock, **more)


def statements(archive: ArchiveRoot) -> list[Statement]:
    paths = sorted(archive.warc.glob("*.warc.gz"))
    return [group.statement for path in paths for group in groups(path)]


def captures(archive: ArchiveRoot) -> list[Capture]:
    return [found for found in statements(archive) if isinstance(found, Capture)]


def left_out(archive: ArchiveRoot) -> list[dict[str, Any]]:
    """The lines of the last close."""
    lines: list[dict[str, Any]] = []
    for path in sorted(archive.warc.glob("*.warc.gz")):
        for group in groups(path):
            if isinstance(group.statement, CrawlClose):
                record = group.records[1]
                block = read_record(path, record.offset, record.length).block
                text = b"".join(chunks(block))
                lines = [orjson.loads(line) for line in text.splitlines()]
    return lines


def by_path(archive: ArchiveRoot, site: SmallSite) -> dict[str, tuple[str, str, str | None]]:
    return {
        found.url.removeprefix(site.url): (found.outcome, found.cause, found.link_text)
        for found in captures(archive)
    }


def test_a_site_is_taken_whole_with_the_cause_of_each_capture(archive: ArchiveRoot) -> None:
    gbk = "<meta charset=utf-8><a href='/搜?q=世界'>世界</a>".encode("gb18030")
    pages: Answers = {
        "/": html(
            "/list.html", "/old", "/gone", "/附件.pdf", "mailto:a@b", "http://elsewhere.example/"
        ),
        "/robots.txt": Page(
            b"User-agent: *\nDisallow: /private\nSitemap: /map.xml", type="text/plain"
        ),
        "/map.xml": Page(b"<urlset><url><loc>/only-in-map</loc></url></urlset>", type="text/xml"),
        "/only-in-map": html(),
        "/list.html": Page(
            b'<link rel=stylesheet href=/s.css><a href="/private/x">p</a><a href=/feed.xml>f</a>'
            + gbk
        ),
        "/feed.xml": Page(
            b"<rss><item><link>/news</link></item></rss>", type="application/rss+xml"
        ),
        "/news": html("/"),
        "/s.css": Page(b"p { background: url(/bg.png) }", type="text/css"),
        "/bg.png": Page(b"\x89PNG", type="image/png"),
        "/old": Page(status=301, headers={"Location": "/new"}),
        "/new": html("/list.html"),
        "/%E9%99%84%E4%BB%B6.pdf": Page(b"%PDF", type="application/pdf"),
        "/%E6%90%9C?q=%CA%C0%BD%E7": html(),
    }
    with serve(pages) as site:
        report = run(archive, source(site))
        assert by_path(archive, site) == {
            "/robots.txt": ("content", "robots", None),
            "/map.xml": ("content", "sitemap", None),
            "/only-in-map": ("content", "sitemap", None),
            "/": ("content", "seed", None),
            "/list.html": ("content", "link", "to /list.html"),
            "/old": ("redirect", "link", "to /old"),
            "/new": ("content", "redirect", None),
            "/gone": ("not-found", "link", "to /gone"),
            "/%E9%99%84%E4%BB%B6.pdf": ("content", "link", "to /附件.pdf"),
            "/s.css": ("content", "requisite", None),
            "/bg.png": ("content", "requisite", None),
            "/feed.xml": ("content", "link", "f"),
            "/news": ("content", "feed", None),
            "/%E6%90%9C?q=%CA%C0%BD%E7": ("content", "link", "世界"),
        }
        assert sorted(site.asked) == sorted(set(site.asked))
        assert site.agents == {"muniment/0.1"}
    assert (report.end, report.complete, report.queued) == ("finished", True, 0)
    assert report.counts == {"content": 12, "not-found": 1, "redirect": 1}
    assert report.not_requested == {"scheme": 1, "scope": 1, "robots": 1}
    assert [(line["reason"], line["via"]) for line in left_out(archive)] == [
        ("scope", site.url + "/"),
        ("robots", site.url + "/list.html"),
    ]


def test_the_plan_is_durable_before_the_first_request_and_the_close_is_last(
    archive: ArchiveRoot,
) -> None:
    seen: list[list[Statement]] = []

    def look() -> None:
        (path,) = archive.warc.glob("*.open")
        seen.append([group.statement for group in groups(path)])

    pages: Answers = {"/": html(), "/robots.txt": Page(status=404, before=look)}
    with serve(pages) as site:
        report = run(archive, source(site, identity=Identity(contact="mailto:a@b.example")))
        assert site.agents == {"muniment/0.1 (+mailto:a@b.example)"}
    (before,) = seen
    (planned,) = before
    assert isinstance(planned, Crawl)
    assert (planned.source, planned.operator) == ("ministry", "A. Archivist")
    assert planned.settings["politeness"] == {"delay": 0.0, "concurrency": 8, "autothrottle": False}
    found = statements(archive)
    close = found[-1]
    assert isinstance(close, CrawlClose)
    assert close.crawl == report.crawl
    assert close.counts == {"content": 1, "not-found": 1}
    assert all(found.crawl == report.crawl for found in captures(archive))
    assert [path.suffix for path in report.files] == [".gz"]
    assert unfinished(archive) == []
    discard(archive, report.crawl)
    assert list(archive.crawls.iterdir()) == []


def test_a_failure_is_tried_three_times_and_all_attempts_are_kept(archive: ArchiveRoot) -> None:
    pages: Answers = {
        "/": html("/flaky", "/broken", "/cut", "/busy"),
        "/flaky": [Page(status=500), html("/found")],
        "/found": html(),
        "/broken": Page(status=502),
        "/cut": Page(b"half", cut=100),
        "/busy": [Page(status=503, headers={"Retry-After": "1"}), html()],
    }
    with serve(pages) as site:
        start = time.monotonic()
        report = run(archive, source(site))
        assert time.monotonic() - start > 1
        asked = Counter(site.asked)
    attempts = {
        path: [
            (found.attempt, found.cause, found.outcome)
            for found in captures(archive)
            if found.url.endswith(path)
        ]
        for path in ("/flaky", "/broken", "/cut", "/found")
    }
    assert attempts == {
        "/flaky": [(1, "link", "error"), (2, "retry", "content")],
        "/broken": [(1, "link", "error"), (2, "retry", "error"), (3, "retry", "error")],
        "/cut": [(1, "link", "truncated"), (2, "retry", "truncated"), (3, "retry", "truncated")],
        "/found": [(1, "link", "content")],
    }
    assert asked["/broken"] == 3
    assert report.end == "finished"


def test_redirects_end_and_lead_one_hop_out_of_scope(archive: ArchiveRoot) -> None:
    with serve({"/in": html("/never"), "/out2": html()}) as other:
        pages: Answers = {
            "/": html("/loop", "/chain0", "/away", "/file"),
            "/loop": Page(status=302, headers={"Location": "/loop"}),
            "/away": Page(status=302, headers={"Location": other.url + "/in"}),
            "/file": Page(status=302, headers={"Location": "file:///etc/passwd"}),
            **{
                f"/chain{number}": Page(status=302, headers={"Location": f"/chain{number + 1}"})
                for number in range(30)
            },
        }
        with serve(pages) as site:
            report = run(archive, source(site))
            assert max(int(path[6:]) for path in site.asked if path.startswith("/chain")) == 10
            assert Counter(site.asked)["/loop"] == 1
        assert other.asked == ["/robots.txt", "/in"]
    assert report.not_requested == {"trap": 1, "scheme": 1}
    assert {line["url"] for line in left_out(archive)} == {
        site.url + "/chain11",
        "file:///etc/passwd",
    }


def test_requisites_are_taken_one_hop_beyond_scope(archive: ArchiveRoot) -> None:
    cdn: Answers = {
        "/s.css": Page(b"@import 't.css'; p { background: url(bg.png) }", type="text/css"),
        "/t.css": Page(b"", type="text/css"),
        "/bg.png": Page(b"png", type="image/png"),
        "/frame": html("/deeper"),
    }
    with serve(cdn) as other:
        body = f'<link rel=stylesheet href="{other.url}/s.css"><iframe src="{other.url}/frame"></iframe>'
        page = Page(f'{body}<a href="{other.url}/bg.png">x</a>'.encode())
        with serve({"/": page}) as site:
            run(archive, source(site))
        assert sorted(other.asked) == ["/bg.png", "/frame", "/robots.txt", "/s.css", "/t.css"]
    assert left_out(archive) == []


def test_robots_are_kept_per_origin_and_record_only_flags_what_they_forbid(
    archive: ArchiveRoot,
) -> None:
    pages: Answers = {
        "/": html("/secret"),
        "/robots.txt": Page(b"User-agent: muniment\nDisallow: /", type="text/plain"),
        "/secret": html(),
    }
    with serve(pages) as site:
        obeying = run(archive, source(site))
        assert site.asked == ["/robots.txt"]
        assert not obeying.complete
        assert obeying.shortfall == (f"The seed {site.url}/ was not asked for: robots.",)
        going_on = run(archive, source(site, robots="record-only", robots_reason="a test"))
        assert site.asked[1:] == ["/robots.txt", "/", "/secret"]
    assert going_on.complete
    flagged = {found.url: "robots-disallowed" in found.flags for found in captures(archive)}
    assert flagged == {
        site.url + "/robots.txt": False,
        site.url + "/": True,
        site.url + "/secret": True,
    }


def test_nothing_is_asked_where_robots_failed_and_the_close_says_so(archive: ArchiveRoot) -> None:
    with serve({"/": html(), "/robots.txt": Page(status=500)}) as site:
        report = run(archive, source(site))
        assert site.asked == ["/robots.txt"] * 3
    assert report.shortfall == (
        f"The seed {site.url}/ was not asked for: robots (http-500).",
        f"{site.url}/robots.txt could not be had (http-500), so nothing there was allowed.",
    )


def test_a_redirected_robots_txt_speaks_for_the_origin(archive: ArchiveRoot) -> None:
    pages: Answers = {
        "/": html("/x/1"),
        "/robots.txt": Page(status=301, headers={"Location": "/cms/robots.txt"}),
        "/cms/robots.txt": Page(b"User-agent: *\nDisallow: /x", type="text/plain"),
    }
    with serve(pages) as site:
        report = run(archive, source(site))
        assert site.asked == ["/robots.txt", "/cms/robots.txt", "/"]
    assert report.not_requested == {"robots": 1}


def test_a_sitemap_that_promises_more_than_is_held_is_told(archive: ArchiveRoot) -> None:
    locs = "".join(f"<url><loc>/p{number}</loc></url>" for number in range(4))
    pages: Answers = {
        "/": html("/p0"),
        "/robots.txt": Page(b"Sitemap: /map.xml", type="text/plain"),
        "/map.xml": Page(f"<urlset>{locs}</urlset>".encode(), type="text/xml"),
        "/p0": html(),
        "/p1": html(),
        "/p3": Page(status=403),
    }
    with serve(pages) as site:
        report = run(archive, source(site))
    assert report.end == "finished"
    assert not report.complete
    (sentence,) = report.shortfall
    assert sentence == (
        f"{site.url}/map.xml lists 4 URLs, of which 2 are not held: "
        f"{site.url}/p2 (not-found), {site.url}/p3 (blocked)."
    )


@pytest.mark.parametrize(
    ("rules", "asked"),
    [
        (ScopeRules(max_pages=3), 4),
        (ScopeRules(max_depth=1), 12),
        (ScopeRules(max_depth=0), 2),
    ],
)
def test_a_limit_ends_a_crawl_and_lists_what_it_left(
    archive: ArchiveRoot, rules: ScopeRules, asked: int
) -> None:
    pages: Answers = {"/": html(*(f"/{number}" for number in range(10)))}
    pages |= {f"/{number}": html(f"/{number}/a") for number in range(10)}
    with serve(pages) as site:
        report = run(archive, source(site, scope=rules))
        assert len(site.asked) == asked
    limited = report.not_requested["limit"]
    if rules.max_pages:
        assert (report.end, report.complete) == ("limit", False)
        assert report.queued >= 8
        assert limited == report.queued
    else:
        assert report.end == "finished"
        assert limited == 10
    assert sum(line["reason"] == "limit" for line in left_out(archive)) == limited


def test_a_time_limit_ends_a_crawl(archive: ArchiveRoot) -> None:
    pages: Answers = {f"/{number}": html(f"/{number + 1}") for number in range(1000)}
    polite = Politeness(delay=0.1)
    with serve(pages) as site:
        rules = ScopeRules(max_seconds=1)
        report = run(
            archive, source(site, seeds=(site.url + "/0",), scope=rules, politeness=polite)
        )
        assert 5 <= len(site.asked) <= 20
    assert report.end == "limit"
    assert unfinished(archive) == []


def test_the_delay_between_requests_is_kept(archive: ArchiveRoot) -> None:
    with serve({"/": html("/1", "/2", "/3")}) as site:
        run(archive, source(site, politeness=Politeness(delay=0.2)))
    times = sorted(found.time for found in captures(archive))
    gaps = [(after - before).total_seconds() for before, after in pairwise(times)]
    assert min(gaps) > 0.18


def halt(stop: threading.Event) -> None:
    """Stop a crawl, and hold the answer back until it must have noticed."""
    stop.set()
    time.sleep(2 * session.TICK)


def test_a_stop_ends_well_and_the_crawl_goes_on_later(archive: ArchiveRoot) -> None:
    stop = threading.Event()
    pages: Answers = {f"/{number}": html(f"/{number + 1}") for number in range(60)}
    pages["/30"] = Page(html("/31").body, before=lambda: halt(stop))
    told: list[Progress] = []
    with serve(pages) as site:
        first = run(
            archive, source(site, seeds=(site.url + "/0",)), stop=stop, progress=told.append
        )
        assert first.end == "stopped"
        assert not first.complete
        assert first.queued == 1
        (waiting,) = unfinished(archive)
        assert (waiting.crawl, waiting.source, waiting.running) == (first.crawl, "ministry", False)
        second = run(archive, None, resume=first.crawl)
        assert Counter(site.asked).most_common(1)[0][1] == 1
        assert len(site.asked) == 62
    assert (second.end, second.complete, second.crawl) == ("finished", True, first.crawl)
    assert second.counts == {"content": 60, "not-found": 2}
    assert told[-1].pages == sum(first.counts.values())
    assert told[-1].bytes > 0
    ends = [found.end for found in statements(archive) if isinstance(found, CrawlClose)]
    assert ends == ["stopped", "finished"]
    assert sum(isinstance(found, Crawl) for found in statements(archive)) == 1


def test_a_stop_does_not_wait_for_a_server_that_hangs(
    archive: ArchiveRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "GRACE", 0.5)
    stop, release = threading.Event(), threading.Event()

    def hang() -> None:
        stop.set()
        release.wait(20)

    with serve({"/": html("/hangs"), "/hangs": Page(before=hang)}) as site:
        start = time.monotonic()
        report = run(archive, source(site), stop=stop)
        assert time.monotonic() - start < 8
        release.set()
        assert (report.end, report.queued) == ("stopped", 1)
        site.pages["/hangs"] = html()
        assert run(archive, None, resume=report.crawl).complete


CRAWLER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from archive.layout import ArchiveRoot
from crawler.held import NothingHeld
from crawler.run import CrawlOrder, crawl, unfinished
from crawler.source import Source
root = ArchiveRoot(Path(sys.argv[1]))
waiting = unfinished(root)
source = Source(name="ministry", seeds=(sys.argv[2],))
report = crawl(
    CrawlOrder(source=source, operator="o", software="muniment 0.1",
               resume=waiting[0].crawl if waiting else None),
    archive=root, held=NothingHeld(), clock=lambda: datetime.now(UTC),
)
print(report.end, report.complete)
"""


def crawl_process(archive: ArchiveRoot, url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", CRAWLER, str(archive.path), url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
    )


def branching(count: int) -> Answers:
    """Pages that each link to three more, a style sheet, and one page that is gone."""
    pages: Answers = {
        f"/{number}": html(*(f"/{3 * number + n}" for n in (1, 2, 3)), "/gone", "/flaky")
        for number in range(count)
    }
    pages["/flaky"] = [Page(status=500), html()]
    pages["/robots.txt"] = Page(b"User-agent: *\nDisallow: /2\n", type="text/plain")
    return pages


def test_a_killed_crawl_goes_on_and_captures_nothing_twice(archive: ArchiveRoot) -> None:
    dice = random.Random(7)
    with serve(branching(1500)) as site:
        for _ in range(4):
            process = crawl_process(archive, site.url + "/0")
            try:
                process.wait(dice.uniform(0.9, 1.7))
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
            process.communicate()
        waiting = unfinished(archive)
        if waiting:
            assert run(archive, None, resume=waiting[0].crawl).end == "finished"
        whole = run(
            ArchiveRoot.create(archive.path.parent / "whole"),
            source(site, seeds=(site.url + "/0",)),
        )
    found = captures(archive)
    counted = Counter((capture.url, capture.attempt) for capture in found)
    assert counted.most_common(1)[0][1] == 1
    final = {capture.url: capture.outcome for capture in found}
    again = {
        capture.url: capture.outcome
        for capture in captures(ArchiveRoot(archive.path.parent / "whole"))
    }
    assert final == again
    assert whole.end == "finished"
    crawls = {capture.crawl for capture in found}
    assert len(crawls) == 1


def test_a_lost_frontier_is_made_again_from_the_archive(archive: ArchiveRoot) -> None:
    stop = threading.Event()
    pages = branching(120)
    pages["/50"] = Page(html("/151").body, before=lambda: halt(stop))
    with serve(pages) as site:
        first = run(archive, source(site, seeds=(site.url + "/0",)), stop=stop)
        assert first.end == "stopped"
        for path in (archive.crawls / first.crawl).glob("frontier.sqlite*"):
            path.write_bytes(b"this is no database" * 100)
        second = run(archive, None, resume=first.crawl)
    assert second.end == "finished"
    counted = Counter((capture.url, capture.attempt) for capture in captures(archive))
    assert counted.most_common(1)[0][1] == 1
    assert sum(second.counts.values()) == sum(counted.values())


def test_ctrl_c_stops_the_crawl_and_it_exits_by_itself(archive: ArchiveRoot) -> None:
    pages: Answers = {f"/{number}": html(f"/{number + 1}") for number in range(100_000)}
    with serve(pages) as site:
        process = crawl_process(archive, site.url + "/0")
        while len(site.asked) < 20:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (out, err) == (b"stopped False\n", b"")
    (waiting,) = unfinished(archive)
    assert not waiting.running


def test_a_full_disk_stops_the_crawl_and_a_later_start_goes_on(archive: ArchiveRoot) -> None:
    class Full(Files):
        left = 60

        def write(self, fd: int, data: bytes) -> None:
            Full.left -= 1
            if Full.left < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            super().write(fd, data)

    with serve(branching(200)) as site:
        with pytest.raises(StorageError, match="No space left"):
            run(archive, source(site, seeds=(site.url + "/0",)), files=Full())
        (waiting,) = unfinished(archive)
        report = run(archive, None, resume=waiting.crawl)
    assert (report.end, report.complete) == ("finished", True)
    counted = Counter((capture.url, capture.attempt) for capture in captures(archive))
    assert counted.most_common(1)[0][1] == 1


def test_a_crawl_that_runs_is_not_resumed_by_another(archive: ArchiveRoot) -> None:
    refused: list[str] = []

    def meddle() -> None:
        (waiting,) = unfinished(archive)
        assert waiting.running
        try:
            run(archive, None, resume=waiting.crawl)
        except UsageError as error:
            refused.append(str(error))

    with serve({"/": Page(html().body, before=meddle)}) as site:
        run(archive, source(site))
    assert len(refused) == 1
    assert "is running" in refused[0]


def test_an_order_that_cannot_be_carried_out_is_refused(archive: ArchiveRoot) -> None:
    with pytest.raises(NotFoundError, match="no crawl nothing is unfinished"):
        run(archive, None, resume="nothing")
    with pytest.raises(UsageError, match="needs a source"):
        run(archive, None)


def test_a_private_address_is_not_asked_on_behalf_of_a_public_source(archive: ArchiveRoot) -> None:
    async def resolver(host: str) -> tuple[str, ...]:
        return ("127.0.0.1",)

    with serve({"/": html()}) as site:
        public = site.url.replace("127.0.0.1", "ministry.example")
        polite = Politeness(delay=0)
        report = run(
            archive, source(site, seeds=(public + "/",), politeness=polite), resolver=resolver
        )
        assert site.asked == []
    assert {found.code for found in captures(archive)} == {"private-address"}
    assert not report.complete
    assert report.end == "finished"


@pytest.mark.parametrize("kept", [False, True])
def test_cookies_are_sent_only_where_the_source_says_so(archive: ArchiveRoot, kept: bool) -> None:
    page = Page(html("/next").body, headers={"Set-Cookie": "session=1; Path=/"})
    with serve({"/": page, "/next": html()}) as site:
        run(archive, source(site, identity=Identity(cookies=kept)))
        assert site.cookies == [None, None, "session=1" if kept else None]


def test_one_page_is_captured_with_what_it_needs_and_no_more(archive: ArchiveRoot) -> None:
    page = Page(b"<link rel=stylesheet href=/s.css><a href=/next>n</a>")
    css = Page(b"p { background: url(bg.png) }", type="text/css")
    with serve({"/p": page, "/s.css": css, "/bg.png": Page(b"png"), "/next": html()}) as site:
        report = run(archive, one_off((site.url + "/p",)))
        assert sorted(site.asked) == ["/bg.png", "/p", "/robots.txt", "/s.css"]
    assert (report.end, report.complete) == ("finished", True)


def test_a_mistake_of_ours_is_not_swallowed(
    archive: ArchiveRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.follow.kind_of", lambda _: 1 / 0)
    with serve({"/": Page(b"<?xml version='1.0'?>", type="text/xml")}) as site:
        with pytest.raises(ZeroDivisionError):
            run(archive, source(site))
        monkeypatch.undo()
        (waiting,) = unfinished(archive)
        assert run(archive, None, resume=waiting.crawl).complete
        assert site.asked == ["/robots.txt", "/"]


def test_a_dry_run_tells_the_plan_and_asks_nothing(archive: ArchiveRoot) -> None:
    with serve({}) as site:
        told = plan(source(site, scope=ScopeRules(max_pages=7)), "muniment 0.1")
        assert "7 pages" in str(told)
        assert "obey" in str(told)
        assert json.loads(json.dumps(told.to_json()))["user_agent"] == "muniment/0.1"
        assert site.asked == []
