"""A tolerant reader of HTTP/1.x answers that never alters what it reads (RFC 9112).

It serves the wire, piece by piece, and everybody who later opens a stored block. What other parsers
reject is read here as browsers do and named in `flaws`: an archive keeps the answer that was given,
not the one that the standard asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from archive.http1_body import Body, Chunked, Length, UntilClose

HEAD_LIMIT = 1 << 20
"""Bytes of all heads of one answer (interim ones and trailers too) before it is `over-limit`."""

Fields = list[tuple[bytes, bytes]]
"""Header fields in the order sent: name and value without the spaces around them, folded lines
joined by a space. A line without a colon has the empty name, so that no look-up finds it."""

_STATUS_LINE = re.compile(rb"(HTTP/[^ \t]*)[ \t]*(\d{3}(?!\d))?[ \t]*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Head:
    """The final head of an answer. An answer without a status line has no version and no status."""

    version: bytes
    status: int | None
    reason: bytes
    fields: Fields
    start: int
    """Offset of its status line: after the interim heads."""
    end: int
    """Offset of the first byte of the body."""


@dataclass(frozen=True, slots=True)
class Message:
    """A whole stored answer, taken apart."""

    head: Head | None
    """`None` where not one byte came."""
    body_start: int
    body_end: int
    payload: bytes
    """The body without chunk framing, as far as it can be told."""
    complete: bool
    trailing: int
    """Bytes that came after the message's end."""
    framing: str
    flaws: tuple[str, ...]


def split(block: bytes, method: str = "GET") -> Message:
    """Take a stored block apart; `method` is the request's, for an answer to HEAD has no body."""
    reader = ResponseReader(method)
    pieces = [*reader.feed(block), *reader.eof()]
    return _message(block, reader, pieces)


def split_as_read(block: bytes, reader: ResponseReader) -> Message:
    """Take apart a block whose bytes were fed to `reader` as they came, without reading it again."""
    if reader.framing == "chunked":
        return split(block, reader.method)
    return _message(block, reader, [])


def _message(block: bytes, reader: ResponseReader, pieces: list[memoryview]) -> Message:
    start = reader.head.end if reader.head else 0
    end = len(block) if reader.end is None else reader.end
    return Message(
        head=reader.head,
        body_start=start,
        body_end=end,
        payload=b"".join(pieces) if reader.framing == "chunked" else block[start:end],
        complete=reader.complete,
        trailing=len(block) - end,
        framing=reader.framing,
        flaws=tuple(reader.flaws),
    )


def header(fields: Fields, name: bytes) -> bytes | None:
    """The first value of the field `name` (lower case), or `None`."""
    length = len(name)
    for found, value in fields:
        if len(found) == length and found.lower() == name:
            return value
    return None


def headers(fields: Fields, name: bytes) -> list[bytes]:
    """All values of the field `name` (lower case), comma lists taken apart (RFC 9110, 5.6.1)."""
    length = len(name)
    values = [value for found, value in fields if len(found) == length and found.lower() == name]
    return [part.strip() for value in values for part in value.split(b",") if part.strip()]


def keeps_alive(head: Head) -> bool:
    """Whether the server means to keep the connection open after this answer (RFC 9112, 9.3)."""
    said = {value.lower() for value in headers(head.fields, b"connection")}
    return b"close" not in said and (head.version == b"HTTP/1.1" or b"keep-alive" in said)


