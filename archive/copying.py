"""Copying into another folder: what is written is synced, read back, and only then gets its name."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from archive.durable import Files
from archive.errors import DamagedError, StorageError, UsageError, Where, storage
from archive.warc import CHUNK

PART = ".part"

Progress = Callable[[int], None]
"""Told how many more bytes are done."""


class ChangedError(DamagedError):
    """A file holds other bytes than it must; both digests are told."""


def changed(path: Path, expected: bytes, found: bytes) -> ChangedError:
    return ChangedError(
        f"the file has changed: expected sha256 {expected.hex()}, found {found.hex()}",
        where=Where(path),
        advice="bring it back from a copy",
    )


def is_plain(path: Path) -> bool:
    """Whether a file is there, and is neither a link nor a device."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def chunks_of(path: Path, end: int | None = None) -> Iterator[bytes]:
    """The bytes of a file, or the first `end` of them; no link is followed.

    Raises `DamagedError` where it cannot be read, `FileNotFoundError` where it is gone.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(fd, "rb", buffering=0) as file:  # noqa: PTH123 -- of a descriptor
            left = end if end is not None else -1
            while chunk := file.read(CHUNK if left < 0 else min(CHUNK, left)):
                left -= len(chunk) if left > 0 else 0
                yield chunk
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DamagedError(f"cannot be read: {error.strerror}", where=Where(path)) from error


def digest_of(path: Path, progress: Progress | None = None) -> bytes:
    """SHA-256 of a file's bytes. Raises as `chunks_of`."""
    hasher = hashlib.sha256()
    for chunk in chunks_of(path):
        hasher.update(chunk)
        if progress:
            progress(len(chunk))
    return hasher.digest()


class Folder:
    """A folder that files are copied into, by their paths in it.

    A crash leaves whole files and hidden `.part` files, which `sweep` removes. The names of whole
    files are safe once `settle` has returned.
    """

    def __init__(self, path: Path, files: Files) -> None:
        self.path = path
        self._files = files
        self._touched: set[Path] = set()

    def inside(self, place: str) -> Path:
        """The path of a place. Raises `UsageError` where a link on the way leads elsewhere."""
        path = self.path / place
        for folder in path.relative_to(self.path).parents:
            if (self.path / folder).is_symlink() and folder.name:
                raise UsageError(
                    "a symbolic link where a folder must be",
                    where=Where(self.path / folder),
                    advice="put the folder itself there",
                )
        return path

    def write(
        self,
        place: str,
        chunks: Iterable[bytes],
        *,
        expected: bytes | None = None,
        source: Path | None = None,
        mode: int = 0o644,
    ) -> bytes:
        """Write a file whole, or leave what was there; returns the SHA-256 of its bytes.

        Raises `ChangedError`, about `source`, where it is not the expected one, `StorageError` where
        the disk refuses or gives other bytes back than it was given.
        """
        path = self.inside(place)
        part = path.with_name(f".{path.name}{PART}")
        with storage(path):
            self._files.mkdir(path.parent)
            try:
                digest = self._fill(part, chunks, mode)
                if expected is not None and digest != expected:
                    raise changed(source or path, expected, digest)
                _read_back(part, digest)
                self._files.replace(part, path)
            except Exception:
                with suppress(OSError):  # it means nothing, and `sweep` removes it as well
                    part.unlink(missing_ok=True)
                raise
        self._touched.add(path.parent)
        return digest

    def settle(self) -> None:
        """Make the names of all that was written durable."""
        for folder in sorted(self._touched):
            with storage(folder):
                self._files.fsync_folder(folder)
        self._touched.clear()

    def sweep(self) -> None:
        """Remove what a crash left half written."""
        for path in self.path.rglob(f".*{PART}"):
            if is_plain(path):
                with storage(path):
                    self._files.unlink(path)

    def _fill(self, part: Path, chunks: Iterable[bytes], mode: int) -> bytes:
        hasher = hashlib.sha256()
        part.unlink(missing_ok=True)
        fd = self._files.create(part, mode)
        try:
            for chunk in chunks:
                self._files.write(fd, chunk)
                hasher.update(chunk)
            self._files.fsync(fd)
            _forget(fd)
        finally:
            self._files.close(fd)
        return hasher.digest()


def _read_back(path: Path, digest: bytes) -> None:
    if digest_of(path) != digest:
        raise StorageError(
            "the disk does not give back what was written",
            where=Where(path),
            advice="do not trust this disk; take another",
        )


def _forget(fd: int) -> None:
    """Have the system forget a synced file, so that it is the disk that answers when it is read."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
