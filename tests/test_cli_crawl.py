"""Crawling from the command line: ends with all in place, stops cleanly, goes on."""

from __future__ import annotations

import http.server
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from archive.layout import ArchiveRoot
from cli.exits import Exit
from tests.checks import check_archive
from tests.logs import check_logs
from tests.muniment import muniment

PAGES = 40


class Site(http.server.BaseHTTPRequestHandler):
    """A page with three links each, an attachment, a redirect, and nothing else."""

    protocol_version = "HTTP/1.1"
    slow = 0.0

    def do_GET(self) -> None:
        time.sleep(self.slow)
        name = self.path.strip("/") or "0"
        if name == "moved":
            self.reply(HTTPStatus.FOUND, b"", location="/1")
        elif name == "附件.pdf" or name.endswith(".pdf"):
            self.reply(HTTPStatus.OK, b"%PDF-1.4 list", "application/pdf")
        elif name.isdigit():
            number = int(name)
            links = [str(n) for n in range(3 * number + 1, 3 * number + 4) if n < PAGES]
            links += ["list.pdf", "gone"] if number == 0 else []
            text = "".join(f"<a href=/{link}>附件{link}</a>" for link in links)
            self.reply(HTTPStatus.OK, text.encode(), "text/html; charset=utf-8")
        else:
            self.reply(HTTPStatus.NOT_FOUND, b"")

    def reply(self, status: int, body: bytes, kind: str = "text/plain", location: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of the site, which a test may slow down."""
    monkeypatch.setattr(Site, "slow", 0.0)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def archive(tmp_path: Path, site: str) -> Path:
    muniment("init", tmp_path / "a", "--operator", "Ada")
    muniment("source", "add", "site", site, archive=tmp_path / "a")
    return tmp_path / "a"


def test_a_crawl_ends_sealed_and_in_the_catalog(archive: Path, site: str) -> None:
    done = muniment("crawl", "site", archive=archive)
    assert done.code == 0
    id_ = muniment("crawls", "--json", archive=archive).rows[0]["id"]
    assert done.out.splitlines() == [
        f"crawl          {id_} of site: finished",
        "captured       43: content 41 · not-found 2",
        "not requested  0",
        "complete       passed",
    ]
    rows = muniment("list", "--json", "--crawl", id_[:8], archive=archive).rows
    assert {row["url"] for row in rows} == {
        *(site + str(number) for number in range(1, PAGES)),
        *(site + name for name in ("", "list.pdf", "gone", "robots.txt")),
    }
    assert not list((archive / "crawls").iterdir())
    check_archive(ArchiveRoot.open(archive))
    assert muniment("verify", "--all", "--deep", archive=archive).code == 0
    assert muniment("doctor", archive=archive).code == 0


def test_an_unchanged_page_is_a_revisit_and_reads_the_same(archive: Path, site: str) -> None:
    for _ in range(2):
        assert muniment("crawl", "site", archive=archive).code == 0
    first, second = muniment("list", site + "list.pdf", "--json", archive=archive).rows
    assert first["sha256"] == second["sha256"]
    for row in (first, second):
        assert muniment("get", row["id"], archive=archive).raw == b"%PDF-1.4 list"
        block = muniment("get", row["id"], "--as", "block", archive=archive).raw
        assert block.startswith(b"HTTP/1.1 200 OK\r\n")
        assert block.endswith(b"%PDF-1.4 list")
    assert muniment("verify", "--all", "--deep", archive=archive).code == 0


def test_crawls_shows_what_a_crawl_holds_and_left_out(archive: Path, site: str) -> None:
    muniment("source", "edit", "site", 'scope.exclude=["/1[0-9]$"]', archive=archive)
    muniment("crawl", archive=archive)
    (row,) = muniment("crawls", "list", "--json", archive=archive).rows
    assert (row["source"], row["outcome"], row["complete"]) == ("site", "finished", "passed")
    shown = muniment("crawls", "show", row["id"][:6], archive=archive).out
    assert "ordered by     Ada\n" in shown
    assert f"crawl          {row['id']} of site: finished\n" in shown
    left = muniment("crawls", "show", row["id"], "--not-requested", "--json", archive=archive).rows
    assert sorted(str(each["url"]) for each in left) == [site + str(n) for n in range(10, 20)]
    assert {each["reason"] for each in left} == {"scope"}


def test_a_dry_run_asks_for_nothing(archive: Path, site: str) -> None:
    done = muniment("crawl", "site", "--dry-run", archive=archive)
    assert (done.code, done.err) == (0, "")
    assert f"seeds       {site}\n" in done.out
    (row,) = muniment("crawl", "--dry-run", "--json", archive=archive).rows
    assert row["settings"]["seeds"] == [site]
    assert muniment("crawls", archive=archive).out == ""


def test_a_limit_stops_with_3_and_says_what_waits(archive: Path) -> None:
    muniment("source", "edit", "site", "scope.max_pages=5", archive=archive)
    done = muniment("crawl", "site", archive=archive)
    assert done.code == Exit.UNCHECKED
    assert "of site: limit\n" in done.out
    assert "complete       not checked\n" in done.out


def test_a_seed_that_cannot_be_had_is_incomplete(archive: Path, site: str) -> None:
    muniment("source", "edit", "site", f'seeds=["{site}", "{site}gone"]', archive=archive)
    done = muniment("crawl", "site", archive=archive)
    assert done.code == Exit.INCOMPLETE
    assert f"The seed {site}gone could not be had: http-404." in done.out
    (row,) = muniment("crawls", "--json", archive=archive).rows
    assert row["complete"] == "failed"


def start(archive: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", "-C", str(archive), "crawl", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )


def wait_for_captures(archive: Path, size: int) -> None:
    """Until the crawl's open file has some captures in it."""
    for _ in range(600):
        if any(path.stat().st_size > size for path in (archive / "warc").glob("site-*.open")):
            return
        time.sleep(0.05)
    raise AssertionError("the crawl has not begun in 30 s")


def held_once(archive: Path) -> None:
    """Each page has its capture, and none has two."""
    urls = [row["url"] for row in muniment("list", "--json", archive=archive).rows]
    assert len(urls) == 43
    assert len(urls) == len(set(urls))
    assert not list((archive / "crawls").iterdir())
    check_archive(ArchiveRoot.open(archive))
    check_logs(ArchiveRoot.open(archive))


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Site, "slow", 0.1)
    running = start(archive, "site")
    wait_for_captures(archive, 8_000)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == Exit.UNCHECKED, err
    assert "of site: stopped\n" in out
    assert err == "stopped; go on with `muniment crawl site --resume`\n"
    waiting = muniment("doctor", archive=archive)
    assert waiting.code == Exit.FAILED
    assert "crawls: `muniment crawl site --resume`" in waiting.err
    monkeypatch.setattr(Site, "slow", 0.0)
    assert muniment("crawl", "--resume", archive=archive).code == 0
    held_once(archive)


