"""Storage that fails: a disk that forgets what was not fsynced, and one that refuses a write.

Both do their work on real files, through the seam `archive.durable.Files`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from archive.durable import Files

T = TypeVar("T")


class Crash(BaseException):
    """The power is gone; nothing of the program runs on, its handlers included."""


class Steps(Files):
    """Counts the steps that change the disk; a subclass breaks the one that `step` says."""

    def __init__(self) -> None:
        self.steps = 0

    def step(self, act: Callable[[], T], half: Callable[[], object]) -> T:
        """Do `act`; `half` does a part of it, as a disk may that fails in the middle."""
        self.steps += 1
        return act()

    def create(self, path: Path, mode: int = 0o644) -> int:
        return self.step(lambda: super(Steps, self).create(path, mode), path.touch)

    def write(self, fd: int, data: bytes) -> None:
        half = data[: len(data) // 2]
        self.step(
            lambda: super(Steps, self).write(fd, data), lambda: super(Steps, self).write(fd, half)
        )

    def fsync(self, fd: int) -> None:
        self.step(lambda: super(Steps, self).fsync(fd), nothing)

    def truncate(self, fd: int, length: int) -> None:
        self.step(lambda: super(Steps, self).truncate(fd, length), nothing)

    def rename(self, old: Path, new: Path) -> None:
        self.step(lambda: super(Steps, self).rename(old, new), lambda: os.link(old, new))

    def replace(self, new: Path, path: Path) -> None:
        self.step(lambda: super(Steps, self).replace(new, path), nothing)

    def unlink(self, path: Path) -> None:
        self.step(lambda: super(Steps, self).unlink(path), nothing)

    def fsync_folder(self, path: Path) -> None:
        self.step(lambda: super(Steps, self).fsync_folder(path), nothing)

    def make_read_only(self, path: Path) -> None:
        self.step(lambda: super(Steps, self).make_read_only(path), nothing)


class FailingFiles(Steps):
    """The step `at` (from 1), and where `lasting` each one after it, raises the error `number`.

    `effect` tells what had come to the disk by then: `none` of it, a `part` or `all`: "not
    stored", and "stored but reported failed".
    """

    def __init__(
        self, at: int, number: int, *, effect: str = "none", lasting: bool = False
    ) -> None:
        super().__init__()
        self._at = at
        self._number = number
        self._effect = effect
        self._lasting = lasting

    def step(self, act: Callable[[], T], half: Callable[[], object]) -> T:
        self.steps += 1
        if self.steps < self._at or (self.steps > self._at and not self._lasting):
            return act()
        if self._effect == "part":
            half()
        elif self._effect == "all":
            act()
        raise OSError(self._number, os.strerror(self._number))


class LossyFiles(Steps):
    """A disk below `root` that holds only what was fsynced once the power is cut.

    A file's bytes are safe after its fsync, a name after its folder's. `crash_at` cuts the power
    before that step (from 1); `crash` cuts it now.
    """

    def __init__(self, root: Path, crash_at: int = 0) -> None:
        super().__init__()
        self._root = root
        self._crash_at = crash_at
        self._down = False
        self._fds: set[int] = set()
        self._kept = root.with_name(f".{root.name}.inodes")  # a second name keeps a file's number
        self._kept.mkdir()
        self._bytes: dict[int, bytes] = {}
        self._names: dict[Path, dict[str, int | None]] = {}
        for folder in [root, *(path for path in root.rglob("*") if path.is_dir())]:
            self._keep_names(folder)
            for path in folder.iterdir():
                if path.is_file():
                    self._bytes[self._hold(path)] = path.read_bytes()

    def step(self, act: Callable[[], T], half: Callable[[], object]) -> T:
        self.steps += 1
        if self._down or self.steps == self._crash_at:
            self._down = True
            raise Crash
        return act()

    def create(self, path: Path, mode: int = 0o644) -> int:
        fd = super().create(path, mode)
        self._fds.add(fd)
        self._hold(path)
        return fd

    def open(self, path: Path) -> int:
        fd = super().open(path)
        self._fds.add(fd)
        return fd

    def close(self, fd: int) -> None:
        super().close(fd)
        self._fds.discard(fd)

    def fsync(self, fd: int) -> None:
        super().fsync(fd)
        self._bytes[os.fstat(fd).st_ino] = os.pread(fd, os.fstat(fd).st_size, 0)

    def fsync_folder(self, path: Path) -> None:
        super().fsync_folder(path)
        self._keep_names(path)

    def crash(self, survives: str = "nothing") -> None:
        """Cut the power and come up again: what stands below `root` is what had been fsynced.

        Of bytes that had not, `nothing` survives, a `part`, or their length alone as `zeros`.
        """
        self._down = True
        for fd in self._fds:
            os.close(fd)
        self._fds.clear()
        now = {int(path.name): path.read_bytes() for path in self._kept.iterdir()}
        for path in self._root.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self._restore(self._root, now, survives)
        shutil.rmtree(self._kept)

    def _hold(self, path: Path) -> int:
        inode = path.stat().st_ino
        os.link(path, self._kept / str(inode))
        return inode

    def _keep_names(self, folder: Path) -> None:
        self._names[folder] = {
            path.name: None if path.is_dir() else path.stat().st_ino for path in folder.iterdir()
        }

    def _restore(self, folder: Path, now: dict[int, bytes], survives: str) -> None:
        for name, inode in self._names.get(folder, {}).items():
            path = folder / name
            if inode is None:
                path.mkdir()
                self._restore(path, now, survives)
                continue
            safe = self._bytes.get(inode, b"")
            path.write_bytes(safe + _remains(now.get(inode, b"")[len(safe) :], survives))


def _remains(lost: bytes, survives: str) -> bytes:
    if survives == "part":
        return lost[: len(lost) * 2 // 3]
    return bytes(len(lost)) if survives == "zeros" else b""


def nothing() -> None:
    """The half of a step that has none."""
