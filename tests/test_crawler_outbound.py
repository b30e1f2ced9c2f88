"""Going out for stamps and for the time: bounded, and what fails is said and tried again later."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import NetworkError, UsageError
from archive.evidence.stamps import enqueue, pending, stamps
from archive.evidence.timestamp import Authority
from archive.layout import ArchiveRoot
from archive.verdict import Verdict
from cli.authority import Answer
from crawler.outbound.exchange import exchange
from crawler.outbound.ntp import ClockCheck, check_clock
from crawler.outbound.post import PeerError
from crawler.outbound.stamping import Outcome, fetch_crls, post_query, stamp_pending
from tests.authority import DATA, OddAuthority, hang
from tests.certificates import issue, server_context

AGENT = "muniment tests"
ROOT_HASH = bytes(32)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def tsa(tmp_path: Path) -> Iterator[OddAuthority]:
    with OddAuthority(tmp_path / "tsa") as authority:
        yield authority


@pytest.fixture
def root(tmp_path: Path) -> ArchiveRoot:
    return ArchiveRoot.create(tmp_path / "archive")


def once(
    root: ArchiveRoot, *authorities: Authority, limit: float = 10, clock: datetime | None = None
) -> list[Outcome]:
    enqueue(root, DATA, 3, ROOT_HASH, authorities)
    return stamp_pending(root, authorities, lambda: clock or now(), agent=AGENT, limit=limit)


@contextmanager
def listening(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server on loopback that lets `serve` speak with the first who connects; its URL."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def run() -> None:
            connection, _ = server.accept()
            with closing(connection):
                serve(connection)

        thread = threading.Thread(target=run)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/tsr"
        thread.join()


def says(data: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(data)

    return serve


def drips(head: bytes) -> Callable[[socket.socket], None]:
    """After `head` a byte now and then, so that no read of a socket ever times out."""

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        with suppress(OSError):
            connection.sendall(head)
            for _ in range(200):
                connection.sendall(b"x")
                time.sleep(0.05)

    return serve


def test_a_stamp_is_fetched_with_its_revocation_list(root: ArchiveRoot, tsa: OddAuthority) -> None:
    tsa.list_revoked()
    (outcome,) = once(root, tsa.real)
    assert outcome.stamp is not None
    assert outcome.reason == ""
    assert outcome.stamp.revocation.verdict is Verdict.PASSED
    assert pending(root) == []
    (kept,) = stamps(outcome.waiting.folder, [tsa.real])
    assert kept.stamp == outcome.stamp
    assert once(root, tsa.real) == []


def test_without_a_list_the_stamp_is_kept_and_revocation_not_checked(
    root: ArchiveRoot, tsa: OddAuthority
) -> None:
    (outcome,) = once(root, tsa.real)
    assert outcome.stamp is not None
    assert "no CRL" in outcome.reason
    assert "404" in outcome.reason
    assert outcome.stamp.revocation.verdict is Verdict.NOT_CHECKED


@pytest.mark.parametrize("served", [b"no list", b"", b"0" * 100])
def test_what_is_served_as_a_list_and_is_none_does_no_harm(
    root: ArchiveRoot, tsa: OddAuthority, served: bytes
) -> None:
    tsa.crl = served
    (outcome,) = once(root, tsa.real)
    assert outcome.stamp is not None
    assert "no list" in outcome.reason
    assert not list(outcome.waiting.folder.glob("*.crl.pem"))


def test_the_stamp_of_a_revoked_certificate_is_refused_on_receipt(
    root: ArchiveRoot, tsa: OddAuthority
) -> None:
    tsa.revoke(now() - timedelta(minutes=9), x509.ReasonFlags.key_compromise)
    (outcome,) = once(root, tsa.real)
    assert outcome.stamp is None
    (waiting,) = pending(root)
    assert waiting.attempts[-1].reason == "revoked"
    assert not list(waiting.folder.glob("*.tsr"))


ODD = {
    "garbage": "unreadable",
    "error": "status",
    "page": "wrong-type",
    "endless": "too-large",
    "other_nonce": "wrong-nonce",
    "other_bytes": "wrong-digest",
    "refusal": "not-granted",
}


@pytest.mark.parametrize("odd", ODD)
def test_what_an_authority_does_wrong_is_noted_and_tried_again_later(
    root: ArchiveRoot, tsa: OddAuthority, odd: str
) -> None:
    tsa.odd = getattr(tsa, odd)
    at = now()
    (outcome,) = once(root, tsa.real, clock=at)
    assert outcome.stamp is None
    (waiting,) = pending(root)
    assert outcome.waiting == waiting
    assert [attempt.reason for attempt in waiting.attempts] == [ODD[odd]]
    assert waiting.attempts[0].detail
    assert once(root, tsa.real, clock=at + timedelta(seconds=59)) == []
    tsa.odd = None
    (outcome,) = once(root, tsa.real, clock=at + timedelta(seconds=60))
    assert outcome.stamp is not None


def test_an_authority_that_hangs_is_left_at_the_limit_and_others_are_asked(
    root: ArchiveRoot, tsa: OddAuthority, tmp_path: Path
) -> None:
    over = threading.Event()
    with OddAuthority(tmp_path / "slow", name="slow") as slow:
        slow.odd = hang(over)
        start = time.monotonic()
        outcomes = once(root, slow.real, tsa.real, limit=0.5)
        assert time.monotonic() - start < 5
        over.set()
    by_name = {outcome.waiting.authority: outcome for outcome in outcomes}
    assert "timeout" in by_name["slow"].reason
    assert by_name["test"].stamp is not None


@pytest.mark.parametrize("end", [b"X: ", b"\r\n", b"Content-Length: 999\r\n\r\n"])
def test_an_authority_that_drips_bytes_is_left_at_the_limit(root: ArchiveRoot, end: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n"
    with listening(drips(head + end)) as url:
        start = time.monotonic()
        (outcome,) = once(root, Authority("drip", url, ()), limit=0.5)
        assert time.monotonic() - start < 3
    assert "timeout" in outcome.reason


def test_nobody_there_is_unreachable(root: ArchiveRoot) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
    (outcome,) = once(root, Authority("none", url, ()))
    assert outcome.reason.startswith("unreachable")


def test_a_redirect_is_not_followed(tsa: OddAuthority) -> None:
    told = f"HTTP/1.1 302 Found\r\nLocation: {tsa.url}/tsr\r\nContent-Length: 0\r\n\r\n".encode()
    with listening(says(told)) as url, pytest.raises(PeerError, match="302") as caught:
        post_query(url, b"query", agent=AGENT)
    assert caught.value.reason == "status"
    assert isinstance(caught.value, NetworkError)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    ],
)
def test_what_is_no_http_is_one_of_our_errors(data: bytes) -> None:
    with listening(says(data)) as url, pytest.raises(PeerError) as caught:
        post_query(url, b"query", agent=AGENT)
    assert caught.value.reason in {"broken", "unreachable", "wrong-type"}
    assert url in str(caught.value)


@settings(max_examples=30, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_answer_is_bytes_or_one_of_our_errors(data: bytes) -> None:
    with listening(says(b"HTTP/1.1 200 OK\r\n" + data)) as url, suppress(PeerError):
        assert len(exchange(url, agent=AGENT, largest=100)) <= 100


def test_an_https_server_that_nobody_vouches_for_is_not_spoken_to(tmp_path: Path) -> None:
    context = server_context(tmp_path / "tls", issue("nobody", hosts=("127.0.0.1",)))
    heard = []

    def serve(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
            heard.append(secured.recv(65536))

    with listening(serve) as url, pytest.raises(PeerError) as caught:
        post_query(url.replace("http:", "https:"), b"query", agent=AGENT)
    assert caught.value.reason == "unreachable"
    assert "CERTIFICATE_VERIFY_FAILED" in str(caught.value)
    assert heard in ([], [b""])


@pytest.mark.parametrize("url", ["", "ftp://127.0.0.1/", "http://", "http://[", "http://h:x/"])
def test_an_address_that_is_none_is_a_mistake_of_the_configuration(url: str) -> None:
    with pytest.raises(UsageError):
        post_query(url, b"query", agent=AGENT)


def test_lists_are_fetched_by_plain_http_only(tsa: OddAuthority) -> None:
    found, missing = fetch_crls((tsa.root.certificate, tsa.root.certificate), agent=AGENT)
    assert found == []
    assert "names no place" in missing


NTP_ERA = 2208988800
"""Seconds from 1900 to 1970."""
Reply = Callable[[bytes], bytes | None]


def ntp_time(at: float) -> bytes:
    seconds = int(at)
    return struct.pack("!II", (seconds + NTP_ERA) & 0xFFFFFFFF, int((at - seconds) * 2**32))


def ntp_reply(
    query: bytes, *, ahead: float = 0.0, first: int = 0x24, stratum: int = 2, word: bytes = bytes(4)
) -> bytes:
    stamp = ntp_time(time.time() + ahead)
    head = bytes([first, stratum, 0, 0]) + bytes(8) + word
    return head + stamp + query[40:48] + stamp + stamp


@contextmanager
def time_server(reply: Reply) -> Iterator[str]:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as udp:
        udp.bind(("127.0.0.1", 0))

        def run() -> None:
            query, address = udp.recvfrom(1024)
            answer = reply(query)
            if answer is not None:
                udp.sendto(answer, address)

        thread = threading.Thread(target=run)
        thread.start()
        yield f"127.0.0.1:{udp.getsockname()[1]}"
        thread.join()


def asked(reply: Reply, limit: float = 1.0) -> ClockCheck:
    with time_server(reply) as server:
        (check,) = check_clock([server], now, limit=limit)
    assert check.server == server
    return check


@pytest.mark.parametrize("ahead", [0.0, 12.5, -12.5, 3600.0, -86400.0, 86400.0 * 365 * 40])
def test_the_offset_of_the_clock_is_what_the_server_is_ahead(ahead: float) -> None:
    check = asked(lambda query: ntp_reply(query, ahead=ahead))
    assert check.verdict is Verdict.PASSED
    assert check.offset_ms is not None
    assert check.delay_ms is not None
    assert abs(check.offset_ms - ahead * 1000) <= 200
    assert 0 <= check.delay_ms <= 400
    assert check.stratum == 2


LIES: dict[str, Reply] = {
    "another question": lambda query: ntp_reply(bytes(48)),
    "not a server's": lambda query: ntp_reply(query, first=0x23),
    "is not set": lambda query: ntp_reply(query, first=0xE4),
    "own clock": lambda query: ntp_reply(query, stratum=16),
    "refuses to serve: RATE": lambda query: ntp_reply(query, stratum=0, word=b"RATE"),
    "too short": lambda query: ntp_reply(query)[:47],
    "contradict": lambda query: ntp_reply(query)[:32] + ntp_time(time.time() + 9) + ntp_time(0),
}


@pytest.mark.parametrize("reason", LIES)
def test_an_answer_that_cannot_be_true_is_not_checked(reason: str) -> None:
    check = asked(LIES[reason])
    assert check.verdict is Verdict.NOT_CHECKED
    assert reason in check.reason
    assert check.offset_ms is None


def test_a_server_that_lies_shows_beside_an_honest_one() -> None:
    with (
        time_server(lambda query: ntp_reply(query, ahead=3600)) as liar,
        time_server(ntp_reply) as honest,
    ):
        one, two = check_clock([liar, honest], now)
    assert one.offset_ms is not None
    assert two.offset_ms is not None
    assert abs(one.offset_ms - two.offset_ms) > 3_000_000


def test_a_silent_server_is_left_at_the_limit() -> None:
    start = time.monotonic()
    check = asked(lambda query: None, limit=0.2)
    assert time.monotonic() - start < 2
    assert check.verdict is Verdict.NOT_CHECKED
    assert "0.2 s" in check.reason


def test_nobody_there_and_no_address_are_not_checked() -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as udp:
        udp.bind(("127.0.0.1", 0))
        port = udp.getsockname()[1]
    for server in (f"127.0.0.1:{port}", "127.0.0.1:port", "", "a" * 300):
        (check,) = check_clock([server], now, limit=0.2)
        assert check.verdict is Verdict.NOT_CHECKED
        assert check.reason


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=60))
def test_any_datagram_is_a_check_and_never_a_traceback(data: bytes) -> None:
    assert asked(lambda query: data).verdict is Verdict.NOT_CHECKED


def test_a_wrong_type_of_question_is_refused_by_the_local_authority(tsa: OddAuthority) -> None:
    tsa.odd = Answer
    with pytest.raises(PeerError, match="415"):
        exchange(f"{tsa.url}/tsr", agent=AGENT, body=b"x", send="text/plain", largest=9)
