"""An archive made again out of its backup, once every file of the backup was found as it was listed.

Order of writes: a mark in the log, then the files, the configuration last, so that half an archive is
none. The mark, `log/restored`, keeps the log from being signed. Entries that were signed after the
backup are lost, and another tree of a size that was signed would be a lie. It goes by
`muniment log succeed`, or where it is shown that nothing was signed since (`lost_since`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from archive.backup_folder import ABOUT, locked, read_manifest
from archive.backup_items import mode_of
from archive.copying import Folder, Progress, changed, chunks_of, digest_of
from archive.durable import Files
from archive.errors import DamagedError, NotFoundError, UsageError, Where, storage
from archive.evidence.log import CHECKPOINT, RESTORED, Log, RestoredMark, Signed
from archive.evidence.note import NoteError
from archive.layout import CONFIG, ArchiveRoot
from archive.manifest import MANIFEST, Manifest

MOST_TOLD = 20
"""Files that an error names; a backup that is damaged throughout says no more by naming all."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore made."""

    root: ArchiveRoot
    files: int
    length: int
    """Bytes."""
    manifest: bytes
    """SHA-256 of the list of the backup."""
    about: dict[str, str]
    """When the backup was made, on whose order, by which program."""
    waited: bool
    """Whether the log waited for a word already when the backup was made."""


def verify_backup(folder: Path, progress: Progress | None = None) -> Manifest:
    """Read every file of a backup. Raises `NotFoundError` where there is none, `DamagedError`, which
    names the files that are not as they were listed.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        raise NotFoundError(
            f"no backup here: {MANIFEST} is missing",
            where=Where(folder),
            advice="name the folder that `muniment backup` wrote to the end",
        )
    source = Folder(folder, Files())
    wrong = [
        str(error)
        for place, digest in sorted(manifest.digests.items())
        if (error := _wrong(source, place, digest, progress))
    ]
    if wrong:
        more = f"; and {len(wrong) - MOST_TOLD} more" if len(wrong) > MOST_TOLD else ""
        raise DamagedError(
            f"the backup is damaged: {'; '.join(wrong[:MOST_TOLD])}{more}",
            where=Where(folder),
            advice="restore from another one; `muniment backup --check` mends it while the archive lives",
        )
    return manifest


def restore(
    folder: Path,
    target: Path,
    *,
    time: str,
    files: Files | None = None,
    progress: Progress | None = None,
) -> Restored:
    """Make the archive again in `target`, an empty folder or a new one; its log is marked.

    `time` is when. Raises `UsageError` where something is in `target`, what `verify_backup` raises,
    `StorageError`.
    """
    files = files or Files()
    _refuse_full(folder, target)
    with locked(folder, files):
        manifest = verify_backup(folder, progress)
        source, archive = Folder(folder.resolve(), files), Folder(target.resolve(), files)
        about = _about(source, manifest)
        _begin(ArchiveRoot(archive.path), _mark(source, manifest, about, time), archive, files)
        length = 0
        for path, place in sorted(manifest.places.items(), key=lambda pair: pair[0] == CONFIG):
            if path not in {ABOUT, f"log/{RESTORED}"}:
                if path == CONFIG:
                    archive.settle()
                length += _copy(source.inside(place), archive, path, manifest.digests[place])
        archive.settle()
    return Restored(
        root=ArchiveRoot(target),
        files=len(manifest.places.keys() - {ABOUT}),
        length=length,
        manifest=digest_of(folder / MANIFEST),
        about=about,
        waited=f"log/{RESTORED}" in manifest.places,
    )


def lost_since(log: Log, seen: Sequence[Signed], places: int) -> str | None:
    """Why it is not shown that nothing was signed since the backup; `None` where it is.

    Shown it is where every place that checkpoints are published in, `places` of them, holds just
    the one that the restored log ends with, signed by a key of that log. A place may have been out
    of reach when a later one was published, so a person must vouch for it as well.
    """
    return next(_doubts(log, seen, places), None)


def unmark(root: ArchiveRoot, files: Files | None = None) -> None:
    """Let the log go on: nothing was signed since. Raises `StorageError`."""
    files = files or Files()
    with storage(root.log):
        files.unlink(root.log / RESTORED)
        files.fsync_folder(root.log)


def _doubts(log: Log, seen: Sequence[Signed], places: int) -> Iterator[str]:
    if log.head is None:
        yield "the restored log is empty"
        return
    if not places:
        yield "muniment.toml names no place where checkpoints are published"
    if len(seen) < places:
        yield "a place where checkpoints are published does not hold one that can be read"
    for signed in seen:
        try:
            log.verify(signed)
        except NoteError as error:
            yield f"a published checkpoint does not verify: {error}"
            continue
        if signed.checkpoint.size > log.size:
            yield f"{signed.checkpoint.size - log.size} entries were signed since"
        elif signed.checkpoint != log.head.checkpoint:
            yield "a published checkpoint is another than the one restored"


def _refuse_full(folder: Path, target: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(
            "not an empty folder; a restore writes over nothing",
            where=Where(target),
            advice="name a new folder: `muniment restore SRC DIR`",
        )
    if folder.resolve() in (target.resolve(), *target.resolve().parents):
        raise UsageError("an archive must lie outside its backup", where=Where(target))


def _wrong(
    source: Folder, place: str, digest: bytes, progress: Progress | None
) -> DamagedError | None:
    try:
        path = source.inside(place)
        found = digest_of(path, progress)
    except FileNotFoundError:
        return DamagedError("the file is missing", where=Where(place))
    except DamagedError as error:
        return error
    return None if found == digest else changed(path, digest, found)


def _begin(root: ArchiveRoot, mark: bytes, archive: Folder, files: Files) -> None:
    """The folders of an archive, and the mark before anything that could be signed."""
    with storage(root.path):
        for folder in (root.warc, root.sources, root.crawls, root.quarantine, root.keys):
            files.mkdir(folder)
        files.mkdir(root.timestamps)
    archive.write(f"log/{RESTORED}", [mark])
    archive.settle()


def _copy(path: Path, archive: Folder, name: str, digest: bytes) -> int:
    length = path.lstat().st_size
    key = b"".join(chunks_of(path)) if name.startswith("keys/") else b""
    archive.write(name, chunks_of(path), expected=digest, source=path, mode=mode_of(name, key))
    return length


def _mark(source: Folder, manifest: Manifest, about: dict[str, str], time: str) -> bytes:
    """What is in `log/restored`: the last checkpoint that the backup has, and both times."""
    place = manifest.places.get(f"log/{CHECKPOINT}")
    note = b"".join(chunks_of(source.inside(place))) if place else b""
    told = {"restored": time, "backup": about}
    return RestoredMark("restored from a backup", note or None, told).to_bytes()


def _about(source: Folder, manifest: Manifest) -> dict[str, str]:
    place = manifest.places.get(ABOUT, ABOUT)
    path = source.inside(place)
    try:
        told = orjson.loads(b"".join(chunks_of(path)))
        return {str(key): str(value) for key, value in told.items()}
    except (FileNotFoundError, ValueError, AttributeError) as error:
        raise DamagedError("the backup does not say when it was made", where=Where(path)) from error
