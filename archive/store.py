"""Writing WARC files: append groups, make them durable, seal.

A file is `NAME.warc.gz.open` while it is written and `NAME.warc.gz`, read-only, ever after. What a
crash may leave is an `.open` file that ends in a part of a group; `archive.recover` cuts it off and
seals, by the same `seal` as here.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from archive.durable import Files
from archive.errors import StorageError, Where, storage
from archive.evidence.leaf import entry
from archive.group import Encoded, Group, encode_group
from archive.member import encode
from archive.stored import OPEN, StoredGroup, StoredRecord, sealed_name
from archive.times import Clock
from archive.warc import warcinfo

LIMIT = 1 << 30
"""Bytes after which a file is sealed and the next one begun (WARC 1.1, annex C)."""
IDLE = timedelta(hours=1)


@dataclass(slots=True)
class _Open:
    """The file being written: everything before `end` is whole groups."""

    fd: int
    path: Path
    warcinfo: str
    start: int
    end: int
    written: datetime


class WarcWriter:
    """Appends groups to WARC files in `folder`, which no other writer touches meanwhile.

    `append`, `seal` and `rotate_if_idle` belong to one thread at a time; `sync` may run in any. A file is
    opened by the first group that needs it. `info` goes into each file's warcinfo record.
    """

    def __init__(
        self,
        folder: Path,
        prefix: str,
        info: Mapping[str, str],
        clock: Clock,
        *,
        limit: int = LIMIT,
        idle: timedelta = IDLE,
        files: Files | None = None,
    ) -> None:
        if not prefix or Path(prefix).name != prefix or prefix.startswith("."):
            raise ValueError(f"not the beginning of a file name: {prefix!r}")
        self._folder = folder
        self._prefix = prefix
        self._info = dict(info)
        self._clock = clock
        self._limit = limit
        self._idle = idle
        self._files = files or Files()
        self._serial = 0
        self._open: _Open | None = None
        self._broken = False
        self._lock = threading.Lock()  # holds `_open` still while `sync` takes hold of its file
        self.sealed: list[Path] = []
        """The files sealed so far, in order."""

    def append(self, group: Group) -> StoredGroup:
        """Write a group; it is durable once a `sync` that begins later has returned.

        Raises `StorageError`, and the file is as it was before, where the disk refuses.
        """
        self._refuse_if_broken()
        if self._open is not None and self._open.end >= self._limit:
            self.seal()
        file = self._open or self._begin()
        encoded = encode_group(group, file.warcinfo)
        stored = _stored(file, group, encoded)
        vars(stored)["statement"] = group.statement  # as if read back, which takes far longer
        file.written = self._clock()
        with storage(file.path), self._whole_or_nothing(file):
            for chunk in encoded.packed():
                self._files.write(file.fd, chunk)
            file.end = stored.end
        return stored

    def sync(self) -> None:
        """Make durable whatever was appended before this call. Raises `StorageError`.

        A failed fsync may have dropped what it did not write, and the next one would not say so
        (fsyncgate, 2018): after one the writer takes nothing more, and recovery looks at the bytes.
        """
        with self._lock:
            self._refuse_if_broken()
            file = self._open
            if file is None:  # what was appended before lies in sealed files
                return
            fd = os.dup(file.fd)
        try:
            with storage(file.path):
                self._files.fsync(fd)
        except (OSError, StorageError):
            self._broken = True
            raise
        finally:
            os.close(fd)

    def seal(self) -> Path | None:
        """Seal the file being written, if any; a file without a group is removed."""
        self._refuse_if_broken()
        file = self._open
        if file is None:
            return None
        try:
            with storage(file.path):
                return self._settle(file)
        except BaseException:
            self._broken = True
            raise
        finally:
            # Only now: a `sync` meanwhile must not find the file gone before it is durable.
            with self._lock:
                self._open = None
                self._files.close(file.fd)

    def rotate_if_idle(self) -> Path | None:
        """Seal the file where nothing was appended to it for long."""
        if self._open is None or self._clock() - self._open.written < self._idle:
            return None
        return self.seal()

    def close(self) -> None:
        """Seal, or where storage has failed, leave the file to the recovery of the next start."""
        if not self._broken:
            self.seal()
        elif self._open is not None:
            self._files.close(self._open.fd)
            self._open = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _begin(self) -> _Open:
        """Open a new file and give it its warcinfo record."""
        now = self._clock()
        while True:
            stamp = now.astimezone(UTC).strftime("%Y%m%d%H%M%S%f")
            name = f"{self._prefix}-{stamp}-{self._serial:05d}.warc.gz"
            self._serial += 1
            path = self._folder / (name + OPEN)
            with storage(path):
                fd = self._create(path)
                if fd is None:
                    continue
                try:
                    # The name first: an fsync of a file whose name is lost saves nothing.
                    self._files.fsync_folder(self._folder)
                    info = warcinfo(name, now, self._info)
                    member = encode(info)
                    for chunk in member.packed():
                        self._files.write(fd, chunk)
                except BaseException:
                    self._files.close(fd)
                    raise
            start = member.stored.length
            self._open = _Open(fd, path, info.id, start, start, now)
            return self._open

    def _create(self, path: Path) -> int | None:
        """A new file that is ours alone, or `None` where the name is taken."""
        if path.with_name(sealed_name(path.name)).exists():
            return None
        try:
            fd = self._files.create(path)
        except FileExistsError:
            return None
        # Between creation and lock, another process's recovery may have removed the empty file.
        if self._files.lock(fd) and path.exists() and path.stat().st_ino == os.fstat(fd).st_ino:
            return fd
        self._files.close(fd)
        return None

    @contextmanager
    def _whole_or_nothing(self, file: _Open) -> Iterator[None]:
        """Cut the file back to its last whole group where writing fails half-way."""
        try:
            yield
        except BaseException:
            try:
                self._files.truncate(file.fd, file.end)
            except OSError:  # recovery will cut; until then nothing may follow the broken end
                self._broken = True
            raise

    def _settle(self, file: _Open) -> Path | None:
        if file.end > file.start:
            self.sealed.append(seal(self._files, file.fd, file.path))
            return self.sealed[-1]
        self._files.unlink(file.path)
        self._files.fsync_folder(self._folder)
        return None

    def _refuse_if_broken(self) -> None:
        if self._broken:
            raise StorageError(
                "storage failed before; nothing more is written",
                where=Where(self._folder),
                advice="give the same order again: recovery keeps every whole group",
            )


def seal(files: Files, fd: int, path: Path) -> Path:
    """Turn an `.open` file of whole groups into a sealed one, and return its new name.

    A crash after any of these steps leaves a file that sealing again brings to the same end.
    """
    sealed = path.with_name(sealed_name(path.name))
    files.fsync(fd)
    files.rename(path, sealed)
    files.fsync_folder(path.parent)
    files.make_read_only(sealed)
    return sealed


def _stored(file: _Open, group: Group, encoded: Encoded) -> StoredGroup:
    member = encoded.members[0]
    metadata = StoredRecord(
        file=sealed_name(file.path.name),
        offset=file.end,
        length=member.stored.length,
        type=member.record.type,
        id=member.record.id,
        stored=member.stored,
        plain_length=member.plain.length,
        plain_blake3=member.plain.blake3,
        uri=member.record.uri,
    )
    committed = entry(group.salt, encoded.leaf)
    return StoredGroup(metadata, encoded.length, encoded.raw["id"], encoded.raw, committed)
