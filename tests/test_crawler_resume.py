"""A crawl that was stopped, killed or refused by the disk goes on as if nothing had been."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from archive.durable import Files
from archive.errors import NotFoundError, StorageError, UsageError
from archive.layout import ArchiveRoot
from archive.statement import Crawl, CrawlClose
from crawler import session
from crawler.run import (
    Progress,
    unfinished,
)
from tests.crawls import captures, run, source, statements
from tests.small_site import Answers, Page, html, serve


@pytest.fixture
def archive(tmp_path: Path) -> ArchiveRoot:
    return ArchiveRoot.create(tmp_path / "archive")


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
from archive.held import NothingHeld
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
    with serve(branching(900)) as site:
        for _ in range(3):
            process = crawl_process(archive, site.url + "/0")
            while process.poll() is None and not list(archive.warc.glob("*.open")):
                time.sleep(0.01)
            try:
                process.wait(dice.uniform(0.1, 0.9))
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
            process.communicate()
            if process.returncode == 0:  # a fast machine was done before; the next would begin anew
                break
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
