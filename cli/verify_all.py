"""`verify --all` and `--due`: the fixity of whole WARC files, each check an event."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain

from archive.fixity import Checked, Depth, Expected, FixityResult, check_all, expected_in
from archive.verdict import Verdict
from catalog.fixity import FIXITY_CHECK, due, expected_records, file_checks
from catalog.ingest import not_ingested
from cli.checks import failure_json, place
from cli.context import Archive
from cli.events import record_event
from cli.output import number, progress, size, write_json, write_line

DUE = timedelta(days=90)
"""How long a file may go unchecked before `--due` takes it."""
ONE_PROCESS = 64 << 20
"""Bytes up to which more processes take longer to start than they save."""
KEPT = 1000
"""Failures that an event names; all are counted."""


@dataclass
class Tally:
    """What a fixity check came to."""

    depth: Depth
    files: Sequence[str]
    records: int = 0
    length: int = 0
    failed: int = 0
    """Records that differ, and files that are missing, cut or overlong."""
    failures: list[FixityResult] = field(default_factory=list)
    """The first of the comparisons that failed."""

    def add(self, checked: Checked, failures: list[FixityResult]) -> None:
        self.records += checked.records
        self.length += checked.stored_bytes
        self.failed += checked.failed or len(failures)
        self.failures += failures[: KEPT - len(self.failures)]

    @property
    def verdict(self) -> Verdict:
        if self.failed:
            return Verdict.FAILED
        return Verdict.PASSED if self.records else Verdict.NOT_CHECKED

    def told(self) -> str:
        files = number(len(self.files), "file")
        of = f"{number(self.records, 'record')} in {files}, {size(self.length)}"
        told = f"{of} · intact ({self.depth.value}): {self.verdict.value}"
        return f"{told} · {number(self.failed, 'failure')}" if self.failed else told


def check_files(
    archive: Archive, depth: Depth, operator: str, *, only_due: bool, as_json: bool
) -> Verdict:
    """Check all files, or those that are due, and keep what came of it as an event."""
    listed = due(archive.engine, archive.clock() - DUE) if only_due else file_checks(archive.engine)
    unknown = not_ingested(archive.engine, archive.root)
    tally = Tally(depth, [each.name for each in listed] + [path.name for path in unknown])
    total = sum(each.length for each in listed) + sum(path.stat().st_size for path in unknown)
    names = [each.name for each in listed] if only_due else None
    layers = depth is not Depth.STORED
    known = expected_records(archive.engine, files=names, layers=layers)
    expected = chain(known, *map(expected_in, unknown))
    processes = 1 if total < ONE_PROCESS else os.cpu_count() or 1
    with progress("checking", total) as advance:
        for found in _check(archive, expected, tally, processes):
            advance(tally.length)
            _tell(found, as_json)
    _keep(archive, operator, tally)
    if as_json:
        write_json(_summary(tally))
    else:
        write_line(tally.told())
    return tally.verdict


def _check(
    archive: Archive, expected: Iterator[Expected], tally: Tally, processes: int
) -> Iterator[list[FixityResult]]:
    """The failures as they are found; the tally grows with them."""
    for checked in check_all(archive.root.warc, expected, tally.depth, processes=processes):
        failures = [result for result in checked.results if result.verdict is Verdict.FAILED]
        tally.add(checked, failures)
        yield failures


def _tell(failures: list[FixityResult], as_json: bool) -> None:
    for failure in failures:
        if as_json:
            write_json(failure_json(failure))
        else:
            write_line(place(failure))


def _keep(archive: Archive, operator: str, tally: Tally) -> None:
    record_event(
        archive,
        FIXITY_CHECK,
        operator,
        outcome=tally.verdict.value,
        detail={
            "depth": tally.depth.value,
            "records": tally.records,
            "length": tally.length,
            "failed": tally.failed,
            "failures": [failure_json(failure) for failure in tally.failures],
        },
        objects=tally.files,
    )


def _summary(tally: Tally) -> dict[str, object]:
    return {
        "check": "fixity",
        "depth": tally.depth.value,
        "files": list(tally.files),
        "records": tally.records,
        "length": tally.length,
        "failed": tally.failed,
        "verdict": tally.verdict.value,
    }
