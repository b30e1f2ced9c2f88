"""TLS as evidence: captured whatever the certificate, with its verdict; or nothing is sent."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from crawler.wire.egress import Egress, TlsPolicy
from crawler.wire.exchange import Exchange
from crawler.wire.request import Ask
from crawler.wire.tls import Trust
from tests.certificates import DAY, NOW, Issued, issue, server_context
from tests.torture import CASES, Torture
from tests.wires import clock, wire

HERE = ("127.0.0.1", "ministry.example")
ROOT = issue("Root", authority=True)
BETWEEN = issue("Between", ROOT, authority=True)
STRANGER = issue("Stranger", authority=True)


def weak_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)


GOOD = issue("good", BETWEEN, hosts=HERE)
CHAINS: dict[str, tuple[tuple[Issued, ...], tuple[str, ...]]] = {
    "valid": ((GOOD, BETWEEN), ("valid",)),
    "expired": (
        (issue("old", BETWEEN, hosts=HERE, start=NOW - 9 * DAY, end=NOW - DAY), BETWEEN),
        ("expired",),
    ),
    "not yet valid": (
        (issue("new", BETWEEN, hosts=HERE, start=NOW + DAY), BETWEEN),
        ("not-yet-valid",),
    ),
    "wrong name": ((issue("else", BETWEEN, hosts=("other.example",)), BETWEEN), ("wrong-name",)),
    "no name": ((issue("ministry.example", BETWEEN), BETWEEN), ("wrong-name",)),
    "unknown issuer": ((issue("odd", STRANGER, hosts=HERE), STRANGER), ("unknown-issuer",)),
    "missing link": ((GOOD,), ("unknown-issuer",)),
    "self-signed": ((issue("self", hosts=HERE),), ("self-signed",)),
    "weak key": ((issue("weak", BETWEEN, hosts=HERE, key=weak_key()), BETWEEN), ("weak-key",)),
    "all at once": (
        (
            issue(
                "bad",
                STRANGER,
                hosts=("x.example",),
                key=weak_key(),
                start=NOW - 9 * DAY,
                end=NOW - DAY,
            ),
        ),
        ("unknown-issuer", "expired", "weak-key", "wrong-name"),
    ),
}


async def exchange(
    folder: Path, context: ssl.SSLContext, policy: TlsPolicy
) -> tuple[Exchange, list[bytes]]:
    egress = Egress(tls=policy, allow_private=True)
    async with (
        Torture(CASES).serving(context) as server,
        wire(folder, egress, roots=ROOT.pem) as ours,
    ):
        found = await ours.exchange(Ask(server.url("/plain")))
        return found, server.asked


@pytest.mark.parametrize("name", CHAINS)
def test_a_page_is_captured_with_chain_and_verdict_of_its_own_connection(
    tmp_path: Path, name: str
) -> None:
    chain, verdict = CHAINS[name]
    context = server_context(tmp_path, *chain)
    found, asked = asyncio.run(exchange(tmp_path, context, "record"))
    assert found.block == CASES["/plain"]
    assert found.tls is not None
    assert set(found.tls.verdict) == set(verdict)
    assert found.tls.chain == tuple(one.der for one in chain)
    assert (found.tls.version, len(asked)) == ("tls/1.3", 1)
    assert found.timings["tls"] > 0


@pytest.mark.parametrize("name", CHAINS)
def test_require_sends_nothing_to_a_server_with_a_bad_certificate(
    tmp_path: Path, name: str
) -> None:
    chain, verdict = CHAINS[name]
    context = server_context(tmp_path, *chain)
    found, asked = asyncio.run(exchange(tmp_path, context, "require"))
    if name == "valid":
        assert (found.failure, len(asked)) == (None, 1)
        return
    assert asked == []
    assert (found.sent, found.block) == (b"", b"")
    assert found.failure is not None
    assert found.failure.code.removeprefix("tls-") in verdict
    assert found.tls is not None
    assert set(found.tls.verdict) == set(verdict)


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_an_old_protocol_is_spoken_only_under_legacy_and_is_told(
    tmp_path: Path, version: str
) -> None:
    context = server_context(tmp_path, GOOD, BETWEEN)
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion[version]
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.maximum_version = ssl.TLSVersion[version]
    found = asyncio.run(refused(tmp_path, context))
    assert found.failure is not None
    assert (found.failure.code, found.sent) == ("tls-protocol", b"")
    found, _ = asyncio.run(exchange(tmp_path, context, "legacy"))
    assert found.block == CASES["/plain"]
    assert found.tls is not None
    assert found.tls.version == {"TLSv1": "tls/1.0", "TLSv1_1": "tls/1.1"}[version]
    assert found.tls.verdict == ("old-protocol",)


async def refused(folder: Path, context: ssl.SSLContext) -> Exchange:
    """Ask a server that tells why it refuses a handshake, which asyncio's own does not."""

    def shake_hands(listening: socket.socket) -> None:
        accepted, _ = listening.accept()
        with accepted, suppress(ssl.SSLError), context.wrap_socket(accepted, server_side=True):
            pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(asyncio.to_thread(shake_hands, listening))
        async with wire(folder) as ours:
            found = await ours.exchange(Ask(f"https://127.0.0.1:{listening.getsockname()[1]}/"))
        await serving
    return found


def test_a_server_that_speaks_no_tls_is_named(tmp_path: Path) -> None:
    async def run() -> Exchange:
        async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(CASES["/plain"])
            await reader.read()
            writer.close()

        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with wire(tmp_path) as ours:
            found = await ours.exchange(Ask(f"https://127.0.0.1:{port}/"))
        await asyncio.sleep(0.05)
        server.close()
        return found

    found = asyncio.run(run())
    assert found.failure is not None
    assert found.failure.code == "tls-protocol"


def test_a_handshake_that_never_ends_is_cut(tmp_path: Path) -> None:
    async def run() -> Exchange:
        async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(mute, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with wire(tmp_path, tls=0.2) as ours:
            found = await ours.exchange(Ask(f"https://127.0.0.1:{port}/"))
        await asyncio.sleep(0.05)
        server.close()
        return found

    found = asyncio.run(run())
    assert found.failure is not None
    assert found.failure.code == "timeout-tls"


def test_without_roots_a_chain_is_not_checked_and_never_valid() -> None:
    assert Trust([], clock).verdict((GOOD.der, BETWEEN.der), "127.0.0.1") == ("not-checked",)


def test_what_is_no_certificate_has_a_verdict_too() -> None:
    trust = Trust.of_pem(ROOT.pem, clock)
    assert trust.verdict((b"\x30\x03no",), "127.0.0.1") == ("malformed",)
    assert trust.verdict((), "127.0.0.1") == ("no-certificate",)


def test_a_verdict_is_of_its_time() -> None:
    now = clock()
    trust = Trust.of_pem(ROOT.pem, lambda: now)
    chain = (GOOD.der, BETWEEN.der)
    assert trust.verdict(chain, "ministry.example") == ("valid",)
    now += timedelta(days=40)
    assert trust.verdict(chain, "ministry.example") == ("expired",)


def test_a_forged_signature_is_found() -> None:
    forged = bytearray(GOOD.der)
    forged[-1] ^= 1
    found = Trust.of_pem(ROOT.pem, clock).verdict((bytes(forged), BETWEEN.der), "127.0.0.1")
    assert found == ("bad-signature",)


def test_the_roots_of_the_system_are_read() -> None:
    assert Trust.of_system(clock).verdict((GOOD.der, BETWEEN.der), "127.0.0.1") != ("valid",)
