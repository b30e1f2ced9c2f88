"""The seam to the operating system: what is written so that a power cut does not take it back.

A file's bytes are safe once its fsync returned; its name is safe once the fsync of its folder did.
Everything that the archive writes goes through `Files`, so that tests can break every single step.
"""

from __future__ import annotations

import fcntl
import filecmp
import os
from collections.abc import Iterable
from pathlib import Path

from archive.errors import StorageError, Where, storage


class OverwriteError(StorageError):
    """A file with other bytes has that name already; it is never written over."""


class Files:
    """The operating system as the archive uses it; each method is one step that can fail."""

    def create(self, path: Path, mode: int = 0o644) -> int:
        """A descriptor of a new file, to append to. Raises `FileExistsError`."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, mode)

    def open(self, path: Path) -> int:
        """A descriptor of a file that exists, to append to."""
        return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)

    def lock(self, fd: int, *, wait: bool = False) -> bool:
        """Hold the file as long as `fd` or a duplicate is open; false where another holds it, unless
        told to wait for that one to end.
        """
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True

    def write(self, fd: int, data: bytes) -> None:
        """Append all of `data`."""
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(fd, rest) :]

    def fsync(self, fd: int) -> None:
        os.fsync(fd)

    def truncate(self, fd: int, length: int) -> None:
        os.ftruncate(fd, length)

    def close(self, fd: int) -> None:
        os.close(fd)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name, never over a file that has it: `OverwriteError`.

        A link and an unlink. A crash in between leaves both names on one file, which is carried
        through by renaming again.
        """
        try:
            os.link(old, new)
        except FileExistsError:
            if not old.samefile(new):
                raise OverwriteError("another file has that name", where=Where(new)) from None
        old.unlink()

    def replace(self, new: Path, path: Path) -> None:
        """Let a file take the place of another, which may be there: before or after, never neither."""
        new.replace(path)

    def unlink(self, path: Path) -> None:
        path.unlink()

    def fsync_folder(self, path: Path) -> None:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def make_read_only(self, path: Path) -> None:
        path.chmod(0o444)

    def mkdir(self, path: Path) -> None:
        """Make a folder and those above it, each entered durably; one that is there is fine."""
        if path.is_dir():
            return
        self.mkdir(path.parent)
        path.mkdir(exist_ok=True)
        self.fsync_folder(path.parent)


def write_new(
    path: Path, data: bytes | Iterable[bytes], files: Files | None = None, *, mode: int = 0o644
) -> None:
    """Write a file whole and durably, or not at all; the same bytes once more are fine.

    Raises `OverwriteError` where a file with other bytes is there, `StorageError` where the disk
    refuses. A crash leaves at most a hidden `.part` file, which means nothing to anybody.
    """
    files = files or Files()
    with storage(path):
        _settle(_part(path, data, files, mode), path, files)


def write_over(path: Path, data: bytes, files: Files | None = None) -> None:
    """Let new bytes take the place of a file's, durably: a crash leaves all the old or all the new.

    Raises `StorageError` where the disk refuses; which of the two is there is then not known.
    """
    files = files or Files()
    with storage(path):
        files.replace(_part(path, data, files), path)
        files.fsync_folder(path.parent)


def _part(path: Path, data: bytes | Iterable[bytes], files: Files, mode: int = 0o644) -> Path:
    """The bytes, whole and durable, under a hidden name that means nothing to anybody."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    fd = files.create(part, mode)
    try:
        for chunk in (data,) if isinstance(data, bytes) else data:
            files.write(fd, chunk)
        files.fsync(fd)
    finally:
        files.close(fd)
    return part


def _settle(part: Path, path: Path, files: Files) -> None:
    """Give a whole, durable file its name, and make the name durable."""
    if path.exists():
        same = filecmp.cmp(part, path, shallow=False)
        files.unlink(part)
        if not same:
            raise OverwriteError("a file with other bytes is there already", where=Where(path))
    else:
        files.rename(part, path)
    files.fsync_folder(path.parent)
