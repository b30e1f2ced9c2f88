"""One record, one gzip member (WARC 1.1, annex D): packing, unpacking, and the digests of both.

What is compressed already goes into stored gzip blocks, for deflating it costs time at every later
reading and saves nothing; text goes into fast ones. Packing is deterministic: a spooled record is
packed twice, once for its digests, which stand before it in the file, and once to be written.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from blake3 import blake3
from isal import isal_zlib

from archive.digest import Digests, Hasher
from archive.errors import RecordError, StorageError, Where
from archive.warc import CHUNK, END, AnyRecord, Stream, chunks, encode_head

MAGIC = b"\x1f\x8b\x08"
UnpackError: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stub says instance
GZIP = 31
"""The `wbits` of zlib that means a gzip header and trailer."""
STORED, FAST = 0, 2
"""Levels: stored blocks, which we frame ourselves, and the best of isal's fast ones on text."""
STORED_HEAD = MAGIC + bytes(6) + b"\xff"
"""The gzip header of no name, no time and no known system (RFC 1952, 2.3)."""
STORED_BLOCK = 0xFFFF
"""Bytes of the largest stored block (RFC 1951, 3.2.4)."""
STORED_LAST = b"\x01\x00\x00\xff\xff"
"""An empty block that says it is the last."""
WINDOW = 1 << 12
"""Bytes looked at first when a member's end is not known: most statements fit."""
SAMPLES, SAMPLE = 8, 4096
"""Pieces of a block, an eighth of it at most, and bytes of each at most, that tell whether packing it
is worth while. Files have parts of either kind: a few short pieces mislead."""
WORTH = 0.8
"""What packing must bring a sample down to. PDF and images come to 0.85 at best, and inflating them
would cost every later verification more than their capture."""
SMALL = 1 << 12
"""Bytes of a block below which there is nothing to be saved: most statements."""


@dataclass(frozen=True, slots=True)
class Member:
    """A record as it lies in a file: its packed bytes' digests, and those of its plain bytes.

    `data` is `None` for a spooled record, whose bytes `packed` streams from the disk.
    """

    record: AnyRecord
    head: bytes
    level: int
    stored: Digests
    plain: Digests
    data: bytes | None

    def packed(self) -> Iterator[bytes]:
        """The member's bytes. Raises `StorageError` where a spool has changed since its digests."""
        if self.data is not None:
            yield self.data
            return
        hasher = blake3()
        for chunk in _pack(_plain(self.head, self.record), self.level):
            hasher.update(chunk)
            yield chunk
        if hasher.digest() != self.stored.blake3:
            raise StorageError(f"the spooled block of {self.record.id} changed while it was stored")


def encode(record: AnyRecord, warcinfo: str | None = None) -> Member:
    """Pack a record; one in memory is packed once, a spooled one is only measured."""
    head = encode_head(record, warcinfo)
    block = record.block
    if isinstance(block, bytes):
        level = _level(block)
        data, plain = _encoded((head, block, END), level)
        return Member(record, head, level, Digests.of(data), plain, data)
    level = _level(_first(block))
    hasher = Hasher()
    stored = Digests.of_all(_pack(_hashed(_plain(head, record), hasher), level))
    return Member(record, head, level, stored, hasher.digests(), None)


def inflate(view: mmap.mmap, at: int, limit: int, where: Where) -> tuple[bytes, int]:
    """The plain bytes of the member at `at`, and where it ends.

    Raises `RecordError` where no whole member is there or its plain bytes are more than `limit`.
    """
    if view[at : at + len(MAGIC)] != MAGIC:
        raise RecordError("not the start of a gzip member", where=where)
    unpack = isal_zlib.decompressobj(GZIP)
    plain = b""
    window = WINDOW
    try:
        while not unpack.eof:
            piece = view[at : at + window]
            if not piece:
                raise RecordError("a record is cut short", where=where)
            plain += unpack.decompress(piece, limit - len(plain) + 1)
            if len(plain) > limit:
                raise RecordError(f"a record of more than {limit} bytes", where=where)
            at += len(piece)
            window *= 2
    except UnpackError as error:
        raise RecordError(f"a damaged gzip member: {error}", where=where) from error
    return plain, at - len(unpack.unused_data)


