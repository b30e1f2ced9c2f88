"""The layers of a message and of a stored record, taken apart piece by piece.

What is in memory is read there; what is not is read anew for each layer, so that memory stays flat
whatever a record holds.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import chain
from typing import cast

import deflate

from archive.coding import codings, decoded
from archive.errors import RecordError, Where
from archive.expected import Expected
from archive.http1 import ResponseReader
from archive.member import inflated
from archive.record import HEAD_LIMIT
from archive.warc import CHUNK, END

IN_MEMORY = 64 << 20
"""Plain bytes of the largest record that is held whole."""
FIRST = 1 << 14
"""Bytes of a block that are copied at a time until its head is over: the rest is read as a view."""

Pieces = Iterator[bytes | memoryview]


class Message:
    """A block that holds an HTTP answer to `method`; with no method its layers are all the block.

    `block` gives the block's pieces each time that it is called: one, where it is in memory.
    """

    def __init__(self, block: Callable[[], Pieces], method: str) -> None:
        self._block = block
        self.method = method

    @cached_property
    def reader(self) -> ResponseReader:
        """The whole block as it was read: head, framing, end, flaws."""
        reader = ResponseReader(self.method)
        for _ in _fed(reader, self._block()):
            pass
        reader.eof()
        return reader

    @cached_property
    def codings(self) -> tuple[str, ...]:
        head = self.reader.head
        return codings(head.fields) if head else ()

    def distinct(self, layer: str) -> str:
        """The outermost layer with the same bytes, so that they are hashed once."""
        if not self.method:
            return "block"
        same_body = layer == "body" and self.reader.framing != "chunked"
        same_content = layer == "content" and not self.codings
        return "payload" if same_body or same_content else layer

    def layer(self, name: str) -> Pieces:
        """The bytes of a layer. Raises `CodingError` where a content does not decode."""
        if name == "block" or not self.method:
            return self._block()
        if name == "body":
            return self._body()
        if name == "content":
            return iter(decoded((bytes(piece) for piece in self._payload()), self.codings))
        return self._payload()

    def _body(self) -> Pieces:
        """The message after its head, framing included, without bytes that came after its end."""
        start = self.reader.head.end if self.reader.head else 0
        end = self.reader.end
        at = 0
        for piece in self._block():
            stop = None if end is None else max(end - at, 0)
            yield memoryview(piece)[max(start - at, 0) : stop]
            at += len(piece)

    def _payload(self) -> Pieces:
        """The body without its transfer coding."""
        if self.reader.framing in {"length", "close"}:
            return self._body()
        return _fed(ResponseReader(self.method), self._block())


def _fed(reader: ResponseReader, block: Pieces) -> Pieces:
    """The payload in a block, as views of its pieces."""
    for piece in block:
        rest = memoryview(piece)
        while rest and reader.head is None:
            yield from reader.feed(bytes(rest[:FIRST]))
            rest = rest[FIRST:]
        if rest:
            yield from reader.feed(cast("bytes", rest))  # a view will do once the head is over


class PlainRecord:
    """The plain bytes of a stored record, and the message inside it.

    Everything raises `RecordError`, with the place, where the member is damaged or is no record.
    """

    def __init__(self, view: mmap.mmap, expected: Expected) -> None:
        self._view = view
        self._expected = expected
        self._where = Where(expected.file, expected.offset)
        self._whole = self._inflate() if expected.plain_length <= IN_MEMORY else None

    def message(self) -> Message:
        """The message inside. It is not kept: record and message would keep each other in memory."""
        return Message(self._block, self._expected.method)

    def pieces(self) -> Iterator[bytes | bytearray]:
        """Header, block and closing line ends."""
        if self._whole is not None:
            return iter((self._whole,))
        return inflated(self._packed(), self._where)

    def _block(self) -> Pieces:
        """What is between the header and the closing line ends."""
        pieces = self.pieces()
        begin = next(pieces)
        while (found := begin.find(END, 0, HEAD_LIMIT)) < 0:
            more = next(pieces, None)
            if more is None or len(begin) > HEAD_LIMIT:
                raise RecordError("not a WARC record", where=self._where)
            begin = bytes(begin) + more
        start = found + len(END)
        left = self._expected.plain_length - start - len(END)
        for piece in chain((memoryview(begin)[start:],), pieces):
            yield memoryview(piece)[:left]
            left -= min(left, len(piece))

    def _inflate(self) -> bytearray:
        start, end = self._expected.offset, self._expected.offset + self._expected.length
        with memoryview(self._view) as whole, whole[start:end] as packed:
            try:
                return deflate.gzip_decompress(packed, self._expected.plain_length)
            except (deflate.DeflateError, ValueError) as error:
                what = f"a damaged gzip member: {error}"
                raise RecordError(what, where=self._where) from error

    def _packed(self) -> Iterator[bytes]:
        end = self._expected.offset + self._expected.length
        for at in range(self._expected.offset, end, CHUNK):
            yield self._view[at : min(at + CHUNK, end)]
