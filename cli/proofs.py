"""What the log and the outside say of one capture: checks that stand beside those of its bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archive.errors import DamagedError
from archive.evidence.log import Log, Signed, all_logs
from archive.reader import groups
from archive.stored import StoredGroup
from archive.verdict import Check, Verdict
from catalog.holdings import Capture
from cli.context import Archive

LOGGED, TIME_STAMPED = "logged", "time-stamped"


@dataclass(frozen=True, slots=True)
class Logged:
    """Where a group stands: in which log, at which index."""

    log: Log
    index: int


def group_of(archive: Archive, capture: Capture) -> StoredGroup:
    """The group of a capture, read from its file. Raises `DamagedError`."""
    return next(groups(_path(archive, capture), capture.offset))


def find_entry(archive: Archive, group: StoredGroup) -> Logged | None:
    """The entry of a group in any log of the archive, the current one first.

    Raises `DamagedError` where a log holds another entry for it.
    """
    for log in reversed(all_logs(archive.root)):
        index = log.index_of(group.file, group.offset, group.entry) if log.head else None
        if index is not None:
            return Logged(log, index)
    return None


def logged_check(archive: Archive, capture: Capture) -> Check:
    """Whether the capture's statement, as it is now, is in the tree that the log's key signed."""
    try:
        group = group_of(archive, capture)
        found = find_entry(archive, group)
        if found is None:
            return Check(LOGGED, Verdict.NOT_CHECKED, "not in the log yet")
        signed = found.log.signed()
        if signed is None or signed.checkpoint.size <= found.index:
            return Check(LOGGED, Verdict.NOT_CHECKED, "not signed yet: `muniment log checkpoint`")
        _verify(found, signed, group)
    except DamagedError as error:
        return Check(LOGGED, Verdict.FAILED, error.what)
    return Check(LOGGED, Verdict.PASSED)


def _verify(found: Logged, signed: Signed, group: StoredGroup) -> None:
    proof = found.log.proof(found.index, signed)
    proof.verify(group.entry, found.log.ring.verifiers())


def _path(archive: Archive, capture: Capture) -> Path:
    return archive.root.warc / capture.file
