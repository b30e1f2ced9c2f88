"""Each exchange is kept as it crossed the wire, whatever the server sends."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest
from blake3 import blake3

from archive.digest import Absent, Digests
from archive.warc import Spool
from crawler.wire.egress import Egress, Proxy
from crawler.wire.exchange import Exchange
from crawler.wire.request import Ask
from tests.certificates import issue, server_context
from tests.proxies import TinyProxy
from tests.torture import CASES, Torture, shared_cases
from tests.wires import HERE, wire


async def captured(
    folder: Path, cases: dict[str, bytes], egress: Egress, https: bool
) -> dict[str, Exchange]:
    context = server_context(folder, issue("here", hosts=("127.0.0.1",))) if https else None
    async with Torture(cases).serving(context) as server, wire(folder, egress) as ours:
        return {path: await ours.exchange(Ask(server.url(path)), fresh=True) for path in cases}


async def through_proxy(folder: Path, cases: dict[str, bytes], https: bool) -> dict[str, Exchange]:
    async with TinyProxy().serving() as proxy:
        return await captured(
            folder, cases, Egress(proxy=Proxy.parse(proxy.url), allow_private=True), https
        )


@pytest.mark.parametrize("https", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("proxied", [False, True], ids=["direct", "proxied"])
@pytest.mark.parametrize("ours", [False, True], ids=["shared", "ours"])
def test_every_block_is_what_the_server_sent(
    tmp_path: Path, https: bool, proxied: bool, ours: bool
) -> None:
    cases = CASES if ours else shared_cases()
    found = asyncio.run(
        through_proxy(tmp_path, cases, https) if proxied else captured(tmp_path, cases, HERE, https)
    )
    assert {path: exchange.block for path, exchange in found.items()} == cases
    for path, exchange in found.items():
        assert (exchange.ip is None) is proxied
        assert exchange.sent.startswith(b"GET ")
        if cases[path]:
            assert exchange.layers is not None
            assert exchange.layers.block == Digests.of(cases[path])
    if not ours:
        failed = {
            path: exchange.failure.code for path, exchange in found.items() if exchange.failure
        }
        assert failed == {"/nothing": "empty-answer"}
        assert found["/extra"].trailing == 5
        assert found["/short"].truncated == "disconnect"


def test_the_request_is_recorded_as_it_was_sent_in_a_fixed_order(tmp_path: Path) -> None:
    async def run() -> tuple[bytes, bytes]:
        async with Torture(CASES).serving() as server, wire(tmp_path) as ours:
            fields = (
                (b"Cookie", b"secret=1"),
                (b"Accept-Language", b"zh-CN"),
                (b"Host", b"elsewhere.example"),
                (b"User-Agent", b"Muniment/0.1"),
            )
            found = await ours.exchange(Ask(server.url("/plain?q=%D6%D0"), fields=fields))
            return found.sent, server.asked[0]

    recorded, asked = asyncio.run(run())
    assert recorded == asked
    lines = recorded.split(b"\r\n")
    assert lines[0] == b"GET /plain?q=%D6%D0 HTTP/1.1"
    assert [line.partition(b":")[0] for line in lines[1:-2]] == [
        b"Host",
        b"User-Agent",
        b"Accept",
        b"Accept-Encoding",
        b"Accept-Language",
    ]
    assert b"elsewhere" not in recorded


def test_cookies_go_out_only_where_the_source_says_so(tmp_path: Path) -> None:
    async def run() -> bytes:
        async with (
            Torture(CASES).serving() as server,
            wire(tmp_path, Egress(allow_private=True, credentials=True)) as ours,
        ):
            ask = Ask(server.url("/plain"), fields=((b"Cookie", b"secret=1"),))
            return (await ours.exchange(ask)).sent

    assert b"Cookie: secret=1\r\n" in asyncio.run(run())


def test_a_connection_is_kept_and_told(tmp_path: Path) -> None:
    async def run() -> tuple[list[Exchange], int]:
        async with Torture(CASES).serving() as server, wire(tmp_path) as ours:
            asks = [Ask(server.url(path)) for path in ("/plain", "/empty", "/bad-chunk", "/plain")]
            return [await ours.exchange(ask) for ask in asks], server.connections

    found, connections = asyncio.run(run())
    assert [(one.connection, one.reused) for one in found] == [
        (1, False),
        (1, True),
        (1, True),
        (2, False),
    ]
    assert connections == 2
    assert found[0].timings.keys() >= {"dns", "connect", "first_byte", "end"}
    assert "connect" not in found[1].timings


def test_a_kept_connection_that_the_server_gave_up_is_a_failed_attempt(tmp_path: Path) -> None:
    async def run() -> list[Exchange]:
        async with Torture(CASES, answers=1).serving() as server, wire(tmp_path) as ours:
            ask = Ask(server.url("/plain"))
            found = [await ours.exchange(ask), await ours.exchange(ask)]
            return [*found, await ours.exchange(ask, fresh=True)]

    first, stale, again = asyncio.run(run())
    assert first.failure is None
    assert stale.failure is not None
    assert (stale.failure.code, stale.reused, stale.block) == ("stale-connection", True, b"")
    assert (again.failure, again.reused) == (None, False)


def test_a_large_body_goes_to_disk_with_the_digests_of_all_layers(tmp_path: Path) -> None:
    body = bytes(range(256)) * 4096
    chunked = b"".join(
        b"%x\r\n%s\r\n" % (4096, body[at : at + 4096]) for at in range(0, len(body), 4096)
    )
    block = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked + b"0\r\n\r\n"

    async def run() -> Exchange:
        async with (
            Torture({"/large": block}).serving() as server,
            wire(tmp_path, spool_at=100_000) as ours,
        ):
            return await ours.exchange(Ask(server.url("/large")))

    found = asyncio.run(run())
    assert isinstance(found.block, Spool)
    assert b"".join(found.block.chunks()) == block
    assert found.layers is not None
    assert found.content is None
    assert found.layers.block == Digests.of(block)
    assert found.layers.body == Digests.of(block[block.index(b"\r\n\r\n") + 4 :])
    assert found.layers.payload == Digests.of(body)
    assert found.layers.content is found.layers.payload
    found.discard()
    assert not list(tmp_path.iterdir())


def test_layers_that_are_equal_are_hashed_once(tmp_path: Path) -> None:
    async def run() -> Exchange:
        async with Torture(CASES).serving() as server, wire(tmp_path) as ours:
            return await ours.exchange(Ask(server.url("/plain")))

    layers = asyncio.run(run()).layers
    assert layers is not None
    assert layers.body is layers.payload is layers.content
    assert layers.content == Digests(
        5, hashlib.sha256(b"hello").digest(), blake3(b"hello").digest()
    )


def test_ipv6_and_a_bind_address_are_used(tmp_path: Path) -> None:
    async def run() -> tuple[Exchange, Exchange]:
        async with (
            Torture(CASES).serving() as four,
            Torture(CASES).serving(host="::1") as six,
            wire(tmp_path, Egress(allow_private=True, bind="127.0.0.9")) as bound,
            wire(tmp_path) as ours,
        ):
            return (
                await bound.exchange(Ask(four.url("/plain"))),
                await ours.exchange(Ask(six.url("/plain", host="[::1]"))),
            )

    four, six = asyncio.run(run())
    assert (four.ip, four.local, four.status) == ("127.0.0.1", "127.0.0.9", 200)
    assert (six.ip, six.status) == ("::1", 200)
    assert b"Host: [::1]:" in six.sent


def test_content_is_absent_for_a_reason(tmp_path: Path) -> None:
    async def run() -> dict[str, Exchange]:
        async with Torture(CASES).serving() as server, wire(tmp_path) as ours:
            paths = ("/head-cut", "/bad-chunk", "/bomb")
            return {path: await ours.exchange(Ask(server.url(path))) for path in paths}

    found = {path: exchange.layers for path, exchange in asyncio.run(run()).items()}
    assert found["/head-cut"] is not None
    assert found["/head-cut"].payload == Absent("truncated")
    assert found["/bad-chunk"] is not None
    assert found["/bad-chunk"].payload == Absent("undecodable")
    assert isinstance(found["/bad-chunk"].body, Digests)
    assert found["/bomb"] is not None
    assert isinstance(found["/bomb"].payload, Digests)
    assert found["/bomb"].content == Absent("over-limit")
