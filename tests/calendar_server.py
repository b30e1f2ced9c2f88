"""A calendar of OpenTimestamps on loopback, its blocks made here; its answers are written by hand.

It takes digests, promises, and once `confirm` was called shows the way from each digest to the Merkle
root of a block. `odd` makes it say something else.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple, Self

PENDING, BITCOIN = bytes.fromhex("83dfe30d2ef90c8e"), bytes.fromhex("0588960d73d71901")
EASY = 0x207FFFFF
"""A target that every second hash meets."""
AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


class Answer(NamedTuple):
    body: bytes
    status: int = 200


Odd = Callable[[str, bytes], Answer]


class Calendar:
    """Its only digest so far becomes the left of two transactions, which are all of a block."""

    odd: Odd | None = None

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.asked: list[str] = []
        """The paths, in order."""
        self.headers: dict[int, str] = {}
        """In hex, by height: what a node would tell."""
        self._confirmed: dict[bytes, bytes] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def answer(self, path: str, body: bytes) -> Answer:
        self.asked.append(path)
        if self.odd:
            return self.odd(path, body)
        if path == "/digest":
            self.taken.append(body)
            return Answer(append(b"time") + SHA256 + pending(self.url))
        upgrade = self._confirmed.get(bytes.fromhex(path.removeprefix("/timestamp/")))
        return Answer(upgrade) if upgrade else Answer(b"Pending confirmation", 404)

    def confirm(self, height: int) -> None:
        """Put what was taken into a block."""
        for digest in self.taken:
            self._confirmed[commitment(digest)] = self._way(commitment(digest), height)

    def _way(self, message: bytes, height: int) -> bytes:
        """Into a transaction between 20 bytes and four, and up from that to the block's root."""
        before, after, other = b"\x01" * 20, bytes(4), bytes(range(32))
        transaction = double(before + message + after)
        root = double(transaction + other)
        self.headers[height] = header(root).hex()
        into = prepend(before) + append(after) + SHA256 + SHA256
        return into + append(other) + SHA256 + SHA256 + bitcoin(height)

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


SHA256 = b"\x08"


def append(data: bytes) -> bytes:
    return b"\xf0" + varbytes(data)


def prepend(data: bytes) -> bytes:
    return b"\xf1" + varbytes(data)


def pending(url: str) -> bytes:
    return b"\x00" + PENDING + varbytes(varbytes(url.encode()))


def bitcoin(height: int) -> bytes:
    return b"\x00" + BITCOIN + varbytes(varuint(height))


def varuint(number: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    groups = [number >> shift & 0x7F for shift in range(0, max(number.bit_length(), 1), 7)]
    return bytes([*(group | 0x80 for group in groups[:-1]), groups[-1]])


def varbytes(data: bytes) -> bytes:
    return varuint(len(data)) + data


def commitment(digest: bytes) -> bytes:
    """What the calendar promises to put into a block."""
    return sha256(digest + b"time").digest()


def double(data: bytes) -> bytes:
    return sha256(sha256(data).digest()).digest()


def header(root: bytes, *, at: datetime = AT, bits: int = EASY, met: bool = True) -> bytes:
    """A header with that root, mined; or one whose hash misses its target by the last nonce tried."""
    for nonce in range(10**6):
        data = struct.pack("<i32s32sIII", 2, bytes(32), root, int(at.timestamp()), bits, nonce)
        if (double(data)[31] < 0x7F) == met:
            return data
    raise AssertionError("one of two hashes does")


def _handler(calendar: Calendar) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._send(calendar.answer(self.path, self.rfile.read(self._length)))

        def do_GET(self) -> None:
            self._send(calendar.answer(self.path, b""))

        @property
        def _length(self) -> int:
            return int(self.headers.get("Content-Length", 0))

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    return Handler
