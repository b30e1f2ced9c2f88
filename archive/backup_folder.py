"""The folder of a backup: claimed for one writer, and the list in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archive.copying import Folder, chunks_of
from archive.durable import Files
from archive.errors import UsageError, Where, reading, storage
from archive.layout import ArchiveRoot
from archive.manifest import MANIFEST, STATE, Manifest

LOCK = "backup.lock"
ABOUT = "backup.json"
"""When the backup was made, on whose order, by which program."""


def read_manifest(folder: Path) -> Manifest | None:
    """The list of the backup in a folder; `None` where there is none. Raises `DamagedError`."""
    path = folder / MANIFEST
    if not path.exists():
        return None
    return Manifest.parse(b"".join(chunks_of(path)), Where(path))


@contextmanager
def claimed(root: ArchiveRoot, folder: Path, files: Files) -> Iterator[Folder]:
    """The folder of a backup, which nobody else writes in meanwhile.

    Raises `UsageError` where it is no place for one, or somebody does.
    """
    here, archive = folder.resolve(), root.path.resolve()
    if here == archive or here in archive.parents or archive in here.parents:
        raise UsageError("a backup must lie outside the archive", where=Where(folder))
    ours = (here / LOCK).exists() or (here / MANIFEST).exists()
    if here.exists() and not ours and (not here.is_dir() or any(here.iterdir())):
        raise UsageError(
            "neither an empty folder nor a backup", where=Where(folder), advice="name a new folder"
        )
    with storage(here):
        files.mkdir(here)
        if not (here / LOCK).exists():  # before all else: it marks the folder as ours
            files.close(files.create(here / LOCK))
            files.fsync_folder(here)
    with locked(here, files):
        yield Folder(here, files)


@contextmanager
def locked(folder: Path, files: Files) -> Iterator[None]:
    """Keep everybody else from writing a backup. Raises `UsageError` where somebody does."""
    path = folder / LOCK
    if not os.access(path, os.W_OK):  # copied here by another tool, or a disk that takes nothing
        yield
        return
    with reading(path):
        fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not files.lock(fd):
            raise UsageError("a backup is being written there", where=Where(folder))
        yield
    finally:
        os.close(fd)


def next_state(folder: Path) -> str:
    """Where the next backup puts what has changed: a place that no list names yet."""
    numbers = [int(path.name) for path in (folder / STATE).glob("[1-9]*") if path.name.isdigit()]
    return f"{STATE}/{max(numbers, default=0) + 1}"
