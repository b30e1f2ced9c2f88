"""Where groups and records lie in a file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from archive.digest import Digests
from archive.errors import RecordError, Where
from archive.statement import Statement
from archive.statement_json import from_json

OPEN = ".open"
"""What the name of a file ends in while it is written."""


class StoredRecord(NamedTuple):
    """Where a record lies, and what its bytes must be: the packed ones and the plain ones."""

    file: str
    offset: int
    length: int
    type: str
    id: str
    stored: Digests
    plain_length: int
    plain_blake3: bytes
    uri: str | None


@dataclass(frozen=True)
class StoredGroup:
    """A group in a file. `id` is the short id of what its statement tells (archive.ident).

    `file` is the name that the file has once it is sealed. The statement and the other records are
    built when they are asked for, and raise `RecordError` where the JSON in `raw` is malformed.
    """

    metadata: StoredRecord
    length: int
    id: str
    raw: dict[str, Any]
    entry: bytes
    """What stands for the statement in the log (archive.evidence.leaf)."""

    @property
    def file(self) -> str:
        return self.metadata.file

    @property
    def offset(self) -> int:
        return self.metadata.offset

    @property
    def end(self) -> int:
        return self.metadata.offset + self.length

    @property
    def where(self) -> Where:
        return Where(self.file, self.offset)

    @cached_property
    def statement(self) -> Statement:
        return from_json(self.raw, self.where)

    @cached_property
    def records(self) -> tuple[StoredRecord, ...]:
        """The metadata record and those that it lists, in the order of the file."""
        records = [self.metadata]
        at = self.metadata.offset + self.metadata.length
        try:
            for listed in self.raw["records"]:
                records.append(_listed(self.file, at, listed))
                at += records[-1].length
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(f"a malformed list of records: {error}", where=self.where) from error
        return tuple(records)


def _listed(file: str, at: int, listed: dict[str, Any]) -> StoredRecord:
    stored = Digests.from_json(listed["stored"])
    plain = listed["record"]
    return StoredRecord(
        file=file,
        offset=at,
        length=stored.length,
        type=listed["type"],
        id=listed["id"],
        stored=stored,
        plain_length=plain["length"],
        plain_blake3=bytes.fromhex(plain["blake3"]),
        uri=listed.get("uri"),
    )


def sealed_name(name: str) -> str:
    return name.removesuffix(OPEN)
