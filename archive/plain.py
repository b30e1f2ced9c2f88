"""The uncompressed bytes of any archive file, read forward, each with its place in the file.

Plain, gzip (one member a record, or one for all), zstd (frames, with the dictionary of the IIPC
proposal) and lz4. Damage never hides what came before it: the bytes end there, and `damage` says
what is wrong and at which byte of the file, so that a caller reads all that can be read.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import IO, BinaryIO, cast

import zstandard
from fastwarc.stream_io import Lz4Reader
from isal import isal_zlib

from archive.errors import DamagedError, RecordError, Where
from archive.member import GZIP, UnpackError

PIECE = 1 << 16
PLAIN_PIECE = 1 << 18
ZSTD_PIECE = 1 << 11
"""zstd grows up to 32,000 times and cannot be told to stop, so it gets small pieces."""
LINE_LIMIT = 1 << 20
BOMB_FLOOR = 1 << 30
BOMB_RATIO = 250
"""An archive that grows beyond 1 GiB and to more than 250 times its size is taken for a bomb."""

Piece = tuple[int | None, bytes]
"""Bytes, and where in the file a member (or frame) began if these are its first."""


class PlainReader:
    """Reads the plain bytes of an archive file forward.

    `name` stands in error messages. `position` counts plain bytes; `place` gives the member of the
    file that holds the next byte.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self.name = name
        self.position = 0
        self.damage: DamagedError | None = None
        self._buffer = bytearray()
        self._members: deque[tuple[int, int]] = deque([(0, 0)])
        self._source = _Source(file, name)
        head = self._source.read(4)
        self._source.unread(head)
        self.coding, decode = _coding(head)
        self._pieces: Iterator[Piece] | None = decode(self._source)

    def place(self) -> tuple[int, bool]:
        """Offset in the file of the member that holds the next byte, and whether it starts it."""
        if self.coding == "plain":
            return self.position, True
        if self.coding == "lz4":
            return 0, True  # its reader does not tell frames apart
        self._fill(1)
        while len(self._members) > 1 and self._members[1][0] <= self.position:
            self._members.popleft()
        plain, offset = self._members[0]
        return offset, plain == self.position

    def at_end(self) -> bool:
        return not self._fill(1)

    def peek(self, length: int) -> bytes:
        self._fill(length)
        return bytes(self._buffer[:length])

    def read(self, length: int) -> bytes:
        """Up to `length` bytes; fewer only where the bytes end."""
        self._fill(length)
        data = bytes(self._buffer[:length])
        del self._buffer[:length]
        self.position += len(data)
        return data

    def peek_line(self, limit: int = 1 << 13) -> bytes:
        """The next line, cut at `limit` bytes; it stays unread."""
        while (end := self._buffer.find(b"\n", 0, limit)) < 0:
            have = len(self._buffer)
            if have >= limit or not self._fill(have + 1):
                break
        return bytes(self._buffer[: end + 1 if end >= 0 else limit])

    def readline(self, limit: int = LINE_LIMIT) -> bytes:
        """The next line with its end; cut at `limit` bytes, or where the bytes end."""
        looked = 0
        while (end := self._buffer.find(b"\n", looked, limit)) < 0:
            looked = len(self._buffer)
            if looked >= limit or not self._fill(looked + 1):
                return self.read(min(looked, limit))
        return self.read(end + 1)

    def _fill(self, length: int) -> bool:
        while len(self._buffer) < length and self._pieces is not None:
            try:
                begun, data = next(self._pieces)
            except StopIteration:
                self._pieces = None
                break
            except DamagedError as error:
                self.damage, self._pieces = error, None
                break
            end = self.position + len(self._buffer)
            if begun is not None:
                self._members.append((end, begun))
            self._buffer += data
            self._refuse_bomb(end + len(data))
        return len(self._buffer) >= length

    def _refuse_bomb(self, plain: int) -> None:
        if plain > BOMB_FLOOR and plain > BOMB_RATIO * self._source.consumed:
            where = Where(self.name, self._source.consumed)
            self.damage = RecordError("over-limit: grows like a decompression bomb", where=where)
            self._pieces = None


