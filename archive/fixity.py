"""Fixity: stored records compared with the digests recorded when they were written.

Three depths. *Stored* compares SHA-256 and BLAKE3 of the bytes as they lie, so every flipped bit is
found. *Deep* compares BLAKE3 of the stored bytes and of the inflated record, and SHA-256 of the
payload. *Every layer* compares both digests of each layer that the statement names.

The work goes in batches to processes of its own, which hold no more than a batch; the places of the
records in their files are compared here, for bytes that no record accounts for.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from archive.compare import check_record
from archive.errors import DamagedError
from archive.expected import Depth, Expected, FixityResult, expected_in, expected_of
from archive.reader import mapped
from archive.stored import OPEN
from archive.verdict import Verdict

__all__ = [
    "Checked",
    "Depth",
    "Expected",
    "FixityResult",
    "check_all",
    "check_record",
    "expected_in",
    "expected_of",
]

BATCH_BYTES = 8 << 20
"""Few enough that all processes end at nearly the same time."""
BATCH_RECORDS = 2000


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a batch of records of one file, or of the file itself."""

    file: str
    records: int = 0
    stored_bytes: int = 0
    plain_bytes: int = 0
    failed: int = 0
    """Records with a comparison that failed."""
    results: tuple[FixityResult, ...] = ()
    """The comparisons that did not pass."""


def check_all(
    folder: Path, expected: Iterable[Expected], depth: Depth, *, processes: int = 1
) -> Iterator[Checked]:
    """Compare records, given in the order of file and offset, with the files in `folder`.

    Gives what came of each batch, in that order; gaps, missing and overlong files are results as
    well. With one process the work is done in this one. An unfinished iteration stops its workers.
    """
    batches = _batches(folder, expected)
    if processes <= 1:
        for batch in batches:
            yield batch if isinstance(batch, Checked) else _check(batch, depth)
        return
    with closing(_pooled(batches, depth, processes)) as results:
        yield from results


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some records of a file, as plain tuples, which go to another process six times as fast."""

    path: Path
    file: str
    records: list[tuple[Any, ...]]


def _pooled(
    batches: Iterator[_Batch | Checked], depth: Depth, processes: int
) -> Generator[Checked]:
    """At most two batches a process wait, so memory does not grow with the archive."""
    waiting: deque[Future[Checked] | Checked] = deque()
    pool = ProcessPoolExecutor(
        processes, multiprocessing.get_context("spawn"), initializer=_leave_interrupts_to_parent
    )
    try:
        for batch in batches:
            waiting.append(
                batch if isinstance(batch, Checked) else pool.submit(_check, batch, depth)
            )
            if len(waiting) > 2 * processes:
                yield _done(waiting.popleft())
        while waiting:
            yield _done(waiting.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _done(result: Future[Checked] | Checked) -> Checked:
    return result if isinstance(result, Checked) else result.result()


def _batches(folder: Path, expected: Iterable[Expected]) -> Iterator[_Batch | Checked]:
    for name, records in groupby(expected, attrgetter("file")):
        path = _path(folder, name)
        if path is None:
            yield _of_file(name, 0, "file", "the file is missing")
        else:
            yield from _file_batches(path, name, records)


def _path(folder: Path, name: str) -> Path | None:
    """The file, also while it is written; a name that leads elsewhere names none."""
    if Path(name).name != name:
        return None
    return next((p for p in (folder / name, folder / (name + OPEN)) if p.is_file()), None)


def _file_batches(path: Path, name: str, records: Iterator[Expected]) -> Iterator[_Batch | Checked]:
    batch: list[tuple[Any, ...]] = []
    size = end = 0
    try:
        for record in records:
            if record.offset != end:
                yield _gap(name, end, record.offset)
            end = record.offset + record.length
            batch.append(tuple(record))
            size += record.length
            if size >= BATCH_BYTES or len(batch) >= BATCH_RECORDS:
                yield _Batch(path, name, batch)
                batch, size = [], 0
    except DamagedError as error:
        at = error.where.offset if error.where and error.where.offset else end
        yield _of_file(name, at, "record", error.what)
        end = path.stat().st_size
    if batch:
        yield _Batch(path, name, batch)
    if path.stat().st_size > end:
        yield _gap(name, end, path.stat().st_size)


def _gap(name: str, start: int, end: int) -> Checked:
    found = (
        f"{end - start} bytes" if end > start else f"records that overlap by {start - end} bytes"
    )
    reason = "no record accounts for them"
    return _of_file(name, start, "gap", reason, expected="0 bytes", found=found)


def _of_file(
    name: str,
    offset: int,
    layer: str,
    reason: str,
    *,
    expected: str | None = None,
    found: str | None = None,
) -> Checked:
    result = FixityResult(
        file=name,
        offset=offset,
        record="",
        layer=layer,
        verdict=Verdict.FAILED,
        expected=expected,
        found=found,
        reason=reason,
    )
    return Checked(name, results=(result,))


def _check(batch: _Batch, depth: Depth) -> Checked:
    results: list[FixityResult] = []
    stored = plain = failed = 0
    try:
        with mapped(batch.path) as view:
            for record in map(Expected._make, batch.records):
                if found := check_record(view, record, depth, passed=False):
                    failed += any(result.verdict is Verdict.FAILED for result in found)
                    results += found
                stored += record.length
                plain += record.plain_length
    except DamagedError as error:
        return _of_file(batch.file, 0, "file", error.what)
    return Checked(batch.file, len(batch.records), stored, plain, failed, tuple(results))
