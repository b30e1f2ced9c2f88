"""Attempts to have a stamp, as lines of JSON: when, a reason word, and what was said."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import orjson

from archive.durable import Files
from archive.errors import RecordError, UsageError, Where, reading, storage
from archive.times import from_text, to_text

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One that brought no stamp."""

    at: datetime
    reason: str
    """A word that stays the same, as `wrong-nonce` or `timeout`."""
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


def next_try(attempts: Sequence[Attempt]) -> datetime | None:
    """Not before then: a minute after the first attempt, ever twice as long, at most a day.

    None where there was no attempt yet.
    """
    if not attempts:
        return None
    doublings = min(len(attempts), 20) - 1
    return attempts[-1].at + min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def append_attempt(path: Path, attempt: Attempt, files: Files | None = None) -> None:
    """Add a line durably; one that a crash had cut is cut off first. Raises `StorageError`."""
    files = files or Files()
    line = {"at": to_text(attempt.at), "reason": attempt.reason, "detail": attempt.detail}
    with storage(path):
        fd = files.open(path) if path.exists() else files.create(path)
        try:
            written = os.pread(fd, os.fstat(fd).st_size, 0)
            whole = written.rfind(b"\n") + 1
            if whole < len(written):
                files.truncate(fd, whole)
            files.write(fd, orjson.dumps(line) + b"\n")
            files.fsync(fd)
        finally:
            files.close(fd)
        files.fsync_folder(path.parent)


def read_attempts(path: Path) -> list[Attempt]:
    """The whole lines, in order; none where there is no file. Raises `RecordError`, `StorageError`."""
    if not path.exists():
        return []
    with reading(path):
        *lines, _torn = path.read_bytes().split(b"\n")
    return [_attempt(line, path) for line in lines]


def _attempt(line: bytes, path: Path) -> Attempt:
    try:
        value = orjson.loads(line)
        return Attempt(from_text(value["at"]), str(value["reason"]), str(value["detail"]))
    except (ValueError, TypeError, LookupError, AttributeError, UsageError) as error:
        raise RecordError(
            "a line that is no attempt",
            where=Where(path),
            advice="move the file away: it only sets the pace of further attempts",
        ) from error