class ResponseReader:
    """Reads one answer as its bytes come.

    `flaws` names what the standard forbids: `head-cut`, `bad-length`, `length-and-chunked`,
    `bad-chunk` (the payload cannot be told), `over-limit` (heads without an end).
    """

    def __init__(self, method: str = "GET", head_limit: int = HEAD_LIMIT) -> None:
        self.head: Head | None = None
        self.complete = False
        self.end: int | None = None
        """Offset of the message's end, once it is known."""
        self.framing = "none"
        """`none`, `length`, `chunked` or `close`: how the end of the body is told."""
        self.flaws: list[str] = []
        self.method = method
        self._head_limit = head_limit
        self._received = 0
        self._pending = bytearray()
        self._pending_at = 0
        self._body: Body | None = None

    def feed(self, data: bytes) -> list[memoryview]:
        """Take the next bytes; gives the pieces of payload among them, as views of `data`."""
        self._received += len(data)
        if self._body is None:
            rest = self._read_heads(data)
            if rest is None or self._body is None:
                return []
        else:
            rest = memoryview(data)
        if self.complete:
            return []
        used, pieces = self._body.take(rest)
        self._note(self._body)
        if self._body.done:
            self._finish(self._received - len(rest) + used)
        return pieces

    def eof(self) -> list[memoryview]:
        """The connection ended: a close-delimited answer is now complete, any other was cut.

        Gives what was held back as the possible start of a head and is payload after all.
        """
        if self.complete or self._received == 0:
            return []
        if self.head is None:
            held = bytes(self._pending)
            self._end_inside_head()
            return [memoryview(held)] if self.framing == "close" else []
        if self.framing == "close" or "bad-chunk" in self.flaws:
            self._finish(self._received)
        return []

    @property
    def over_limit(self) -> bool:
        return "over-limit" in self.flaws

    def _read_heads(self, data: bytes) -> memoryview | None:
        """Step over interim heads to the final one; `None` while its end has not come."""
        if self._pending:
            looked = max(0, len(self._pending) - 3)
            self._pending += data
            if self._pending.startswith(b"HTTP/") and _head_end(self._pending, looked) < 0:
                self._check_limit()  # bytes that come one by one are not searched again and again
                return None
            data = bytes(self._pending)
        at = 0
        while True:
            if data[at : at + 5] != b"HTTP/":
                if len(data) - at < 5 and b"HTTP/".startswith(data[at:]):
                    break
                self._begin(Head(b"", None, b"", [], self._pending_at + at, self._pending_at + at))
                return memoryview(data)[at:]
            end = _head_end(data, at)
            if end < 0:
                break
            head = _parse(data[at:end], self._pending_at + at)
            at = end
            if head.status is None or not 100 <= head.status < 200 or head.status == 101:
                self._begin(head)
                return memoryview(data)[at:]
        self._pending, self._pending_at = bytearray(data[at:]), self._pending_at + at
        self._check_limit()
        return None

    def _check_limit(self) -> None:
        if self._received > self._head_limit and not self.over_limit:
            self.flaws.append("over-limit")

    def _begin(self, head: Head) -> None:
        self.head = head
        self._pending.clear()
        self._body, self.framing = self._framed(head)
        if self._body.done:
            self._finish(head.end)

    def _framed(self, head: Head) -> tuple[Body, str]:
        """How the body ends (RFC 9112, 6.3), doubtful lengths read as the connection's end."""
        status = head.status or 0
        if (
            self.method == "HEAD"
            or status in (204, 304)
            or (self.method == "CONNECT" and 200 <= status < 300)
        ):
            return Length(0), "none"
        lengths = headers(head.fields, b"content-length")
        codings = headers(head.fields, b"transfer-encoding")
        if codings:
            if lengths:
                self.flaws.append("length-and-chunked")
            if codings[-1].lower() == b"chunked":
                return Chunked(self._head_limit), "chunked"
            return UntilClose(), "close"
        if not lengths:
            return UntilClose(), "close"
        if len(set(lengths)) == 1 and lengths[0].isdigit() and len(lengths[0]) < 19:
            return Length(int(lengths[0])), "length"
        self.flaws.append("bad-length")
        return UntilClose(), "close"

    def _end_inside_head(self) -> None:
        start, end = self._pending_at, self._received
        if self._pending.startswith(b"HTTP/"):
            self.head = _parse(bytes(self._pending), start)
            self.flaws.append("head-cut")
        elif start == 0:
            self._begin(Head(b"", None, b"", [], 0, 0))
            self._finish(end)
        else:
            self.head = Head(b"", None, b"", [], start, start)
            self.flaws.append("head-cut")

    def _note(self, body: Body) -> None:
        if body.flaw and body.flaw not in self.flaws:
            self.flaws.append(body.flaw)

    def _finish(self, end: int) -> None:
        self.complete = True
        self.end = end


def _head_end(data: bytes | bytearray, start: int) -> int:
    """Offset after the first empty line, ended by CRLF or LF alone; -1 while there is none."""
    crlf = data.find(b"\n\r\n", start)
    lf = data.find(b"\n\n", start, crlf if crlf >= 0 else len(data))
    if lf >= 0:
        return lf + 2
    return crlf + 3 if crlf >= 0 else -1


def _parse(raw: bytes, start: int) -> Head:
    first, *lines = raw.split(b"\n")
    found = _STATUS_LINE.fullmatch(first.rstrip(b"\r"))
    assert found is not None  # every head begins with HTTP/
    status = int(found[2]) if found[2] else None
    return Head(found[1], status, found[3], _fields(lines), start, start + len(raw))


def _fields(lines: Iterable[bytes]) -> Fields:
    fields: Fields = []
    for line in lines:
        plain = line.strip()
        if not plain:
            continue
        if line[0] in b" \t" and fields:
            name, value = fields[-1]
            fields[-1] = (name, value + b" " + plain)
            continue
        name, colon, value = plain.partition(b":")
        fields.append((name.rstrip(), value.lstrip()) if colon else (b"", plain))
    return fields
