"""CDXJ: the index by which pywb and its kin find a capture in a WARC file.

A line is `SURT TIMESTAMP {JSON}`, with the values that cdxj-indexer writes. The statements say it all,
so nothing is inflated to make one. Sorted as bytes, the index of many files is a merge of theirs.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson

from archive.digest import Digests
from archive.reader import StoredGroup, StoredRecord
from archive.statement import Capture
from archive.surt import surt

ANSWERS = frozenset({"response", "revisit", "resource", "conversion"})


@dataclass(frozen=True, slots=True, order=True)
class CdxjLine:
    """One capture in the index; lines sort by key, then time."""

    key: str
    timestamp: str
    """Fourteen digits, UTC."""
    url: str
    mime: str
    status: str
    digest: str
    length: int
    offset: int
    filename: str

    def __str__(self) -> str:
        fields = {
            "url": self.url,
            "mime": self.mime,
            "status": self.status,
            "digest": self.digest,
            "length": str(self.length),
            "offset": str(self.offset),
            "filename": self.filename,
        }
        known = {name: value for name, value in fields.items() if value}
        return f"{self.key} {self.timestamp} {orjson.dumps(known).decode()}"


def cdxj_line(group: StoredGroup) -> CdxjLine | None:
    """The line of a capture's answer; `None` for other groups and for attempts without an answer."""
    statement = group.statement
    answer = _answer(group)
    if not isinstance(statement, Capture) or answer is None:
        return None
    payload = statement.digests.payload if statement.digests else None
    media = (statement.media_type or "").partition(";")[0].strip().lower()
    return CdxjLine(
        key=surt(statement.url),
        timestamp=statement.time.strftime("%Y%m%d%H%M%S"),
        url=statement.url,
        mime="warc/revisit" if answer.type == "revisit" else media or "unk",
        status=str(statement.status or ""),
        digest=f"sha256:{payload.sha256.hex()}" if isinstance(payload, Digests) else "",
        length=answer.length,
        offset=answer.offset,
        filename=answer.file,
    )


def cdxj_lines(groups: Iterable[StoredGroup]) -> list[CdxjLine]:
    """The sorted lines of the groups of one file."""
    return sorted(line for group in groups if (line := cdxj_line(group)))


def merge(files: Iterable[Iterable[CdxjLine]]) -> Iterator[CdxjLine]:
    """One sorted index from the sorted lines of many files."""
    return heapq.merge(*files)


def _answer(group: StoredGroup) -> StoredRecord | None:
    """The record that holds what the server, or a giver, sent: the last, or there is none."""
    last = group.records[-1]
    return last if last.type in ANSWERS and not (last.uri or "").startswith("urn:") else None