class _Source:
    """The file as it lies, with bytes pushed back, and the count of those used."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self.name = name
        self.consumed = 0
        self._file = file
        self._back = b""

    def read(self, size: int = PIECE) -> bytes:
        try:
            data = self._back
            if len(data) < size:
                data += self._file.read(size - len(data))
        except (OSError, EOFError, zlib.error, ValueError) as error:
            raise RecordError(f"cannot be read: {error}", where=self.where()) from error
        self._back = data[size:]
        data = data[:size]
        self.consumed += len(data)
        return data

    def unread(self, data: bytes) -> None:
        self._back = data + self._back
        self.consumed -= len(data)

    def tell(self) -> int:
        return self.consumed

    def where(self, offset: int | None = None) -> Where:
        return Where(self.name, self.consumed if offset is None else offset)


def _coding(head: bytes) -> tuple[str, Callable[[_Source], Iterator[Piece]]]:
    if head[:2] == b"\x1f\x8b":
        return "gzip", _gzip
    if head == b"\x28\xb5\x2f\xfd" or (head[1:] == b"\x2a\x4d\x18" and head[0] >> 4 == 5):
        return "zstd", _zstd
    if head == b"\x04\x22\x4d\x18":
        return "lz4", _lz4
    return "plain", _plain


def _plain(source: _Source) -> Iterator[Piece]:
    while data := source.read(PIECE):
        yield None, data


def _gzip(source: _Source) -> Iterator[Piece]:
    while head := _next_member(source):
        start = source.consumed
        if head != b"\x1f\x8b":
            raise RecordError("bytes that are no gzip member", where=source.where(start))
        begun: int | None = start
        inflater = isal_zlib.decompressobj(GZIP)
        full = False
        while not inflater.eof:
            data = inflater.unconsumed_tail
            if not data and not full:
                data = source.read(PIECE)
                if not data:
                    raise RecordError("the gzip member is cut short", where=source.where(start))
            try:
                plain = inflater.decompress(data, PLAIN_PIECE)
            except UnpackError as error:
                what = f"damaged gzip member: {error}"
                raise RecordError(what, where=source.where(start)) from error
            full = len(plain) >= PLAIN_PIECE  # then more may wait inside, though no input is left
            yield begun, plain
            begun = None
        source.unread(inflater.unused_data)


def _next_member(source: _Source) -> bytes:
    """The first two bytes of what follows, zero padding skipped; they stay unread."""
    while data := source.read(PIECE):
        rest = data.lstrip(b"\0")
        if rest:
            source.unread(rest)
            head = source.read(2)
            source.unread(head)
            return head
    return b""


def _zstd(source: _Source) -> Iterator[Piece]:
    dictionary: zstandard.ZstdCompressionDict | None = None
    while head := source.read(8):
        start = source.consumed - len(head)
        begun: int | None = start
        if head[1:4] == b"\x2a\x4d\x18":
            dictionary = _dictionary(source, head) or dictionary
            continue
        source.unread(head)
        inflater = zstandard.ZstdDecompressor(dict_data=dictionary).decompressobj()
        while not inflater.eof:
            data = source.read(ZSTD_PIECE)
            if not data:
                raise RecordError("the zstd frame is cut short", where=source.where(start))
            try:
                plain = inflater.decompress(data)
            except zstandard.ZstdError as error:
                what = f"damaged zstd frame: {error}"
                raise RecordError(what, where=source.where(start)) from error
            yield begun, plain
            begun = None
        source.unread(inflater.unused_data)


def _dictionary(source: _Source, head: bytes) -> zstandard.ZstdCompressionDict | None:
    """The dictionary of a `.warc.zst`: the first skippable frame, itself perhaps compressed."""
    size = int.from_bytes(head[4:8], "little")
    if size > LINE_LIMIT * 16:
        raise RecordError("over-limit: a skippable zstd frame of this size", where=source.where())
    data = b""
    while len(data) < size and (piece := source.read(size - len(data))):
        data += piece
    if head[0] != 0x5D:
        return None
    try:
        if data[:4] == b"\x28\xb5\x2f\xfd":
            data = zstandard.ZstdDecompressor().decompress(data, max_output_size=LINE_LIMIT * 16)
        return zstandard.ZstdCompressionDict(data)
    except zstandard.ZstdError as error:
        raise RecordError(f"damaged zstd dictionary: {error}", where=source.where()) from error


def _lz4(source: _Source) -> Iterator[Piece]:
    reader = Lz4Reader(cast("BinaryIO", source))  # it only reads and tells
    while True:
        try:
            data = reader.read(PIECE)
        except (OSError, ValueError) as error:
            raise RecordError(f"damaged lz4 frame: {error}", where=source.where()) from error
        if not data:
            return
        yield None, data
