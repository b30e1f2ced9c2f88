"""What the ministry answers to one URL, and its bytes on the wire."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus

CHUNK = 1500
"""Bytes in a chunk, small enough that most chunked pages have several."""
_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Answer:
    """The truth about one URL: what a crawler that asks for it must find."""

    status: int
    content: bytes = b""
    """The file that a reader saves: after both codings are removed."""
    media_type: str = "text/html"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    validators: bool = True
    """Whether it carries an ETag and answers conditional requests."""
    gzip: bool = False
    chunked: bool = False
    cut: int | None = None
    """Where set, the server closes the connection after so many bytes of the body."""

    @property
    def reason(self) -> str:
        return _REASONS.get(self.status, "Unknown Error")

    @property
    def location(self) -> str | None:
        """The target of a redirect, as sent."""
        return next((v.decode() for k, v in self.headers if k == b"Location"), None)

    @property
    def etag(self) -> bytes:
        return b'"%x-%08x"' % (len(self.content), zlib.crc32(self.content))

    def wire(self, *, body: bool = True) -> bytes:
        """The answer as it crosses the wire, `cut` included; the head alone for HEAD."""
        data = gzip.compress(self.content, 6, mtime=0) if self.gzip else self.content
        fields = [(b"Server", b"Tengine"), (b"Content-Type", self.media_type.encode())]
        if self.validators and self.status == 200:
            fields.append((b"ETag", self.etag))
        fields += self.headers
        if self.gzip:
            fields.append((b"Content-Encoding", b"gzip"))
        if self.chunked:
            fields.append((b"Transfer-Encoding", b"chunked"))
            data = b"".join(_chunks(data))
        else:
            fields.append((b"Content-Length", b"%d" % len(data)))
        head = _head(self.status, self.reason, fields)
        return head + data[: self.cut] if body else head

    def not_modified(self) -> bytes:
        """The 304 for a reader who holds these bytes already (RFC 9110, 15.4.5)."""
        kept = tuple((k, v) for k, v in self.headers if k == b"Last-Modified")
        return _head(304, "Not Modified", ((b"Server", b"Tengine"), (b"ETag", self.etag), *kept))


def _head(status: int, reason: str, fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    lines = b"".join(b"%s: %s\r\n" % (name, value) for name, value in fields)
    return f"HTTP/1.1 {status} {reason}\r\n".encode() + lines + b"\r\n"


def _chunks(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), CHUNK):
        part = data[start : start + CHUNK]
        yield b"%x\r\n%s\r\n" % (len(part), part)
    yield b"0\r\n\r\n"
