"""Every attempt becomes a durable group before the spider hears of it."""

from __future__ import annotations

import asyncio
import errno
import gzip
import hashlib
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
)
from scrapy.http import HtmlResponse
from warcio.archiveiterator import ArchiveIterator

from archive.digest import Digests
from archive.durable import Files
from archive.errors import StorageError
from archive.held import Held, HeldCapture, NothingHeld
from archive.layout import ArchiveRoot
from archive.reader import read_record
from archive.recover import recover
from archive.statement import Capture
from archive.store import WarcWriter
from archive.stored import StoredGroup
from archive.warc import chunks
from crawler.archiving import Archivist, Mandate, chain_uri
from crawler.aside import Aside
from crawler.commit import GroupCommit
from crawler.errand import Errand
from crawler.wire.egress import Egress, Proxy
from crawler.wire.request import Ask
from tests.certificates import issue, server_context
from tests.checks import check_file
from tests.proxies import TinyProxy
from tests.scrapes import Told, errands, scrape
from tests.torture import CASES, Torture, shared_cases
from tests.wires import HERE, clock, wire

MANDATE = Mandate(
    crawl="crawl0",
    operator="Ada Lovelace",
    software="muniment test",
    configuration="sha256:00",
    plan="ab" * 32,
    identity="institutional",
)


class Shelf:
    """What is held, by URL."""

    def __init__(self) -> None:
        self.captures: dict[str, HeldCapture] = {}

    def last(self, url: str) -> HeldCapture | None:
        return self.captures.get(url)


@asynccontextmanager
async def archivist(
    folder: Path, held: Held | None = None, files: Files | None = None
) -> AsyncIterator[Archivist]:
    warcs = folder / "warc"
    warcs.mkdir(exist_ok=True)
    writer = WarcWriter(warcs, "test", {"software": "test"}, clock, files=files)
    aside = Aside()
    made = Archivist(writer, held or NothingHeld(), MANDATE, aside)
    try:
        yield made
    finally:
        aside.close()
        made.close()
        writer.close()


def stored(folder: Path) -> list[StoredGroup]:
    return [
        group for path in sorted((folder / "warc").glob("*.warc.gz")) for group in check_file(path)
    ]


def captures(folder: Path) -> list[Capture]:
    found = [group.statement for group in stored(folder)]
    assert all(isinstance(one, Capture) for one in found)
    return [one for one in found if isinstance(one, Capture)]


def block(folder: Path, group: StoredGroup, place: int = -1) -> bytes:
    record = group.records[place]
    read = read_record(folder / "warc" / group.file, record.offset, record.length)
    return b"".join(chunks(read.block))


async def crawled(folder: Path, cases: dict[str, bytes], egress: Egress, https: bool) -> Told:
    context = server_context(folder, issue("here", hosts=("127.0.0.1",))) if https else None
    async with (
        Torture(cases).serving(context) as server,
        wire(folder, egress) as ours,
        archivist(folder) as keeper,
    ):
        return await scrape(errands([server.url(path) for path in cases]), ours, keeper)


async def proxied(folder: Path, cases: dict[str, bytes], https: bool) -> Told:
    async with TinyProxy().serving() as proxy:
        egress = Egress(proxy=Proxy.parse(proxy.url), allow_private=True)
        return await crawled(folder, cases, egress, https)


@pytest.mark.parametrize("https", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("way", ["direct", "proxied"])
def test_scrapy_stores_every_torture_case_byte_for_byte(
    tmp_path: Path, https: bool, way: str
) -> None:
    cases = shared_cases()
    told = asyncio.run(
        proxied(tmp_path, cases, https)
        if way == "proxied"
        else crawled(tmp_path, cases, HERE, https)
    )
    last: dict[str, StoredGroup] = {}
    for group in stored(tmp_path):
        last["/" + group.raw["url"].split("/", 3)[3]] = (
            group  # a second attempt counts, not the first
        )
    kept = {
        path: block(tmp_path, group) if group.records[-1].type != "request" else b""
        for path, group in last.items()
    }
    assert kept == cases
    flags = {path: group.raw["flags"] for path, group in last.items() if group.raw.get("flags")}
    assert flags == {
        "/extra": ["trailing-bytes"],
        "/http09": ["not-http"],
        "/badgzip": ["undecodable"],
    }
    assert last["/http09"].records[-1].type == "resource"
    assert last["/nothing"].raw["code"] == "empty-answer"
    assert last["/nothing"].records[-1].type == "request"
    assert len(told.responses) == 24
    assert {type(one) for one in told.failures.values()} == {DownloadFailedError}
    assert payloads_that_warcio_sees_otherwise(tmp_path) == {"/gzipchunked", "/chunkext"}


def payloads_that_warcio_sees_otherwise(folder: Path) -> set[str]:
    """URLs whose payload digest `warcio check` disputes: it hashes the framing of chunks too."""
    found = set()
    for path in (folder / "warc").glob("*.warc.gz"):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, check_digests=True):
                record.content_stream().read()
                if record.digest_checker.problems:
                    found.add("/" + record.rec_headers["WARC-Target-URI"].split("/", 3)[3])
    return found


