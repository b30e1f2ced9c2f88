"""Reading a damaged file: one bad group must not hide those behind it.

A statement that cannot be read no longer tells where the next group starts. It is looked for: the
next gzip member that is a metadata record of this same file and whose listed records follow it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from archive.errors import RecordError
from archive.member import GZIP, MAGIC
from archive.reader import after_warcinfo, groups, mapped
from archive.record import read_record
from archive.stored import StoredGroup
from archive.warc import header

PEEK = 1 << 10
"""Plain bytes that show which record a member is."""


def salvage(path: Path) -> Iterator[StoredGroup | RecordError]:
    """The groups of a file in order, with a `RecordError` in the place of each damage.

    Raises `RecordError` only where the file is not there or empty.
    """
    at = 0
    while True:
        try:
            for group in groups(path, at):
                yield group
                at = group.end
        except RecordError as error:
            yield error
            found = _next_group(path, at + 1)
            if found is None:
                return
            at = found
        else:
            return


def _next_group(path: Path, start: int) -> int | None:
    """Where the first whole group at or after `start` lies."""
    warcinfo = _warcinfo(path)
    with mapped(path) as view:
        at = view.find(MAGIC, start)
        while at >= 0:
            if _shows_metadata(view[at : at + PEEK], warcinfo) and _is_group(path, at):
                return at
            at = view.find(MAGIC, at + 1)
    return None


def _warcinfo(path: Path) -> str | None:
    """The id of the file's warcinfo record, or `None` where that is damaged itself."""
    try:
        with mapped(path) as view:
            length = after_warcinfo(path, view)
        return header(read_record(path, 0, length).headers, "WARC-Record-ID")
    except RecordError:
        return None


def _shows_metadata(packed: bytes, warcinfo: str | None) -> bool:
    """A foreign statement, imported with its record, names another file's warcinfo."""
    try:
        plain = zlib.decompressobj(GZIP).decompress(packed, PEEK)
    except zlib.error:
        return False
    of_this_file = warcinfo is None or f"WARC-Warcinfo-ID: {warcinfo}".encode() in plain
    return b"\r\nWARC-Type: metadata\r\n" in plain and of_this_file


def _is_group(path: Path, at: int) -> bool:
    try:
        next(groups(path, at))
    except RecordError:
        return False
    return True
