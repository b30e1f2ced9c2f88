"""Closing a log that was cut short, and opening its successor.

A log that came back from an older copy must not be signed again: entries that were signed since are
lost, and another tree of the same size would be a lie. So it is closed where it stands, and what it
holds stays provable by its last checkpoint. The successor has another name and another key. Its first
entry is an event that names the predecessor and the last checkpoint of it that anybody saw.

Order of steps, so that a crash leaves something to go on with: the old folder is renamed to
log.closed/N; the new key is made; the event is recorded; the successor takes the event as its first
entry, then whatever no log holds. Between them nothing else can be signed (the sequencer refuses to
begin beside a closed log).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from archive.durable import Files
from archive.errors import UsageError, Where, storage
from archive.evidence.log import Log, Signed, closed_logs, current_log
from archive.evidence.note import NoteError
from archive.evidence.sequencer import standstill
from archive.layout import ArchiveRoot

SUCCESSION = "log succession"
"""The type of the event that a successor begins with."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A log that was closed, and the last checkpoint of it that was seen anywhere."""

    log: Log
    last: Signed | None
    successor: str
    """The name of the log that takes over."""

    @property
    def lost(self) -> int:
        """Entries that were signed and that the closed log does not hold."""
        return max(0, self.last.checkpoint.size - self.log.size) if self.last else 0

    def detail(self, reason: str, vkey: str) -> dict[str, Any]:
        """What the event of the succession says."""
        head = self.log.head
        last = self.last.checkpoint if self.last else None
        return {
            "reason": reason,
            "predecessor": head.origin if head else None,
            "held": self.log.size,
            "held_root": head.root.hex() if head else None,
            "signed": last.size if last else 0,
            "signed_root": last.root.hex() if last else None,
            "lost": self.lost,
            "successor": self.successor,
            "vkey": vkey,
        }


def close_log(
    root: ArchiveRoot, base: str, seen: Iterable[Signed] = (), files: Files | None = None
) -> Closed:
    """Close the current log, unless an earlier call did and its successor has not begun.

    `seen` are checkpoints found elsewhere; each must be signed by the log. Raises `UsageError` where
    there is no log to close, `StorageError`.
    """
    files = files or Files()
    with standstill(root, files):
        return _close(root, base, seen, files)


def _close(root: ArchiveRoot, base: str, seen: Iterable[Signed], files: Files) -> Closed:
    log = current_log(root)
    closed = closed_logs(root)
    if log.head is not None or log.is_restored:
        target = root.closed_logs / str(len(closed) + 1)
        with storage(target):
            files.mkdir(root.closed_logs)
            files.replace(root.log, target)
            files.fsync_folder(root.closed_logs)
            files.fsync_folder(root.path)
        closed = closed_logs(root)
    if not closed:
        raise UsageError("there is no log to close: it has no entry yet", where=Where(root.log))
    return Closed(closed[-1], _last(closed[-1], seen), f"{base}/{len(closed) + 1}")


def _last(log: Log, seen: Iterable[Signed]) -> Signed | None:
    """The largest checkpoint that one of the log's keys signed."""
    found = []
    for signed in seen:
        try:
            log.verify(signed)
        except NoteError:
            continue
        if log.head is None or signed.checkpoint.origin == log.head.origin:
            found.append(signed)
    own = log.published()
    return max([*found, *([own] if own else [])], key=lambda one: one.checkpoint.size, default=None)
