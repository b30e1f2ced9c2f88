"""The excerpt: whole groups as plain WARC 1.1, so that coreutils find every byte of a record.

Each record is compared with its leaf on its way; what differs ends the package.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from archive.digest import Digests, Hasher
from archive.errors import RecordError, Where
from archive.package.bag import BagFile
from archive.package.facts import GroupAt
from archive.reader import StoredRecord
from archive.record import plain_bytes, read_record
from archive.warc import END, Record, chunks, encode_head, warcinfo

NAME = "excerpt.warc"
SECRETS = frozenset({b"cookie", b"authorization", b"proxy-authorization"})


@dataclass(frozen=True, slots=True)
class Placed:
    """A record in the excerpt: its plain bytes, with the closing line ends."""

    offset: int
    length: int
    sha256: bytes
    type: str


@dataclass(frozen=True, slots=True)
class PlacedGroup:
    """A group in the excerpt, its statement first."""

    id: str
    records: tuple[Placed, ...]

    @property
    def statement_txt(self) -> str:
        """`OFFSET LENGTH` of the metadata record."""
        return f"{self.records[0].offset} {self.records[0].length}\n"

    @property
    def records_txt(self) -> str:
        """A line `OFFSET LENGTH SHA256 TYPE` for each record after the statement."""
        return "".join(
            f"{placed.offset} {placed.length} {placed.sha256.hex()} {placed.type}\n"
            for placed in self.records[1:]
        )


def excerpt_info(groups: Sequence[GroupAt], made: datetime, software: str) -> Record:
    """The warcinfo record of an excerpt; its id follows from the entries of the groups."""
    record = warcinfo(
        NAME,
        made,
        {
            "software": software,
            "description": "whole groups of records, copied byte for byte from an archive",
        },
    )
    named = "\n".join(at.group.entry.hex() for at in groups)
    return replace(record, id=f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, named)}")


def write_excerpt(file: BagFile, groups: Iterable[GroupAt], info: Record) -> list[PlacedGroup]:
    """Write the groups after a warcinfo record; returns where they are.

    Raises `RecordError` where a record is not what its statement says.
    """
    file.write(encode_head(info) + b"".join(chunks(info.block)) + END)
    return [PlacedGroup(at.group.id, tuple(_copied(file, at))) for at in groups]


def secrets_in(at: GroupAt) -> list[str]:
    """The headers of a group's requests that may hold credentials, by their names."""
    found = []
    for record in at.group.records:
        if record.type == "request":
            block = read_record(at.path, record.offset, record.length).block
            head = b"".join(chunks(block)).partition(b"\r\n\r\n")[0]
            names = (line.partition(b":")[0].strip() for line in head.splitlines()[1:])
            found += [name.decode("ascii") for name in names if name.lower() in SECRETS]
    return found


def _copied(file: BagFile, at: GroupAt) -> Iterator[Placed]:
    listed = at.group.raw["records"]
    for number, record in enumerate(at.group.records):
        offset = file.position
        hasher = Hasher()
        for piece in plain_bytes(at.path, record.offset, record.length):
            hasher.update(piece)
            file.write(piece)
        found = hasher.digests()
        if number:
            _require(found, Digests.from_json(listed[number - 1]["record"]), at, record)
        elif found.blake3 != record.plain_blake3:
            raise _changed(at, record)
        yield Placed(offset, found.length, found.sha256, record.type)


def _require(found: Digests, stated: Digests, at: GroupAt, record: StoredRecord) -> None:
    if found != stated:
        raise _changed(at, record)


def _changed(at: GroupAt, record: StoredRecord) -> RecordError:
    return RecordError(
        f"the {record.type} record {record.id} is not what its statement says",
        where=Where(at.path, record.offset),
        advice="bring the file back from a copy",
    )
