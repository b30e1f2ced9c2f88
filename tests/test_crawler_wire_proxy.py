"""A proxy's credentials reach the proxy and nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

from crawler.wire.egress import Egress, Proxy
from crawler.wire.exchange import Exchange
from crawler.wire.request import Ask
from tests.certificates import issue, server_context
from tests.proxies import TinyProxy
from tests.torture import CASES, Torture
from tests.wires import wire

PASSWORD = b"Basic dXNlcjpwYXNz"  # user:pass


async def run(folder: Path, https: bool, login: str) -> tuple[Exchange, TinyProxy, Torture]:
    context = server_context(folder, issue("here", hosts=("127.0.0.1",))) if https else None
    async with TinyProxy(PASSWORD).serving() as proxy, Torture(CASES).serving(context) as server:
        url = proxy.url.replace("http://", f"http://{login}")
        egress = Egress(proxy=Proxy.parse(url), allow_private=True)
        async with wire(folder, egress) as ours:
            return await ours.exchange(Ask(server.url("/plain"))), proxy, server


def test_credentials_stay_out_of_the_record_of_a_plain_exchange(tmp_path: Path) -> None:
    found, proxy, server = asyncio.run(run(tmp_path, https=False, login="user:pass@"))
    assert found.block == CASES["/plain"]
    assert PASSWORD in proxy.asked[0]
    assert found.redacted == ("Proxy-Authorization",)
    assert b"GET http://127.0.0.1:" in found.sent
    assert proxy.asked[0] == found.sent.replace(
        b"\r\n\r\n", b"\r\nProxy-Authorization: " + PASSWORD + b"\r\n\r\n"
    )
    assert found.proxy == proxy.url
    assert PASSWORD not in server.asked[0]
    assert "dXNlcjpwYXNz" not in repr(found)


def test_a_tunnel_is_no_part_of_the_record(tmp_path: Path) -> None:
    found, proxy, server = asyncio.run(run(tmp_path, https=True, login="user:pass@"))
    assert proxy.asked[0].startswith(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\n" % server.port)
    assert found.sent == server.asked[0]
    assert (found.redacted, found.ip) == ((), None)
    assert found.tls is not None


def test_a_proxy_that_refuses_a_tunnel_is_not_the_servers_failure(tmp_path: Path) -> None:
    found, _, server = asyncio.run(run(tmp_path, https=True, login=""))
    assert found.failure is not None
    assert found.failure.code == "proxy-refused"
    assert "407 Proxy Authentication Required" in found.failure.detail
    assert (server.asked, found.sent) == ([], b"")


def test_the_refusal_of_a_plain_exchange_is_the_answer_that_came(tmp_path: Path) -> None:
    found, _, server = asyncio.run(run(tmp_path, https=False, login=""))
    assert (found.status, server.asked) == (407, [])
