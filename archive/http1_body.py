"""How the body of an HTTP/1.x message ends: by length, by chunks, or with the connection (RFC 9112, 6)."""

from __future__ import annotations

import re
from typing import Protocol

LINE_LIMIT = 1 << 14
"""Bytes of the longest line that may give a chunk's size."""

_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)


class Body(Protocol):
    """Takes the bytes after the head."""

    done: bool
    flaw: str
    """`bad-chunk` or `over-limit`: from there on the payload cannot be told."""

    def take(self, view: memoryview) -> tuple[int, list[memoryview]]:
        """How many of these bytes belong to the body, and the payload among them."""


class Length:
    """So many bytes (6.2)."""

    flaw = ""

    def __init__(self, length: int) -> None:
        self._left = length
        self.done = length == 0

    def take(self, view: memoryview) -> tuple[int, list[memoryview]]:
        piece = view[: self._left]
        self._left -= len(piece)
        self.done = self._left == 0
        return len(piece), [piece]


class UntilClose:
    """All that comes until the connection ends (6.3)."""

    done = False
    flaw = ""

    def take(self, view: memoryview) -> tuple[int, list[memoryview]]:
        return len(view), [view]


class Chunked:
    """Chunks with their extensions and trailers (RFC 9112, 7.1), lines ended by CRLF or LF."""

    def __init__(self, trailer_limit: int) -> None:
        self.done = False
        self.flaw = ""
        self._left = 0
        self._line = b""
        self._expect = self._size
        self._trailer_left = trailer_limit

    def take(self, view: memoryview) -> tuple[int, list[memoryview]]:
        pieces: list[memoryview] = []
        at = 0
        while at < len(view) and not self.done:
            if self.flaw:
                return len(view), pieces
            if self._left:
                piece = view[at : at + self._left]
                pieces.append(piece)
                self._left -= len(piece)
                at += len(piece)
            else:
                at = self._take_line(view, at)
        return at, pieces

    def _take_line(self, view: memoryview, at: int) -> int:
        window = bytes(view[at : at + LINE_LIMIT])
        end = window.find(b"\n") + 1
        self._line += window[:end] if end else window
        if end:
            line, self._line = self._line.rstrip(b"\r\n"), b""
            self._expect(line)
        elif len(self._line) > LINE_LIMIT:
            self._fail()
        return at + (end or len(window))

    def _size(self, line: bytes) -> None:
        found = _SIZE.fullmatch(line)
        if found is None:
            self._fail()
            return
        self._left = int(found[1], 16)
        self._expect = self._after_data if self._left else self._trailer

    def _after_data(self, line: bytes) -> None:
        if line:
            self._fail()
        self._expect = self._size

    def _trailer(self, line: bytes) -> None:
        self._trailer_left -= len(line) + 2
        if not line:
            self.done = True
        elif self._trailer_left < 0:
            self.flaw = "over-limit"

    def _fail(self) -> None:
        self.flaw = "bad-chunk"