def test_the_spider_is_given_the_content(tmp_path: Path) -> None:
    cases = shared_cases()
    told = asyncio.run(crawled(tmp_path, cases, HERE, https=False))
    by_path = {"/" + url.split("/", 3)[3]: response for url, response in told.responses.items()}
    page = by_path["/gzipchunked"]
    assert isinstance(page, HtmlResponse)
    assert page.body == "<html>你好 gzip</html>".encode("gb18030") * 50
    assert "Content-Encoding" not in page.headers
    assert by_path["/dupes"].headers.getlist("Set-Cookie") == [b"a=1", b"b=2"]
    assert by_path["/short"].flags == ["truncated-disconnect"]
    assert str(by_path["/plain"].ip_address) == "127.0.0.1"
    assert page.request is not None
    assert page.request.meta["download_latency"] > 0
    assert page.request.meta["stored"].statement.outcome == "content"


@pytest.mark.parametrize(
    ("path", "code", "kind"),
    [
        ("/endless-headers", "over-limit", None),
        ("/hang", "timeout-first-byte", DownloadTimeoutError),
        ("/endless-body", "over-limit", None),
        ("/drip", "timeout-slow", None),
        ("/reset", "reset-mid-body", None),
    ],
)
def test_a_hostile_answer_has_its_code_and_the_crawl_goes_on(
    tmp_path: Path, path: str, code: str, kind: type[Exception] | None
) -> None:
    async def run() -> tuple[Told, str]:
        limits: dict[str, Any] = {
            "head": 10_000,
            "size": 500_000,
            "first_byte": 1.0,
            "slow_window": 0.3,
            "slow_bytes": 100,
        }
        async with (
            Torture(CASES).serving() as server,
            wire(tmp_path, **limits) as ours,
            archivist(tmp_path) as keeper,
        ):
            urls = [server.url(path), server.url("/plain")]
            return await scrape(errands(urls), ours, keeper), urls[0]

    told, url = asyncio.run(run())
    found = {one.url: one for one in captures(tmp_path)}
    assert found[url].code == code
    assert [one.outcome for one in found.values() if one.url != url] == ["content"]
    assert isinstance(told.failures.get(url), kind or type(None))
    if kind is None:
        assert (found[url].outcome, found[url].truncated is None) == ("truncated", False)
        assert told.responses[url].flags


def test_a_second_try_on_a_stale_connection_is_a_second_attempt(tmp_path: Path) -> None:
    async def run() -> Told:
        async with (
            Torture(CASES, answers=1).serving() as server,
            wire(tmp_path) as ours,
            archivist(tmp_path) as keeper,
        ):
            urls = [server.url("/plain"), server.url("/other")]
            return await scrape(errands(urls), ours, keeper, CONCURRENT_REQUESTS=1)

    told = asyncio.run(run())
    assert len(told.responses) == 2
    found = [(one.outcome, one.code, one.attempt, one.cause) for one in captures(tmp_path)]
    assert found == [
        ("content", None, 1, "seed"),
        ("error", "stale-connection", 1, "seed"),
        ("content", None, 2, "retry"),
    ]


def test_a_request_may_name_its_own_way_out_as_scrapys_users_do(tmp_path: Path) -> None:
    async def run() -> bytes:
        async with (
            TinyProxy(b"Basic dXNlcjpwYXNz").serving() as proxy,
            Torture(CASES).serving() as server,
            wire(tmp_path) as ours,
            archivist(tmp_path) as keeper,
        ):
            (request,) = errands([server.url("/plain")])
            request.meta["proxy"] = proxy.url
            request.headers["Proxy-Authorization"] = "Basic dXNlcjpwYXNz"
            (bound,) = errands([server.url("/other")])
            bound.meta["bindaddress"] = ("127.0.0.7", 0)
            await scrape([request, bound], ours, keeper)
            return proxy.asked[0]

    assert b"\r\nProxy-Authorization: Basic dXNlcjpwYXNz\r\n" in asyncio.run(run())
    found = {one.local: one for one in captures(tmp_path)}
    assert found["127.0.0.1"].redacted == ("Proxy-Authorization",)
    assert found["127.0.0.1"].proxy is not None
    assert (found["127.0.0.7"].status, found["127.0.0.7"].proxy) == (200, None)
    for path in (tmp_path / "warc").iterdir():
        assert b"dXNlcjpwYXNz" not in gzip.decompress(path.read_bytes())


