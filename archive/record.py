"""Reading one record, whose place is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archive.errors import RecordError, Where, reading
from archive.member import inflated
from archive.warc import CHUNK, END, Block, Headers, header, parse_head

IN_MEMORY = 16 << 20
"""Bytes of the largest block that is read whole; a larger one is streamed."""
HEAD_LIMIT = 1 << 20
"""Bytes of a record's head: ours have a few hundred."""


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A record as stored. `block` is exact; a large one is read, and checked, chunk by chunk."""

    headers: Headers
    block: Block

    def header(self, name: str) -> str | None:
        return header(self.headers, name)


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """A large block where it lies. `chunks` raises `RecordError` where it is not whole."""

    path: Path
    offset: int
    stored_length: int
    start: int
    length: int

    def chunks(self) -> Iterator[bytes]:
        where = Where(self.path, self.offset)
        skip, left, tail = self.start, self.length, b""
        for plain in plain_bytes(self.path, self.offset, self.stored_length):
            body = plain[skip:]
            skip -= min(skip, len(plain))
            tail += body[left:]
            if len(tail) > len(END):
                break
            if body[:left]:
                yield body[:left]
            left -= min(left, len(body))
        if left or tail != END:
            raise RecordError("a record of another length than it says", where=where)


def read_record(path: Path, offset: int, length: int) -> ReadRecord:
    """The record whose member takes `length` bytes at `offset`.

    Raises `RecordError` with file and offset where no whole record is exactly there. Digests are
    for fixity to compare.
    """
    where = Where(path, offset)
    parts = plain_bytes(path, offset, length)
    plain = b""
    while END not in plain:
        if len(plain) > HEAD_LIMIT:
            raise RecordError("a record's head does not end", where=where)
        piece = next(parts, None)
        if piece is None:
            raise RecordError("not a WARC record", where=where)
        plain += piece
    headers, start = parse_head(plain, where)
    stated = header(headers, "Content-Length") or ""
    if not (stated.isascii() and stated.isdigit()):
        raise RecordError(f"a record's Content-Length is {stated!r}", where=where)
    size = int(stated)
    if size > IN_MEMORY:
        return ReadRecord(headers, StoredBlock(path, offset, length, start, size))
    held = [plain]
    for piece in parts:
        held.append(piece)
        if sum(map(len, held)) > start + size + len(END):
            break
    plain = b"".join(held)
    if len(plain) != start + size + len(END) or not plain.endswith(END):
        raise RecordError("a record of another length than it says", where=where)
    return ReadRecord(headers, plain[start : -len(END)])


def plain_bytes(path: Path, offset: int, length: int) -> Iterator[bytes]:
    """The record with its WARC head, as it is without compression. Raises `RecordError`."""
    return inflated(packed_bytes(path, offset, length), Where(path, offset))


def packed_bytes(path: Path, offset: int, length: int) -> Iterator[bytes]:
    """The bytes of a file as they lie there. Raises `RecordError` where it has fewer."""
    with reading(path), path.open("rb") as file:
        file.seek(offset)
        while length:
            chunk = file.read(min(CHUNK, length))
            if not chunk:
                raise RecordError("the file ends within a record", where=Where(path, offset))
            length -= len(chunk)
            yield chunk