def test_a_killed_crawl_goes_on_where_it_was(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Site, "slow", 0.1)
    running = start(archive, "site")
    wait_for_captures(archive, 8_000)
    os.kill(running.pid, signal.SIGKILL)
    running.communicate(timeout=30)
    found = muniment("doctor", archive=archive)
    assert found.code == Exit.FAILED
    assert "was left by a crash" in found.out
    monkeypatch.setattr(Site, "slow", 0.0)
    assert muniment("crawl", "site", "--resume", archive=archive).code == 0
    held_once(archive)


def test_a_crawl_is_not_run_twice_at_once(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Site, "slow", 0.1)
    running = start(archive, "site")
    wait_for_captures(archive, 1_000)
    second = muniment("crawl", "site", archive=archive)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=30)
    assert (second.code, second.err.count("\n")) == (2, 1)
    assert "site is being crawled by another process" in second.err


def test_resume_with_nothing_unfinished_says_so(archive: Path) -> None:
    done = muniment("crawl", "--resume", archive=archive)
    assert (done.code, done.err) == (0, "no crawl is unfinished\n")


def test_without_a_source_there_is_nothing_to_crawl(tmp_path: Path) -> None:
    muniment("init", tmp_path / "empty")
    done = muniment("crawl", archive=tmp_path / "empty")
    assert (done.code, done.out) == (4, "")
    assert "Add one: `muniment source add NAME URL`" in done.err


def test_capture_records_single_urls_and_their_redirects(archive: Path, site: str) -> None:
    done = muniment("capture", site + "moved", site + "list.pdf", "--json", archive=archive)
    assert done.code == 0
    assert sorted((row["url"], row["outcome"], row["status"]) for row in done.rows) == [
        (site + "1", "content", 200),
        (site + "list.pdf", "content", 200),
        (site + "moved", "redirect", 302),
    ]


def test_capture_tells_what_could_not_be_reached(archive: Path, site: str) -> None:
    dead = "http://127.0.0.1:9/"
    assert muniment("capture", site + "gone", archive=archive).code == Exit.DONE
    some = muniment("capture", site + "list.pdf", dead, archive=archive)
    assert some.code == Exit.INCOMPLETE
    assert f"The seed {dead} was not asked for" in some.err
    none = muniment("capture", dead, archive=archive)
    assert (none.code, none.out) == (Exit.NETWORK, "")


@pytest.mark.parametrize("url", ["www.example.gov", "file:///etc/passwd", "http://"])
def test_capture_goes_to_the_web_and_nowhere_else(archive: Path, url: str) -> None:
    done = muniment("capture", url, archive=archive)
    assert (done.code, done.err.count("\n")) == (2, 1)
