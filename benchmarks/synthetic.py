"""Sealed WARC files of many small captures, written by the program's own writer."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.digest import Digests
from archive.group import Group
from archive.ident import ident
from archive.layout import ArchiveRoot
from archive.statement import Capture, Crawl, CrawlClose, Layers
from archive.store import WarcWriter
from archive.warc import request, response
from benchmarks.peers import put_texts_off

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
BETWEEN = timedelta(milliseconds=250)
CRAWLS = 4
AGAIN = 2
"""Every URL is captured by that many crawls; every third one with the same bytes each time."""
SYNC = 500


@dataclass(frozen=True)
class Part:
    """One crawl of `urls` URLs from number `first` on."""

    root: Path
    number: int
    first: int
    urls: int

    @property
    def started(self) -> datetime:
        return EPOCH + timedelta(days=self.number)


def archive_of(folder: Path, captures: int) -> ArchiveRoot:
    """An archive with about that many captures; made once, in two processes."""
    done = folder.with_name(folder.name + ".done")
    if done.exists() and done.read_text() == str(captures):
        return ArchiveRoot(folder)
    shutil.rmtree(folder, ignore_errors=True)
    root = ArchiveRoot.create(folder, 'operator = "benchmark"\n')
    put_texts_off(folder)
    urls = captures // CRAWLS
    parts = [Part(folder, n, n // AGAIN * urls, urls) for n in range(CRAWLS)]
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(_write, parts))
    done.write_text(str(captures))
    return root


def remove(root: ArchiveRoot) -> None:
    shutil.rmtree(root.path)
    root.path.with_name(root.path.name + ".done").unlink()


def url_of(number: int) -> str:
    return f"http://www.agency-{number % 40}.example/notices/{number // 1000}/{number}.html"


def body_of(number: int, crawl: int) -> bytes:
    """What the crawl of that number found under `url_of(number)`."""
    edition = 0 if number % 3 == 0 else crawl
    return f"<html><title>通知 {number}</title><p>第{edition}版</p></html>".encode()


def _write(part: Part) -> None:
    now = part.started
    folder = ArchiveRoot(part.root).warc
    with WarcWriter(
        folder, f"crawl-{part.number}", {"software": "benchmark"}, lambda: now
    ) as writer:
        for number, group in enumerate(_groups(part)):
            writer.append(group)
            now += BETWEEN
            if number % SYNC == 0:
                writer.sync()


def _groups(part: Part) -> Iterator[Group]:
    plan = Crawl(
        source=f"source-{part.number // AGAIN}",
        time=part.started,
        operator="benchmark",
        software="benchmark",
        configuration="sha256:" + "0" * 64,
        settings={"agency": {"name": "Example Ministry"}},
    )
    opening = Group(plan)
    yield opening
    crawl = ident(opening.id)
    for n in range(part.urls):
        yield _capture(part, n, crawl)
    close = CrawlClose(
        crawl=crawl,
        time=part.started + BETWEEN * part.urls,
        end="finished",
        counts={"content": part.urls},
        not_requested={},
    )
    yield Group(close)


def _capture(part: Part, n: int, crawl: str) -> Group:
    number = part.first + n
    url, time = url_of(number), part.started + n * BETWEEN
    body = body_of(number, part.number)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    asked = f"GET {url} HTTP/1.1\r\nHost: www.agency-{number % 40}.example\r\n\r\n".encode()
    content = Digests.of(body)
    capture = Capture(
        url=url,
        time=time,
        outcome="content",
        crawl=crawl,
        cause="link",
        via=url_of(number // 30),
        link_text=f"通知 {number}",
        depth=2,
        status=200,
        reason="OK",
        media_type="text/html",
        digests=Layers(
            block=Digests.of(head + body), body=content, payload=content, content=content
        ),
        timings={"first_byte": 1000, "end": 2000},
        ip="192.0.2.1",
        port=80,
        connection=1,
        identity="institutional",
    )
    payload = hashlib.sha256(body).digest()
    answer = response(url, time, head + body, payload=payload, ip="192.0.2.1")
    sent = request(url, time, asked, ip="192.0.2.1", concurrent_to=[answer.id])
    return Group(capture, (sent, answer))