@pytest.mark.parametrize(
    ("url", "code", "kind"),
    [
        ("http://nowhere.invalid/", "dns-nxdomain", CannotResolveHostError),
        ("http://127.0.0.1:9/", "connect-refused", DownloadConnectionRefusedError),
    ],
)
def test_scrapy_hears_of_failures_in_its_own_words(
    tmp_path: Path, url: str, code: str, kind: type[Exception]
) -> None:
    async def resolver(_: str) -> tuple[str, ...]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    async def run() -> Told:
        async with wire(tmp_path, resolver=resolver) as ours, archivist(tmp_path) as keeper:
            return await scrape(errands([url]), ours, keeper)

    assert [type(one) for one in asyncio.run(run()).failures.values()] == [kind]
    (found,) = captures(tmp_path)
    assert (found.outcome, found.code) == ("error", code)
    (group,) = stored(tmp_path)
    assert [record.type for record in group.records] == ["metadata"]


async def kept(
    folder: Path, path: str, held: Held, errand: Errand | None = None, fields: bytes = b""
) -> StoredGroup:
    async with (
        Torture(CASES).serving() as server,
        wire(folder) as ours,
        archivist(folder, held) as keeper,
    ):
        ask = Ask(server.url(path), fields=((b"X-Test", fields),) if fields else ())
        exchange = await ours.exchange(ask)
        if isinstance(held, Shelf) and "" in held.captures:
            held.captures[ask.url] = held.captures.pop("")
        return await keeper.keep(exchange, errand or Errand(url=ask.url))


def earlier(body: bytes, etag: str | None = None) -> HeldCapture:
    return HeldCapture(
        record="urn:uuid:5a6f3e2c-0000-4000-8000-000000000001",
        url="http://127.0.0.1/earlier",
        time=clock(),
        body=Digests.of(body),
        payload=Digests.of(body),
        etag=etag,
    )


def test_an_unchanged_body_is_a_revisit_that_readers_can_follow(tmp_path: Path) -> None:
    shelf = Shelf()
    shelf.captures[""] = earlier(b"hello")
    group = asyncio.run(kept(tmp_path, "/plain", shelf))
    statement = group.statement
    assert isinstance(statement, Capture)
    assert group.records[-1].type == "revisit"
    assert statement.revisit is not None
    assert statement.revisit.url == "http://127.0.0.1/earlier"
    assert statement.outcome == "content"
    assert statement.digests is not None
    assert statement.digests.block == Digests.of(CASES["/plain"])
    stored(tmp_path)
    assert block(tmp_path, group) == CASES["/plain"].removesuffix(b"hello")
    record = group.records[-1]
    read = read_record(tmp_path / "warc" / group.file, record.offset, record.length)
    assert read.header("WARC-Refers-To-Target-URI") == "http://127.0.0.1/earlier"
    assert read.header("WARC-Refers-To") == "<urn:uuid:5a6f3e2c-0000-4000-8000-000000000001>"
    assert read.header("WARC-Payload-Digest") == "sha256:" + hashlib.sha256(b"hello").hexdigest()


@pytest.mark.parametrize(
    ("path", "body"), [("/plain", b"hallo"), ("/empty", b""), ("/extra", b"ok")]
)
def test_what_changed_or_is_in_doubt_is_stored_in_full(
    tmp_path: Path, path: str, body: bytes
) -> None:
    shelf = Shelf()
    shelf.captures[""] = earlier(body)
    group = asyncio.run(kept(tmp_path, path, shelf))
    assert group.records[-1].type == "response"
    assert block(tmp_path, group) == CASES[path]


def test_not_modified_refers_to_the_capture_whose_validators_were_sent(tmp_path: Path) -> None:
    async def run() -> bytes:
        async with (
            Torture(CASES).serving() as server,
            wire(tmp_path) as ours,
            archivist(tmp_path) as keeper,
        ):
            (request,) = errands([server.url("/unchanged")])
            held = earlier(b"hello", etag='"1"')
            request.meta["errand"] = Errand(url=request.url, conditional=held)
            await scrape([request], ours, keeper, HTTPERROR_ALLOW_ALL=True)
            return server.asked[0]

    assert b'\r\nIf-None-Match: "1"\r\n' in asyncio.run(run())
    (group,) = stored(tmp_path)
    assert isinstance(group.statement, Capture)
    assert (group.statement.outcome, group.statement.status) == ("not-modified", 304)
    assert group.records[-1].type == "revisit"
    assert block(tmp_path, group) == CASES["/unchanged"]


