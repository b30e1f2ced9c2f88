"""The layers of a stored record, taken apart again: what fixity hashes.

A record in memory is inflated once. A larger one is inflated anew for each layer, so that memory
stays flat whatever a record holds.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
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
"""Bytes of a block that are copied, to be looked at; the rest is passed on as a view."""

Pieces = Iterator[bytes | memoryview]


class PlainRecord:
    """The plain bytes of a stored record, and the layers inside them.

    Everything raises `RecordError`, with the place, where the member is damaged or is no record.
    """

    def __init__(self, view: mmap.mmap, expected: Expected) -> None:
        self._view = view
        self._expected = expected
        self._where = Where(expected.file, expected.offset)
        self._whole = self._inflate() if expected.plain_length <= IN_MEMORY else None

    def pieces(self) -> Iterator[bytes | bytearray]:
        """Header, block and closing line ends."""
        if self._whole is not None:
            return iter((self._whole,))
        return inflated(self._packed(), self._where)

    def distinct(self, layer: str) -> str:
        """The outermost layer with the same bytes, so that they are hashed once."""
        if not self._expected.method:
            return "block"
        same_body = layer == "body" and self._message.framing != "chunked"
        same_content = layer == "content" and not self._codings
        return "payload" if same_body or same_content else layer

    def layer(self, name: str) -> Pieces:
        """The bytes of a layer. Raises `CodingError` where a content does not decode."""
        if name == "block" or not self._expected.method:
            return self._block()
        if name == "body":
            return self._body()
        if name == "content":
            return iter(decoded((bytes(piece) for piece in self._payload()), self._codings))
        return self._payload()

    def _block(self) -> Pieces:
        """What is between the header and the closing line ends; its first piece is in bytes."""
        pieces = self.pieces()
        begin = next(pieces)
        while (found := begin.find(END, 0, HEAD_LIMIT)) < 0:
            more = next(pieces, None)
            if more is None or len(begin) > HEAD_LIMIT:
                raise RecordError("not a WARC 1.1 record", where=self._where)
            begin += more
        start = found + len(END)
        left = self._expected.plain_length - start - len(END)
        first = bytes(begin[start : start + min(left, FIRST)])
        yield first
        left -= len(first)
        for piece in chain((memoryview(begin)[start + len(first) :],), pieces):
            yield memoryview(piece)[:left]
            left -= min(left, len(piece))

    def _body(self) -> Pieces:
        """The message after its head, framing included, without bytes that came after its end."""
        message = self._message
        start = message.head.end if message.head else 0
        end = self._expected.plain_length if message.end is None else message.end
        at = 0
        for piece in self._block():
            yield memoryview(piece)[max(start - at, 0) : max(end - at, 0)]
            at += len(piece)

    def _payload(self) -> Pieces:
        """The body without its transfer coding."""
        reader = ResponseReader(self._expected.method)
        for piece in self._block():
            yield from reader.feed(cast("bytes", piece))  # a view will do once the head is over

    @cached_property
    def _message(self) -> ResponseReader:
        reader = ResponseReader(self._expected.method)
        for piece in self._block():
            reader.feed(cast("bytes", piece))
        reader.eof()
        return reader

    @cached_property
    def _codings(self) -> tuple[str, ...]:
        head = self._message.head
        return codings(head.fields) if head else ()

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
