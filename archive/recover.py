"""What a crash left is made whole: each `.open` file keeps its whole groups and is sealed.

The bytes behind the last whole group go to quarantine before they are cut off, so a crash during
recovery loses nothing either: the next recovery does the same again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from blake3 import blake3

from archive.durable import Files, write_new
from archive.errors import RecordError, storage
from archive.layout import ArchiveRoot
from archive.reader import StoredGroup, after_warcinfo, groups, mapped
from archive.store import seal
from archive.stored import OPEN, sealed_name
from archive.times import Clock
from archive.warc import CHUNK


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was done to one file. `file` is its sealed name; it is not there without a group."""

    file: str
    time: datetime
    kept_groups: int
    cut_bytes: int
    quarantine: Path | None
    """Where the bytes are that were cut off."""


def recover(root: ArchiveRoot, clock: Clock, files: Files | None = None) -> list[Recovered]:
    """Repair what crashed writers left; files that a living process writes are passed over.

    Raises `StorageError` where the disk refuses; whatever was done until then stands.
    """
    files = files or Files()
    left = sorted(root.warc.glob(f"*.warc.gz{OPEN}"))
    found = [_recover(root, path, clock, files) for path in left]
    for path in root.warc.glob("*.warc.gz"):
        if path.stat().st_mode & 0o222:  # a crash came between the new name and this
            files.make_read_only(path)
    return [recovered for recovered in found if recovered is not None]


def _recover(root: ArchiveRoot, path: Path, clock: Clock, files: Files) -> Recovered | None:
    with storage(path):
        try:
            fd = files.open(path)
        except FileNotFoundError:  # another process has just recovered it
            return None
        try:
            if not files.lock(fd) or not path.exists():
                return None
            end, kept = last_whole(path)
            size = path.stat().st_size
            quarantine = _quarantine(root, path, end, files) if end < size else None
            if kept:
                files.truncate(fd, end)
                seal(files, fd, path)
            else:
                files.unlink(path)
                files.fsync_folder(path.parent)
        finally:
            files.close(fd)
    return Recovered(sealed_name(path.name), clock(), kept, size - end, quarantine)


def last_whole(path: Path) -> tuple[int, int]:
    """Where the last whole group of a file ends, and how many there are up to it."""
    end = kept = 0
    try:
        with mapped(path) as view, memoryview(view) as data:
            end = after_warcinfo(path, view)
            for group in groups(path, end):
                if not _whole(data, group):
                    break
                end, kept = group.end, kept + 1
    except RecordError:
        pass  # the end of what can be read is the answer
    return end, kept


def _whole(data: memoryview, group: StoredGroup) -> bool:
    return all(
        blake3(data[record.offset : record.offset + record.length]).digest() == record.stored.blake3
        for record in group.records
    )


def _quarantine(root: ArchiveRoot, path: Path, start: int, files: Files) -> Path:
    """Keep the bytes from `start` on, under a name that no other bytes can have."""
    hasher = blake3()
    for chunk in _tail(path, start):
        hasher.update(chunk)
    kept = root.quarantine / f"{path.name}@{start}.{hasher.hexdigest(8)}"
    files.mkdir(root.quarantine)
    write_new(kept, _tail(path, start), files)
    return kept


def _tail(path: Path, start: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while chunk := file.read(CHUNK):
            yield chunk