def test_a_304_that_nobody_asked_for_is_no_revisit(tmp_path: Path) -> None:
    group = asyncio.run(kept(tmp_path, "/unchanged", NothingHeld()))
    assert (group.records[-1].type, group.raw["outcome"]) == ("response", "error")


def test_chain_and_dns_answer_are_stored_once(tmp_path: Path) -> None:
    leaf = issue("here", hosts=("ministry.example",))

    async def resolver(_: str) -> tuple[str, ...]:
        return ("127.0.0.1",)

    async def run() -> None:
        async with (
            Torture(CASES).serving(server_context(tmp_path, leaf)) as server,
            wire(tmp_path, resolver=resolver) as ours,
            archivist(tmp_path) as keeper,
        ):
            for path in ("/plain", "/other"):
                url = server.url(path, host="ministry.example")
                exchange = await ours.exchange(Ask(url), fresh=True)
                await keeper.keep(exchange, Errand(url=url))

    asyncio.run(run())
    first, second = stored(tmp_path)
    kinds = [record.type for record in first.records]
    assert kinds == ["metadata", "resource", "resource", "request", "response"]
    assert [record.type for record in second.records] == ["metadata", "request", "response"]
    assert block(tmp_path, first, 1) == leaf.pem
    assert block(tmp_path, first, 2) == b"ministry.example.\tIN\tA\t127.0.0.1\n"
    assert isinstance(second.statement, Capture)
    assert second.statement.tls is not None
    assert first.records[1].uri == chain_uri(second.statement.tls.chain)
    assert second.statement.tls.verdict == ("not-checked",)


def test_a_capture_tells_why_and_how_it_was_made(tmp_path: Path) -> None:
    errand = Errand(
        url="", cause="link", via="http://a/", link_text="附件", depth=2, robots_disallowed=True
    )
    group = asyncio.run(kept(tmp_path, "/nul", NothingHeld(), errand))
    found = group.statement
    assert isinstance(found, Capture)
    assert (found.cause, found.via, found.link_text, found.depth) == (
        "link",
        "http://a/",
        "附件",
        2,
    )
    assert (found.crawl, found.identity, found.ip) == ("crawl0", "institutional", "127.0.0.1")
    assert (found.operator, found.software) == (MANDATE.operator, MANDATE.software)
    assert (found.configuration, found.plan) == (MANDATE.configuration, MANDATE.plan)
    assert found.previous is None
    assert found.flags == ("robots-disallowed",)
    assert found.filename is not None
    assert (found.status, found.reason, found.local) == (200, "OK", "127.0.0.1")
    assert found.timings.keys() == {"dns", "connect", "first_byte", "end"}
    stored(tmp_path)


def test_a_failed_attempt_keeps_its_request_and_its_code(tmp_path: Path) -> None:
    group = asyncio.run(kept(tmp_path, "/silent", NothingHeld()))
    assert [record.type for record in group.records] == ["metadata", "request"]
    assert (group.raw["outcome"], group.raw["code"]) == ("error", "empty-answer")
    assert "digests" not in group.raw


def test_a_spooled_body_is_stored_whole_and_its_spool_removed(tmp_path: Path) -> None:
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + bytes(300_000)

    async def run() -> Told:
        async with (
            Torture({"/large": large}).serving() as server,
            wire(tmp_path, spool_at=100_000) as ours,
            archivist(tmp_path) as keeper,
        ):
            return await scrape(errands([server.url("/large")]), ours, keeper)

    told = asyncio.run(run())
    (group,) = stored(tmp_path)
    assert block(tmp_path, group) == large
    assert [response.body for response in told.responses.values()] == [b""]
    assert not list(tmp_path.glob("*.spool"))


def test_transfers_go_on_while_a_large_block_is_packed(tmp_path: Path) -> None:
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + bytes(200_000)
    gate = threading.Event()

    class SlowDisk(Files):
        def write(self, fd: int, data: bytes) -> None:
            assert gate.wait(5)
            super().write(fd, data)

    async def run() -> None:
        async with (
            Torture({"/large": large, **CASES}).serving() as server,
            wire(tmp_path, spool_at=100_000) as ours,
            archivist(tmp_path, files=SlowDisk()) as keeper,
        ):

            async def one(path: str) -> asyncio.Task[StoredGroup]:
                url = server.url(path)
                exchange = await ours.exchange(Ask(url))
                return asyncio.create_task(keeper.keep(exchange, Errand(url=url)))

            packing = await one("/large")
            beside = await one("/plain")
            assert not packing.done()
            gate.set()
            assert (await packing).end == (await beside).offset

    asyncio.run(run())
    assert [block(tmp_path, group) for group in stored(tmp_path)] == [large, CASES["/plain"]]


