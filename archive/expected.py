"""What stored records must be, as the catalog or their own file says, and how a comparison ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from archive.digest import Digests
from archive.reader import after_warcinfo, groups, mapped
from archive.statement import Capture, Layers
from archive.stored import StoredGroup, StoredRecord, sealed_name
from archive.verdict import Verdict

WARCINFO_LIMIT = 1 << 24
LAYERS = ("block", "body", "payload", "content")


class Depth(StrEnum):
    """How much of a record is compared."""

    STORED = "stored"
    DEEP = "deep"
    ALL = "every layer"


ExpectedLayer = tuple[str, bytes | None, bytes | None]
"""A layer of a message, its SHA-256 and BLAKE3; `None` for both where it never had any."""


class Expected(NamedTuple):
    """What a record must be. Flat, for thousands of them go to other processes at a time.

    The stored digests are `None` where nothing outside the record itself tells them: then its gzip
    checksum is all there is to check.
    """

    file: str
    offset: int
    length: int
    record: str
    stored_sha256: bytes | None
    stored_blake3: bytes | None
    plain_length: int
    plain_blake3: bytes
    layers: tuple[ExpectedLayer, ...] = ()
    """Of the message, for a `response` or `resource`."""
    method: str = ""
    """That of the request, where the block is an HTTP answer; empty for any other block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixityResult:
    """One comparison. `expected` and `found` are digests, or in words lengths."""

    file: str
    offset: int
    record: str
    layer: str
    """`file`, `gap`, `stored`, `record`, `block`, `body`, `payload` or `content`."""
    verdict: Verdict
    expected: str | None = None
    found: str | None = None
    reason: str = ""


def expected_in(path: Path) -> Iterator[Expected]:
    """What a file's own statements say of its records, for use where there is no catalog.

    Raises `RecordError` where a statement cannot be read.
    """
    name = sealed_name(path.name)
    with mapped(path) as view:
        end = after_warcinfo(path, view)
    yield Expected(name, 0, end, "warcinfo", None, None, WARCINFO_LIMIT, b"")
    for group in groups(path, end):
        yield from expected_of(group)


def expected_of(group: StoredGroup) -> Iterator[Expected]:
    """What a group's statement says of its records; of the statement itself it can say nothing."""
    yield expected_record(group.metadata)._replace(stored_sha256=None, stored_blake3=None)
    statement = group.statement
    told = statement if isinstance(statement, Capture) else None
    for record in group.records[1:]:
        yield expected_record(record, told if record is group.records[-1] else None)


def expected_record(record: StoredRecord, told: Capture | None = None) -> Expected:
    """What a record must be; `told` is the statement of the capture whose answer it is."""
    answer = told if told and record.type in {"response", "resource"} else None
    return Expected(
        record.file,
        record.offset,
        record.length,
        record.id,
        record.stored.sha256,
        record.stored.blake3,
        record.plain_length,
        record.plain_blake3,
        expected_layers(answer.digests) if answer and answer.digests else (),
        answer.method if answer and record.type == "response" else "",
    )


def expected_layers(digests: Layers) -> tuple[ExpectedLayer, ...]:
    """The layers that a message has."""
    found: list[ExpectedLayer] = []
    for name in LAYERS:
        layer = getattr(digests, name)
        if isinstance(layer, Digests):
            found.append((name, layer.sha256, layer.blake3))
        elif layer is not None:
            found.append((name, None, None))
    return tuple(found)
