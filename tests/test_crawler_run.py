"""A crawl takes its site whole, and says what it left."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from archive.durable import Files
from archive.layout import ArchiveRoot
from archive.reader import groups
from archive.statement import Crawl, CrawlClose, Statement
from crawler.run import (
    discard,
    one_off,
    plan,
    unfinished,
)
from crawler.source import Identity, Politeness, ScopeRules
from tests.crawls import by_path, captures, left_out, run, source, statements
from tests.small_site import Answers, Page, html, serve


@pytest.fixture
def archive(tmp_path: Path) -> ArchiveRoot:
    return ArchiveRoot.create(tmp_path / "archive")


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


def test_a_dry_run_tells_the_plan_and_asks_nothing(archive: ArchiveRoot) -> None:
    with serve({}) as site:
        told = plan(source(site, scope=ScopeRules(max_pages=7)), "muniment 0.1")
        assert "7 pages" in str(told)
        assert "obey" in str(told)
        assert json.loads(json.dumps(told.to_json()))["user_agent"] == "muniment/0.1"
        assert site.asked == []


def test_the_server_is_asked_on_while_the_disk_is_slow_and_never_more_at_once(
    archive: ArchiveRoot,
) -> None:
    lock, here = threading.Lock(), Counter[str]()

    def busy() -> None:
        with lock:
            here["now"] += 1
            here["most"] = max(here["most"], here["now"])
        time.sleep(0.01)
        with lock:
            here["now"] -= 1

    links = [f"/{number}" for number in range(12)]
    pages: Answers = {link: Page(b"text", type="text/plain", before=busy) for link in links}

    class SlowDisk(Files):
        def fsync(self, fd: int) -> None:
            deadline = time.monotonic() + 5
            while 2 < len(site.asked) < 8 and time.monotonic() < deadline:
                time.sleep(0.001)
            assert time.monotonic() < deadline
            super().fsync(fd)

    with serve({"/": html(*links), **pages}) as site:
        pace = Politeness(delay=0, concurrency=2)
        report = run(archive, source(site, politeness=pace), files=SlowDisk())
    assert report.counts == {"content": 13, "not-found": 1}
    assert here["most"] == 2
