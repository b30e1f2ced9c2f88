"""How far the clock is off, asked of time servers by SNTP (RFC 5905, 14; RFC 4330)."""

from __future__ import annotations

import secrets
import socket
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from archive.times import Clock
from archive.verdict import Verdict

PORT = 123
TIME_LIMIT = 1.0
"""Seconds for an answer."""
_PACKET = struct.Struct("!B B b b 11I")
_CLIENT, _SERVER = 3, 4
_UNSYNCHRONISED = 3
_ERA = datetime(1900, 1, 1, tzinfo=UTC)
_ERA_LENGTH = timedelta(seconds=2**32)


@dataclass(frozen=True, slots=True)
class ClockCheck:
    """What one server said of this machine's clock, or why it was not checked."""

    server: str
    offset_ms: int | None = None
    """Milliseconds that the server is ahead of this machine."""
    delay_ms: int | None = None
    """There and back; the offset is known to half of it."""
    stratum: int | None = None
    reason: str = ""

    @property
    def verdict(self) -> Verdict:
        """*Passed* says that an answer came, not that the clock is right."""
        return Verdict.NOT_CHECKED if self.reason else Verdict.PASSED


def check_clock(
    servers: Iterable[str], clock: Clock, *, limit: float = TIME_LIMIT
) -> list[ClockCheck]:
    """Ask each server once, `host` or `host:port`; never raises for what a server does."""
    return [_check(server, clock, limit) for server in servers]


def _check(server: str, clock: Clock, limit: float) -> ClockCheck:
    try:
        return _ask(server, clock, limit)
    except TimeoutError:
        return ClockCheck(server, reason=f"no answer within {limit:g} s")
    except (OSError, ValueError) as error:
        return ClockCheck(server, reason=str(error))


def _ask(server: str, clock: Clock, limit: float) -> ClockCheck:
    """The request tells a random number for its time, which only an answer to it can repeat."""
    question = secrets.randbits(64)
    packet = _PACKET.pack(4 << 3 | _CLIENT, 0, 0, 0, *[0] * 9, question >> 32, question & 2**32 - 1)
    with _connected(server, limit) as udp:
        sent, start = clock(), time.monotonic()
        udp.send(packet)
        answer = udp.recv(1024)
        elapsed = timedelta(seconds=time.monotonic() - start)
    received, transmitted, stratum = _read(answer, question, sent)
    offset = ((received - sent) + (transmitted - sent - elapsed)) / 2
    delay = elapsed - (transmitted - received)
    if transmitted < received or delay < timedelta(0):
        raise ValueError("the times of its answer contradict each other")
    return ClockCheck(server, _milliseconds(offset), _milliseconds(delay), stratum)


def _connected(server: str, limit: float) -> socket.socket:
    """A connected socket takes datagrams from that address and port only."""
    host, _, port = server.rpartition(":") if server.count(":") == 1 else (server, "", "")
    family, kind, _, _, address = socket.getaddrinfo(host, port or PORT, type=socket.SOCK_DGRAM)[0]
    udp = socket.socket(family, kind)
    try:
        udp.settimeout(limit)
        udp.connect(address)
    except OSError:
        udp.close()
        raise
    return udp


def _read(answer: bytes, question: int, near: datetime) -> tuple[datetime, datetime, int]:
    """Times of receipt and of sending, and the stratum. Raises `ValueError` for no honest answer."""
    if len(answer) < _PACKET.size:
        raise ValueError("its answer is too short")
    first, stratum, _, _, *words = _PACKET.unpack_from(answer)
    if words[5] << 32 | words[6] != question:
        raise ValueError("its answer is to another question")
    if first & 7 != _SERVER:
        raise ValueError("its answer is not a server's")
    if stratum == 0:
        word = struct.pack("!I", words[2]).rstrip(b"\0").decode("ascii", "backslashreplace")
        raise ValueError(f"it refuses to serve: {word}")
    if stratum > 15 or first >> 6 == _UNSYNCHRONISED or not (words[9] or words[10]):
        raise ValueError("its own clock is not set")
    return _instant(words[7], words[8], near), _instant(words[9], words[10], near), stratum


def _instant(seconds: int, fraction: int, near: datetime) -> datetime:
    """Seconds since 1900 are told modulo 2**32: the instant that is nearest (RFC 5905, 6)."""
    told = _ERA + timedelta(seconds=seconds, microseconds=fraction * 10**6 >> 32)
    return told + round((near - told) / _ERA_LENGTH) * _ERA_LENGTH


def _milliseconds(span: timedelta) -> int:
    return round(span / timedelta(milliseconds=1))
