"""A backup: the files of an archive copied into a folder elsewhere, each read back and listed.

Order of writes, so that the former backup stays whole until the new one is:

    1. new sealed WARC files, and whatever else is new or changed, in places that the former list
       does not name (archive.manifest)
    2. their names are made durable
    3. the list takes the place of the former one
    4. what no list names any more is removed

A damaged file of the archive is told of, and the copy that the backup has of it stays. So does the
copy of one that is gone and ought not to be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from archive.backup_folder import ABOUT, claimed, next_state, read_manifest
from archive.backup_items import Contents, Item, never_changes
from archive.backup_log import continues, logged_before, refuse_succeeded
from archive.copying import Folder, Progress, changed, chunks_of, digest_of, is_plain
from archive.durable import Files
from archive.errors import DamagedError, Where, storage
from archive.expected import Depth, expected_in
from archive.fixity import check_all
from archive.layout import ArchiveRoot
from archive.manifest import MANIFEST, STATE, Manifest
from archive.stored import OPEN, sealed_name
from archive.verdict import Verdict


@dataclass
class BackupReport:
    """What a backup did, and what it holds now."""

    copied: int = 0
    copied_bytes: int = 0
    kept: int = 0
    """Files that it held already."""
    manifest: bytes = b""
    """SHA-256 of its list."""
    private_keys: int = 0
    """How many were left out."""
    open_groups: int = 0
    """Groups in files that are still being written; they are in the backup."""
    damaged: list[DamagedError] = field(default_factory=list)

    @property
    def files(self) -> int:
        return self.copied + self.kept


def backup(
    root: ArchiveRoot,
    folder: Path,
    *,
    about: Mapping[str, str],
    known: Mapping[str, bytes] | None = None,
    with_keys: bool = False,
    check: bool = False,
    files: Files | None = None,
    progress: Progress | None = None,
) -> BackupReport:
    """Bring the backup of an archive in `folder` up to date; the first time, make one.

    `known` is the SHA-256 of sealed WARC files by name, as their seal events have it. With `check`
    every copy that is there already is read again, and one that is damaged made anew.
    Raises `UsageError` where the folder is no place for this backup, `RefusedError` where it holds
    a later log than the archive, `StorageError` where its disk refuses.
    """
    files = files or Files()
    with claimed(root, folder, files) as target:
        work = _Backup(
            target,
            Contents(root, with_keys),
            known=known or {},
            check=check,
            files=files,
            progress=progress,
        )
        return work.run(orjson.dumps(dict(about), option=orjson.OPT_APPEND_NEWLINE))


class _Backup:
    """One backup. `_new` grows into its list, `_found` into the paths that the archive has."""

    def __init__(
        self,
        target: Folder,
        contents: Contents,
        *,
        known: Mapping[str, bytes],
        check: bool,
        files: Files,
        progress: Progress | None,
    ) -> None:
        self._root = contents.root
        self._target = target
        self._contents = contents
        self._known = known
        self._check = check
        self._files = files
        self._progress = progress
        self._former = read_manifest(target.path) or Manifest()
        self._new: dict[str, bytes] = {}
        self._found: set[str] = set()
        self._same_log = True
        self._report = BackupReport(damaged=contents.damaged)

    def run(self, about: bytes) -> BackupReport:
        self._contents.hold_log()
        before = logged_before(self._target, self._former)
        if before:
            self._same_log = continues(self._contents, before, self._target.path)
        self._target.sweep()
        self._state = next_state(self._target.path)
        for item in self._contents.items():
            self._take(item)
        for path in sorted(self._former.places.keys() - self._found - {ABOUT}):
            self._gone(path)
        refuse_succeeded(self._contents)
        self._commit(about)
        self._clear()
        self._report.private_keys = self._contents.private_keys
        self._report.open_groups = self._contents.open_groups
        return self._report

    def _take(self, item: Item) -> None:
        """Copy a file, or keep the copy that is there."""
        try:
            self._sealed(item) if item.is_sealed else self._other(item)
        except FileNotFoundError:
            if item.data is not None or is_plain(item.source):  # it is the backup that is gone
                raise
            if item.path.endswith(OPEN):  # it was sealed just now
                self._take(self._contents.sealed(item))
                return
            if not self._stays(item.path):  # it was taken away just now
                return
            self._missing(item.path)
        except DamagedError as error:
            self._report.damaged.append(error)
            self._save(item.path)
        self._found.add(item.path)

    def _sealed(self, item: Item) -> None:
        former, known = self._former.digest_of(item.path), self._known.get(item.source.name)
        if former and known in {None, former}:
            length = item.source.lstat().st_size
            if self._is_there(item.path, former, length):
                self._keep(item.path)
                return
        expected = known or former
        if expected is None:
            _check_by_itself(item.source)
        self._copy(item, item.path, expected)

    def _other(self, item: Item) -> None:
        """Whatever is no sealed file is small, and read to see whether it has changed."""
        former, now, length = self._former.digest_of(item.path), *_measured(item)
        if former == now and self._is_there(item.path, now, length):
            self._keep(item.path)
            return
        if former and former != now and self._stays(item.path):
            raise changed(item.source, former, now)
        self._copy(item, f"{self._state}/{item.path}", None)

    def _copy(self, item: Item, place: str, expected: bytes | None) -> None:
        chunks = self._counted(_chunks(item))
        self._new[place] = self._target.write(
            place, chunks, expected=expected, source=item.source, mode=item.mode
        )
        self._report.copied += 1

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            yield chunk
            self._report.copied_bytes += len(chunk)
            if self._progress:
                self._progress(len(chunk))

    def _keep(self, path: str) -> None:
        """Leave the copy of a file as the former backup has it, if it has one."""
        place = self._former.places.get(path)
        if place and place not in self._new:
            self._new[place] = self._former.digests[place]
            self._report.kept += 1

    def _save(self, path: str) -> None:
        """Keep a copy that there may be no other of any more, if it is what the former list says."""
        place = self._former.places.get(path)
        if place is None:
            return
        copy = self._target.inside(place)
        if is_plain(copy) and digest_of(copy) == self._former.digests[place]:
            self._keep(path)
        else:
            told = DamagedError("the copy in the backup is damaged or missing", where=Where(copy))
            self._report.damaged.append(told)

    def _is_there(self, path: str, digest: bytes, length: int) -> bool:
        """Whether the copy is there, of the right length; its bytes are read where that was asked."""
        copy = self._target.inside(self._former.places[path])
        if not is_plain(copy) or copy.lstat().st_size != length:
            return False
        return not self._check or digest_of(copy, self._progress) == digest

    def _gone(self, path: str) -> None:
        """A file that the former backup has and the archive has not."""
        if path.startswith("log/") and self._contents.log is None:
            self._save(path)  # the log is damaged, which is told already
        elif path.endswith(OPEN):
            if sealed_name(path) not in self._found:
                self._missing(path)
        elif self._stays(path):
            self._missing(path)

    def _missing(self, path: str) -> None:
        # A partial tile may go once there is a wider one (C2SP tlog-tiles, "Partial tiles").
        if not is_plain(self._root.path / path) and ".p/" not in path:
            told = DamagedError(
                "the file is missing",
                where=Where(self._root.path / path),
                advice="bring it back from the backup, which keeps its copy",
            )
            self._report.damaged.append(told)
        self._save(path)

    def _stays(self, path: str) -> bool:
        return never_changes(path) and (self._same_log or not path.startswith("log/"))

    def _commit(self, about: bytes) -> None:
        place = f"{self._state}/{ABOUT}"
        self._new[place] = self._target.write(place, [about])
        self._target.settle()
        data = Manifest(self._new).to_bytes()
        self._report.manifest = self._target.write(MANIFEST, [data])
        self._target.settle()

    def _clear(self) -> None:
        """Remove what changes and is no longer listed; of sealed files nothing is ever removed."""
        base = self._target.path
        for path in sorted((base / STATE).rglob("*"), reverse=True):
            with storage(path):
                if path.is_dir() and not path.is_symlink():
                    if not any(path.iterdir()):
                        path.rmdir()
                elif path.relative_to(base).as_posix() not in self._new:
                    self._files.unlink(path)


def _check_by_itself(path: Path) -> None:
    """A sealed file of which nothing outside tells the digest: its statements tell of its records."""
    for checked in check_all(path.parent, expected_in(path), Depth.STORED):
        for result in checked.results:
            if result.verdict is Verdict.FAILED:
                raise DamagedError(
                    f"{result.layer}: expected {result.expected}, found {result.found}",
                    where=Where(path, result.offset),
                    advice="bring the file back from a copy",
                )


def _chunks(item: Item) -> Iterator[bytes]:
    return iter([item.data]) if item.data is not None else chunks_of(item.source, item.end)


def _measured(item: Item) -> tuple[bytes, int]:
    """SHA-256 and length of what counts of a file."""
    hasher, length = hashlib.sha256(), 0
    for chunk in _chunks(item):
        hasher.update(chunk)
        length += len(chunk)
    return hasher.digest(), length