def inflated(packed: Iterable[bytes], where: Where) -> Iterator[bytes]:
    """The plain bytes of exactly one member, at most `CHUNK` at a time, whatever it inflates to.

    Raises `RecordError` where `packed` is damaged, less than a member or more.
    """
    unpack = isal_zlib.decompressobj(GZIP)
    try:
        for part in packed:
            rest = part
            full = True
            while full and not unpack.eof:
                plain = unpack.decompress(rest, CHUNK)
                rest = unpack.unconsumed_tail
                full = len(plain) == CHUNK or bool(rest)
                yield plain
    except UnpackError as error:
        raise RecordError(f"a damaged gzip member: {error}", where=where) from error
    if not unpack.eof:
        raise RecordError("a record is cut short", where=where)
    if unpack.unused_data:
        raise RecordError("a record is shorter than its place", where=where)


def _plain(head: bytes, record: AnyRecord) -> Iterator[bytes]:
    yield head
    yield from chunks(record.block)
    yield END


def _hashed(parts: Iterator[bytes], hasher: Hasher) -> Iterator[bytes]:
    for part in parts:
        hasher.update(part)
        yield part


def _encoded(parts: tuple[bytes, ...], level: int) -> tuple[bytes, Digests]:
    """The member of a record in memory, and the digests of its plain bytes."""
    if level == STORED:  # which is the large ones: copied once
        return b"".join(chain.from_iterable(_stored(parts))), Digests.of_all(parts)
    plain = b"".join(parts)
    return isal_zlib.compress(plain, level, GZIP), Digests.of(plain)


def _pack(parts: Iterator[bytes], level: int) -> Iterator[bytes]:
    return map(b"".join, _stored(parts)) if level == STORED else _deflated(parts, level)


def _stored(parts: Iterable[bytes]) -> Iterator[Iterable[bytes | memoryview]]:
    """A member of stored blocks: nothing but frames around the bytes (RFC 1951, 3.2.4)."""
    yield (STORED_HEAD,)
    crc = length = 0
    for part in parts:
        crc = isal_zlib.crc32(part, crc)
        length += len(part)
        yield _stored_blocks(part)
    yield (_stored_end(crc, length),)


def _stored_blocks(part: bytes) -> Iterator[bytes | memoryview]:
    view = memoryview(part)
    for at in range(0, len(part), STORED_BLOCK):
        piece = view[at : at + STORED_BLOCK]
        yield struct.pack("<BHH", 0, len(piece), len(piece) ^ 0xFFFF)
        yield piece


def _stored_end(crc: int, length: int) -> bytes:
    """The last block, and the gzip trailer: CRC-32 and length of the plain bytes."""
    return STORED_LAST + struct.pack("<II", crc, length & 0xFFFFFFFF)


def _deflated(parts: Iterator[bytes], level: int) -> Iterator[bytes]:
    packer = isal_zlib.compressobj(level, isal_zlib.DEFLATED, GZIP)
    for part in parts:
        packed = packer.compress(part)
        if packed:
            yield packed
    yield packer.flush()


def _level(block: bytes) -> int:
    """Which packing suits a block, by what its bytes say: headers may lie, a sample does not."""
    size = len(block)
    if size < SMALL:
        return FAST
    piece = min(SAMPLE, size // SAMPLES**2)
    step = (size - piece) // SAMPLES
    sample = b"".join(block[at : at + piece] for at in range(step, size - piece + 1, step))
    packed = len(isal_zlib.compress(sample, 1, GZIP))
    return STORED if packed > WORTH * len(sample) else FAST


def _first(block: Stream) -> bytes:
    return next(iter(block.chunks()), b"")
