"""Reading our own files: groups by their statements, and single records.

`groups` inflates the statements alone and steps over the rest by the lengths that they give, so an
archive is scanned at the speed of its statements. What the skipped bytes are worth is for fixity
to say; here only their places are checked. Files made by others are read by `archive.foreign`.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from blake3 import blake3

from archive.digest import Digests
from archive.errors import RecordError, Where, reading
from archive.evidence.leaf import SALT, entry, parse_salt
from archive.group import STATEMENT_LIMIT
from archive.ident import ident
from archive.member import MAGIC, inflate
from archive.record import ReadRecord, read_record
from archive.stored import StoredGroup, StoredRecord, sealed_name
from archive.warc import END, header, parse_head

READ_AGAIN = 16 << 20
"""Bytes of a file that stay in memory behind the group just read."""

__all__ = [
    "ReadRecord",
    "StoredGroup",
    "StoredRecord",
    "after_warcinfo",
    "groups",
    "mapped",
    "read_record",
]


def groups(path: Path, start: int = 0) -> Iterator[StoredGroup]:
    """The groups of a file, from the offset `start` on, which is a group's (or the file's) start.

    Raises `RecordError` with file and offset where a group cannot be read or is not there whole.
    """
    with mapped(path) as view:
        at = start or after_warcinfo(path, view)
        held = 0
        while at < len(view):
            group = _group(path, view, at)
            yield group
            at = group.end
            if at - held > READ_AGAIN:
                held = _let_go(view, at)


def _let_go(view: mmap.mmap, until: int) -> int:
    """Give back the memory of what was read, which else would grow to the size of the file."""
    whole_pages = until - until % mmap.PAGESIZE
    if whole_pages:
        view.madvise(mmap.MADV_DONTNEED, 0, whole_pages)
    return whole_pages


@contextmanager
def mapped(path: Path) -> Iterator[mmap.mmap]:
    """The bytes of a file. Raises `RecordError` where there are none."""
    with reading(path), path.open("rb") as file:
        try:
            view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:
            raise RecordError("the file is empty", where=Where(path, 0)) from None
    with view:
        yield view


def after_warcinfo(path: Path, view: mmap.mmap) -> int:
    """Where the first group starts: after the warcinfo record (WARC 1.1, 6.2)."""
    plain, end = inflate(view, 0, STATEMENT_LIMIT, Where(path, 0))
    if header(parse_head(plain, Where(path, 0))[0], "WARC-Type") != "warcinfo":
        raise RecordError("the file does not start with a warcinfo record", where=Where(path, 0))
    return end


def _group(path: Path, view: mmap.mmap, at: int) -> StoredGroup:
    where = Where(path, at)
    plain, end = inflate(view, at, STATEMENT_LIMIT, where)
    headers, start = parse_head(plain, where)
    named = {name.lower(): value for name, value in headers}
    id_ = named.get("warc-record-id", "").strip("<>")
    if named.get("warc-type") != "metadata":
        raise RecordError("a group does not start with its metadata record", where=where)
    if named.get("content-length") != str(len(plain) - start - len(END)):
        raise RecordError("a metadata record of another length than it says", where=where)
    try:
        leaf = plain[start : -len(END)]
        raw = orjson.loads(leaf)
        lengths = [listed["stored"]["length"] for listed in raw["records"]]
        if raw["id"] != ident(id_):
            raise ValueError("the statement is another record's")
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(f"a malformed statement: {error}", where=where) from error
    metadata = StoredRecord(
        file=sealed_name(path.name),
        offset=at,
        length=end - at,
        type="metadata",
        id=id_,
        stored=Digests.of(view[at:end]),
        plain_length=len(plain),
        plain_blake3=blake3(plain).digest(),
        uri=named.get("warc-target-uri"),
    )
    committed = entry(parse_salt(named.get(SALT.lower()), where), leaf)
    return StoredGroup(metadata, _skip(path, view, end, lengths) - at, raw["id"], raw, committed)


def _skip(path: Path, view: mmap.mmap, at: int, lengths: list[Any]) -> int:
    """The end of members of these lengths, each of which must at least be there."""
    for length in lengths:
        if type(length) is not int or length <= 0:
            raise RecordError(f"a record's stored length is {length!r}", where=Where(path, at))
        if view[at : at + len(MAGIC)] != MAGIC:
            raise RecordError("a listed record is missing", where=Where(path, at))
        at += length
        if at > len(view):
            raise RecordError("a record is cut short", where=Where(path, at - length))
    return at