class FullDisk(Files):
    """Takes some bytes, and then no more."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, fd: int, data: bytes) -> None:
        self.room -= len(data)
        if self.room < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().write(fd, data)


class DyingDisk(Files):
    """Makes some bytes durable, and then no more."""

    def __init__(self, syncs: int) -> None:
        self.syncs = syncs

    def fsync(self, fd: int) -> None:
        self.syncs -= 1
        if self.syncs < 0:
            raise OSError(errno.EIO, "Input/output error")
        super().fsync(fd)


async def crawled_until_it_fails(
    folder: Path, files: Files, paths: list[str]
) -> tuple[Told, Exception | None, int]:
    """What the spider was told, why the archivist stopped, and how often the server was asked."""
    async with (
        Torture(CASES).serving() as server,
        wire(folder, spool_at=100_000, size=400_000) as ours,
        archivist(folder, files=files) as keeper,
    ):
        told = await scrape(errands([server.url(path) for path in paths]), ours, keeper)
        return told, keeper.failure, len(server.asked)


@pytest.mark.parametrize("files", [FullDisk(20_000), DyingDisk(4)], ids=["full", "dying"])
def test_a_disk_that_fails_stops_the_crawl_and_loses_nothing_that_was_told(
    tmp_path: Path, files: Files
) -> None:
    paths = [f"/plain?{number}" for number in range(200)]
    told, failure, asked = asyncio.run(crawled_until_it_fails(tmp_path, files, paths))
    assert isinstance(failure, StorageError)
    assert {type(one) for one in told.failures.values()} <= {StorageError}
    assert asked < 50
    recover(ArchiveRoot(tmp_path), clock, Files())
    kept_urls = {one.url for one in captures(tmp_path)}
    assert len(told.responses) > 3
    assert set(told.responses) <= kept_urls


def test_a_spool_that_does_not_fit_stops_the_crawl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> tuple[int, str]:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("crawler.wire.intake.tempfile.mkstemp", full)
    paths = ["/endless-body", *(f"/plain?{number}" for number in range(100))]
    _, failure, asked = asyncio.run(crawled_until_it_fails(tmp_path, Files(), paths))
    assert isinstance(failure, StorageError)
    assert asked < 50


def test_nobody_hears_of_a_capture_before_the_disk_has_it(tmp_path: Path) -> None:
    class Watched(Files):
        def __init__(self) -> None:
            self.written = self.synced = 0

        def write(self, fd: int, data: bytes) -> None:
            super().write(fd, data)
            self.written += len(data)

        def fsync(self, fd: int) -> None:
            written = self.written
            super().fsync(fd)
            self.synced = written

    files = Watched()

    async def run() -> None:
        async with (
            Torture(CASES).serving() as server,
            wire(tmp_path) as ours,
            archivist(tmp_path, files=files) as keeper,
        ):

            async def one() -> None:
                url = server.url("/plain")
                group = await keeper.keep(await ours.exchange(Ask(url)), Errand(url=url))
                assert files.synced >= group.end

            await asyncio.gather(*(one() for _ in range(40)))

    asyncio.run(run())


def test_all_that_arrive_during_a_sync_share_the_next() -> None:
    begun, gate = [], threading.Event()

    def sync() -> None:
        begun.append(1)
        gate.wait(5)

    async def run() -> None:
        commit = GroupCommit(sync)
        first = asyncio.create_task(commit.durable())
        while not begun:
            await asyncio.sleep(0.001)
        others = [asyncio.create_task(commit.durable()) for _ in range(9)]
        await asyncio.sleep(0)
        assert not first.done()
        gate.set()
        await asyncio.gather(first, *others)
        commit.close()

    asyncio.run(run())
    assert len(begun) == 2


def test_a_failed_sync_fails_all_that_wait_for_it() -> None:
    def sync() -> None:
        raise StorageError("the disk is gone")

    async def run() -> list[BaseException | None]:
        commit = GroupCommit(sync)
        found = await asyncio.gather(*(commit.durable() for _ in range(3)), return_exceptions=True)
        commit.close()
        return found

    assert [type(one) for one in asyncio.run(run())] == [StorageError] * 3
