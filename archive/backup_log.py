"""The log in a backup beside the log of the archive: an older one never replaces a later one."""

from __future__ import annotations

from pathlib import Path

from archive.backup_items import Contents
from archive.copying import Folder, chunks_of
from archive.errors import UncheckedError, UsageError, Where
from archive.evidence.log import HEAD, Head, Log, all_logs, current_log
from archive.evidence.sequencer import RefusedError
from archive.evidence.tiles import TileError
from archive.manifest import Manifest


def logged_before(target: Folder, former: Manifest) -> Head | None:
    """What the log in a backup has committed to. Raises `DamagedError`."""
    place = former.places.get(f"log/{HEAD}")
    if place is None:
        return None
    path = target.inside(place)
    return Head.parse(b"".join(chunks_of(path)), Where(path))


def continues(contents: Contents, before: Head, folder: Path) -> bool:
    """Whether the archive still writes the log that the backup holds; it may have been succeeded.

    Raises `RefusedError` where the archive was set back to before the backup, `UsageError` where the
    log is another archive's. Of a damaged log nothing is known and nothing copied.
    """
    log = contents.log
    if log is None:
        return True
    for each in all_logs(contents.root):
        if each.head and each.head.origin == before.origin:
            if not _holds(each, before, contents):
                raise RefusedError(
                    f"the backup holds entries that the log of the archive lacks: it has {before.size}",
                    where=Where(folder),
                    advice="the archive was set back: restore from this backup, or name another folder",
                )
            return log.head is not None and log.head.origin == before.origin
    raise UsageError(
        f"another archive's backup is there: its log is {before.origin}",
        where=Where(folder),
        advice="name another folder",
    )


def refuse_succeeded(contents: Contents) -> None:
    """Raises `UncheckedError` where the log was closed while its files were copied."""
    log = contents.log
    if log is None or log.head is None:
        return
    now = current_log(contents.root).head
    if now is None or now.origin != log.head.origin:
        raise UncheckedError(
            "the log was succeeded meanwhile",
            where=Where(contents.root.log),
            advice="give the same order again",
        )


def _holds(log: Log, before: Head, contents: Contents) -> bool:
    """Whether a log begins with the one that the backup holds."""
    if log.size < before.size:
        return False
    try:
        return log.tree(before.size).root() == before.root
    except TileError as error:
        contents.give_up_log(error)
        return True
