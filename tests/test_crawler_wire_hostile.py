"""Servers, names and URLs that mean no good: each has its code, and what came is kept."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import StorageError, UsageError
from archive.warc import length
from crawler.wire.addresses import is_private, network_is_up
from crawler.wire.egress import Egress, Proxy
from crawler.wire.exchange import Exchange, WireError
from crawler.wire.request import Ask, target
from tests.torture import CASES, Torture
from tests.wires import wire

PUBLIC = Egress()


async def ask(folder: Path, path: str, **limits: Any) -> Exchange:
    async with Torture(CASES).serving() as server, wire(folder, **limits) as ours:
        return await ours.exchange(Ask(server.url(path)))


def code(exchange: Exchange) -> str | None:
    return exchange.failure.code if exchange.failure else None


@pytest.mark.parametrize(
    ("path", "limits", "expected", "truncated"),
    [
        ("/endless-headers", {"head": 10_000}, "over-limit", "length"),
        ("/endless-body", {"size": 1_000_000}, "over-limit", "length"),
        ("/drip", {"idle": 5, "slow_window": 0.3, "slow_bytes": 100}, "timeout-slow", "time"),
        ("/drip", {"total": 0.3}, "timeout-total", "time"),
        ("/hang", {"first_byte": 0.2}, "timeout-first-byte", None),
        ("/stall", {"idle": 0.2}, "timeout-idle", "time"),
        ("/reset", {}, "reset-mid-body", "disconnect"),
    ],
)
def test_an_exchange_that_would_not_end_is_cut_and_what_came_is_kept(
    tmp_path: Path, path: str, limits: dict[str, float], expected: str, truncated: str | None
) -> None:
    found = asyncio.run(ask(tmp_path, path, **limits))
    assert (code(found), found.truncated, found.complete) == (expected, truncated, False)
    assert found.sent.startswith(b"GET ")
    if truncated is not None:
        assert isinstance(found.block, bytes)
        assert found.block.startswith(b"HTTP/1.1 200 OK\r\n")
    assert length(found.block) < 1_500_000


def test_a_spooled_block_that_is_cut_is_kept_too(tmp_path: Path) -> None:
    found = asyncio.run(ask(tmp_path, "/endless-body", size=1_000_000, spool_at=100_000))
    assert (code(found), found.truncated) == ("over-limit", "length")
    assert length(found.block) > 1_000_000
    found.discard()


def test_a_server_that_is_merely_slow_is_heard_to_the_end(tmp_path: Path) -> None:
    found = asyncio.run(ask(tmp_path, "/slow", slow_window=0.3, slow_bytes=50))
    assert (found.complete, code(found)) == (True, None)


async def refused_port() -> int:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


def test_nobody_listening_is_a_refusal(tmp_path: Path) -> None:
    async def run() -> Exchange:
        async with wire(tmp_path) as ours:
            return await ours.exchange(Ask(f"http://127.0.0.1:{await refused_port()}/"))

    found = asyncio.run(run())
    assert code(found) == "connect-refused"
    assert found.sent == b""
    assert found.failure is not None
    assert "127.0.0.1" in found.failure.detail


def test_an_address_to_come_from_that_is_not_ours_says_nothing_of_the_server(
    tmp_path: Path,
) -> None:
    async def run() -> Exchange:
        egress = Egress(allow_private=True, bind="192.0.2.77")
        async with Torture(CASES).serving() as server, wire(tmp_path, egress) as ours:
            return await ours.exchange(Ask(server.url("/plain")))

    assert code(asyncio.run(run())) == "our-network-down"


def test_a_server_that_takes_no_connection_is_given_up(tmp_path: Path) -> None:
    async def run() -> Exchange:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen(0)
            waiting = [socket.socket() for _ in range(4)]
            for one in waiting:  # they fill the queue of those whom nobody accepts
                one.setblocking(False)
                one.connect_ex(listening.getsockname())
            async with wire(tmp_path, connect=0.3) as ours:
                host, port = listening.getsockname()
                found = await ours.exchange(Ask(f"http://{host}:{port}/"))
            for one in waiting:
                one.close()
        return found

    assert code(asyncio.run(run())) == "connect-timeout"


def test_the_next_address_of_a_host_is_tried(tmp_path: Path) -> None:
    async def resolver(_: str) -> tuple[str, ...]:
        return ("127.0.0.2", "127.0.0.1")

    async def run() -> Exchange:
        async with (
            Torture(CASES).serving() as server,
            wire(tmp_path, resolver=resolver) as ours,
        ):
            return await ours.exchange(Ask(server.url("/plain", host="ministry.example")))

    found = asyncio.run(run())
    assert (found.ip, found.status) == ("127.0.0.1", 200)


def test_the_systems_own_resolver_is_asked(tmp_path: Path) -> None:
    async def run() -> tuple[Exchange, Exchange]:
        async with Torture(CASES).serving() as server, wire(tmp_path) as ours:
            return (
                await ours.exchange(Ask(server.url("/plain", host="localhost"))),
                await ours.exchange(Ask(server.url("/plain", host="nowhere.invalid"))),
            )

    here, nowhere = asyncio.run(run())
    assert (here.ip, here.status) == ("127.0.0.1", 200)
    assert code(nowhere) in {"dns-nxdomain", "dns-servfail"}  # as the machine's own resolver says
    assert network_is_up() in {True, False}


def test_an_exchange_that_is_called_off_leaves_nothing_behind(tmp_path: Path) -> None:
    async def run() -> None:
        async with (
            Torture(CASES).serving() as server,
            wire(tmp_path, spool_at=1000, size=1 << 40) as ours,
        ):
            task = asyncio.create_task(ours.exchange(Ask(server.url("/endless-body"))))
            while not list(tmp_path.iterdir()):
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(run())
    assert not list(tmp_path.iterdir())


def failing(number: int) -> Callable[[str], Awaitable[tuple[str, ...]]]:
    async def resolver(_: str) -> tuple[str, ...]:
        raise socket.gaierror(number, "no")

    return resolver


async def never(_: str) -> tuple[str, ...]:
    await asyncio.sleep(60)
    return ()


async def nothing(_: str) -> tuple[str, ...]:
    return ()


@pytest.mark.parametrize(
    ("resolver", "up", "expected"),
    [
        (failing(socket.EAI_NONAME), True, "dns-nxdomain"),
        (failing(socket.EAI_NONAME), False, "dns-nxdomain"),
        (failing(socket.EAI_AGAIN), True, "dns-servfail"),
        (failing(socket.EAI_AGAIN), False, "our-network-down"),
        (failing(socket.EAI_FAIL), True, "dns-failure"),
        (never, True, "dns-timeout"),
        (never, False, "our-network-down"),
        (nothing, True, "dns-nodata"),
    ],
)
def test_a_name_that_leads_nowhere_says_why(
    tmp_path: Path,
    resolver: Callable[[str], Awaitable[tuple[str, ...]]],
    up: bool,
    expected: str,
) -> None:
    async def run() -> Exchange:
        async with wire(tmp_path, resolver=resolver, up=up, dns=0.1) as ours:
            return await ours.exchange(Ask("http://ministry.example/"))

    assert code(asyncio.run(run())) == expected


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "169.254.169.254",
        "10.0.0.1",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "0.0.0.0",
        "inside.example",
    ],
)
def test_a_public_source_is_not_led_into_a_private_network(tmp_path: Path, host: str) -> None:
    async def resolver(name: str) -> tuple[str, ...]:
        assert name == "inside.example"
        return ("192.168.1.1", "127.0.0.1")

    async def run() -> tuple[Exchange, list[bytes]]:
        async with (
            Torture(CASES).serving() as server,
            wire(tmp_path, PUBLIC, resolver=resolver) as ours,
        ):
            return await ours.exchange(Ask(f"http://{host}:{server.port}/plain")), server.asked

    found, asked = asyncio.run(run())
    assert code(found) == "private-address"
    assert (found.sent, found.ip, asked) == (b"", None, [])
    if host == "inside.example":
        assert found.dns is not None
        assert found.dns.addresses == ("192.168.1.1", "127.0.0.1")


def test_a_proxy_is_not_asked_for_private_addresses(tmp_path: Path) -> None:
    async def run() -> list[str | None]:
        egress = Egress(proxy=Proxy("127.0.0.1", await refused_port()))
        async with wire(tmp_path, egress) as ours:
            urls = ("http://10.0.0.1/", "https://localhost/", "http://ministry.example/")
            return [code(await ours.exchange(Ask(url))) for url in urls]

    assert asyncio.run(run()) == ["private-address", "private-address", "proxy-unreachable"]


def test_addresses_are_judged_by_where_they_lead() -> None:
    private = ["100.64.0.1", "192.0.2.1", "224.0.0.1", "fe80::1%eth0", "fc00::1", "2002:7f00:1::"]
    private += ["64:ff9b::a00:1", "::ffff:127.0.0.1", "255.255.255.255"]
    assert [address for address in private if not is_private(address)] == []
    public = ["8.8.8.8", "2001:4860:4860::8888", "64:ff9b::808:808", "::ffff:8.8.8.8"]
    assert [address for address in public if is_private(address)] == []


@given(st.text(max_size=60))
def test_any_url_is_taken_apart_or_has_its_code(text: str) -> None:
    for url in (text, f"http://{text}", f"https://ministry.example/{text}"):
        with suppress(WireError):
            found = target(url)
            assert not set(found.path + found.authority) & set(b"\r\n \0")


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http:///x", "http://a:99999/", "ftp://a/", "http://a b/"]
)
def test_what_is_no_http_url_is_not_asked_for(tmp_path: Path, url: str) -> None:
    async def run() -> Exchange:
        async with wire(tmp_path) as ours:
            return await ours.exchange(Ask(url))

    assert code(asyncio.run(run())) == "bad-url"


def test_a_header_field_cannot_break_out_of_its_line(tmp_path: Path) -> None:
    async def run() -> Exchange:
        async with Torture(CASES).serving() as server, wire(tmp_path) as ours:
            return await ours.exchange(Ask(server.url("/plain"), fields=((b"A", b"b\r\nC: d"),)))

    found = asyncio.run(run())
    assert (code(found), found.sent) == ("bad-request", b"")


def test_a_full_disk_is_ours_and_never_the_servers_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> tuple[int, str]:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("crawler.wire.intake.tempfile.mkstemp", full)
    with pytest.raises(StorageError, match="No space"):
        asyncio.run(ask(tmp_path, "/endless-body", spool_at=1000))


@pytest.mark.parametrize(
    "url", ["socks5://127.0.0.1:1", "https://proxy", "http://:80", "http://a:b:c"]
)
def test_a_proxy_that_we_cannot_use_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        Proxy.parse(url)
