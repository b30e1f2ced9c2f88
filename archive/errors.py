"""The one error tree of the program.

Error
├── UsageError      the order or a file written by hand is wrong          exit 2
├── UncheckedError  something could not be checked                        exit 3
├── StoppedError    stopped by hand or by a limit                         exit 3
├── NotFoundError   nothing in this archive answers to that name          exit 4
├── NetworkError    the network or the far side failed                    exit 5
├── StorageError    the disk is full, read-only or broken                 exit 6
└── DamagedError    bytes of the archive are not what they must be        exit 7
    └── RecordError a WARC record cannot be read

Rooms subclass these; `cli.main` alone turns them into a line and an exit code.
A mistake of ours is no `Error`: it stays a plain Python exception.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FULL_OR_BROKEN = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
"""Errors of the operating system that mean: this store takes no more bytes."""


@dataclass(frozen=True)
class Where:
    """A place a person can go to: a file with an offset in bytes, or a URL."""

    file: Path | str | None = None
    offset: int | None = None
    url: str | None = None

    def __str__(self) -> str:
        place = str(self.file) if self.file is not None else ""
        if self.offset is not None:
            place += f" at byte {self.offset}"
        return " ".join(part for part in (place, self.url) if part)


class Error(Exception):
    """What went wrong, where, and what a person can do about it."""

    def __init__(self, what: str, *, where: Where | None = None, advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.what} ({self.where})" if self.where else self.what


class UsageError(Error):
    """The order, the configuration or a source file is wrong."""


class UncheckedError(Error):
    """Something that was asked for could not be checked."""


class StoppedError(Error):
    """The work was stopped by hand or by a limit, and can go on."""


class NotFoundError(Error):
    """Nothing in this archive answers to that name."""


class NetworkError(Error):
    """The network or the far side failed."""


class StorageError(Error):
    """The disk is full, read-only or broken."""


class DamagedError(Error):
    """Bytes of the archive are not what they must be."""


class RecordError(DamagedError):
    """A WARC record cannot be read."""


@contextmanager
def storage(where: Path) -> Iterator[None]:
    """Turn an `OSError` that means "no more bytes here" into a `StorageError`; others pass."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL_OR_BROKEN:
            raise StorageError(
                f"cannot write: {error.strerror}",
                where=Where(where),
                advice="free or mount space, then give the same order again; nothing stored is lost",
            ) from error
        raise


@contextmanager
def reading(where: Path) -> Iterator[None]:
    """Turn an `OSError` while a file of the archive is read into an error of ours."""
    try:
        yield
    except FileNotFoundError as error:
        raise RecordError("the file is missing", where=Where(where)) from error
    except OSError as error:
        raise StorageError(
            f"cannot read: {error.strerror}",
            where=Where(where),
            advice="see that the disk is there, whole, and that you may read it",
        ) from error
