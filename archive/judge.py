"""Verdicts on archives that others wrote: what they state of themselves, recomputed.

Each record is judged layer by layer; a verdict is passed, failed, or not checked with its reason.
Rules: ISO 28500 (WARC 1.1) 5 and 6; where older versions differ, the milder rule.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from archive.bundle import file_checks, records
from archive.claims import digest_checks
from archive.errors import DamagedError, UncheckedError
from archive.foreign import ForeignRecord, instant
from archive.verdict import Check, Verdict, overall

REQUIRED = ("WARC-Type", "WARC-Record-ID", "WARC-Date", "Content-Length")
WITH_URI = frozenset({"response", "resource", "request", "revisit", "conversion", "continuation"})
REPEATABLE = frozenset({"warc-concurrent-to", "warc-protocol"})
LAYERS = ("structure", "members", "content-length", "required headers", "dates", "duplicates")
KEPT_FAILURES = 1000


@dataclass(frozen=True, slots=True)
class RecordVerdict:
    """All checks of one record."""

    file: str
    offset: int
    record: str
    type: str
    uri: str
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        return overall(check.verdict for check in self.checks)


@dataclass(slots=True)
class FileVerdict:
    """What an archive file came to: counts by layer, and the first thousand records that failed."""

    file: str
    format: str = "unknown"
    records: int = 0
    checks: list[Check] = field(default_factory=list)
    """Of the file as a whole."""
    layers: dict[str, Counter[Verdict]] = field(default_factory=dict)
    """Of its records."""
    failures: list[RecordVerdict] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        counted = [verdict for counts in self.layers.values() for verdict in counts]
        return overall([*(check.verdict for check in self.checks), *counted])

    def add(self, judged: RecordVerdict) -> None:
        self.records += 1
        for check in judged.checks:
            self.layers.setdefault(check.layer, Counter())[check.verdict] += 1
        if judged.verdict is Verdict.FAILED and len(self.failures) < KEPT_FAILURES:
            self.failures.append(judged)


def judge(path: Path, each: Callable[[RecordVerdict], None] = lambda _: None) -> FileVerdict:
    """The verdict on a file of any kind; `each` is called with every record's. Never raises `Error`."""
    result = FileVerdict(path.name)
    with tempfile.TemporaryDirectory(prefix="muniment-") as spool:
        seen = Seen()
        try:
            result.checks.extend(file_checks(path))
            for record in records(path, Path(spool)):
                result.format = record.format
                judged = judge_record(record, seen)
                result.add(judged)
                each(judged)
        except DamagedError as error:
            result.checks.append(Check("container", Verdict.FAILED, str(error)))
        except UncheckedError as error:
            result.checks.append(Check("format", Verdict.NOT_CHECKED, error.what))
    return result


class Seen:
    """Record ids met so far, 8 bytes each, so that a repeated one is found."""

    def __init__(self) -> None:
        self._ids: set[int] = set()

    def again(self, record_id: str) -> bool:
        key = hash(record_id)
        known = key in self._ids
        self._ids.add(key)
        return known


def judge_record(record: ForeignRecord, seen: Seen) -> RecordVerdict:
    """Judge one record; `seen` carries the ids of those before it in the same file."""
    faults: dict[str, str] = {}
    for fault in record.faults:
        faults.setdefault(fault.layer, fault.reason)
    if record.format.startswith("WARC"):
        _required(record, faults)
        _duplicates(record, faults, seen)
    _date(record, faults)
    checks = [_check(layer, faults.get(layer)) for layer in LAYERS]
    checks += digest_checks(record)
    return RecordVerdict(
        record.file, record.offset, record.id, record.type, record.uri, tuple(checks)
    )


def _check(layer: str, fault: str | None) -> Check:
    return Check(layer, Verdict.FAILED, fault) if fault else Check(layer, Verdict.PASSED)


def _required(record: ForeignRecord, faults: dict[str, str]) -> None:
    """WARC 1.1, 5.2 to 5.5, 5.10; for segments 5.18 and 5.19."""
    missing = [name for name in REQUIRED if not record.get(name)]
    if record.type in WITH_URI and not record.uri:
        missing.append("WARC-Target-URI")
    if record.type == "revisit" and not record.get("WARC-Profile"):
        missing.append("WARC-Profile")
    segment = record.get("WARC-Segment-Number")
    if record.type == "continuation" and not record.get("WARC-Segment-Origin-ID"):
        missing.append("WARC-Segment-Origin-ID")
    if missing:
        faults.setdefault("required headers", f"missing: {', '.join(missing)}")
    if record.type == "continuation" or segment is not None:
        number = int(segment) if segment and segment.isascii() and segment.isdigit() else 0
        if number < 1 or (number == 1) is (record.type == "continuation"):
            faults.setdefault(
                "required headers", f"wrong WARC-Segment-Number for its type: {segment}"
            )


def _duplicates(record: ForeignRecord, faults: dict[str, str], seen: Seen) -> None:
    counted = Counter(name.lower() for name, _ in record.headers)
    named = (name for name in counted if name.startswith(("warc-", "content-")))
    twice = [name for name in named if counted[name] > 1 and name not in REPEATABLE]
    if twice:
        faults.setdefault("duplicates", f"stated more than once: {', '.join(twice)}")
    if record.id and seen.again(record.id):
        faults.setdefault("duplicates", "an earlier record has the same WARC-Record-ID")


def _date(record: ForeignRecord, faults: dict[str, str]) -> None:
    if record.date and instant(record.date) is None:
        faults.setdefault("dates", f"not a date: {record.date!r}")
