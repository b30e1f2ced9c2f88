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
from cli.output import moment, span
from cli.outside_time import OutsideTime, clock_offset, outside_time

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
    if any(log.order.end_of(group.file) > group.offset for log in all_logs(archive.root)):
        raise DamagedError("the log has no entry for a group in this place", where=group.where)
    return None


@dataclass(frozen=True, slots=True)
class Proofs:
    """What stands beside the bytes of a capture: its place in the log, and the first outside proof."""

    logged: Check
    time_stamped: Check
    """By an authority; without one, by a block whose header was checked."""
    calendars: Check | None
    """What OpenTimestamps says, where it is used; *not checked* while it is pending."""
    recorded: str
    """*recorded at T1 by our clock (offset ±x), first outside proof T2, gap*."""

    @property
    def checks(self) -> tuple[Check, ...]:
        return (self.logged, self.time_stamped, *filter(None, (self.calendars,)))


def proofs_of(archive: Archive, capture: Capture) -> Proofs:
    """Whether the capture's statement, as it is now, is in the tree that the log's key signed, and
    which outsider says since when.
    """
    try:
        logged, found = _logged(archive, capture)
        outside = outside_time(archive, found.log, found.index) if found else None
    except DamagedError as error:
        logged, outside = Check(LOGGED, Verdict.FAILED, error.what), None
    if outside and outside.proof:
        stamped = Check(TIME_STAMPED, Verdict.PASSED, str(outside.proof))
    else:
        reason = outside.waits if outside else "not in the log"
        stamped = Check(TIME_STAMPED, Verdict.NOT_CHECKED, reason)
    calendars = outside.calendars.check if outside and outside.calendars else None
    return Proofs(logged, stamped, calendars, _recorded(archive, capture, outside))


def _logged(archive: Archive, capture: Capture) -> tuple[Check, Logged | None]:
    group = group_of(archive, capture)
    found = find_entry(archive, group)
    if found is None:
        return Check(LOGGED, Verdict.NOT_CHECKED, "not in the log yet"), None
    signed = found.log.signed()
    if signed is None or signed.checkpoint.size <= found.index:
        return Check(LOGGED, Verdict.NOT_CHECKED, "not signed yet: `muniment log checkpoint`"), None
    _verify(found, signed, group)
    return Check(LOGGED, Verdict.PASSED), found


def _recorded(archive: Archive, capture: Capture, outside: OutsideTime | None) -> str:
    """In words; what was handed to us has only the time at which its giver says to have had it."""
    if capture.fidelity == "asserted":
        told = "the time is asserted by its giver"
    else:
        told = f"recorded at {moment(capture.time)} by our clock ({clock_offset(archive, capture.time)})"
    if outside is None or outside.proof is None:
        return f"{told}, no outside proof yet" + (f": {outside.waits}" if outside else "")
    gap = span(outside.proof.time - capture.time)
    return f"{told}, first outside proof {outside.proof}, gap {gap}"


def _verify(found: Logged, signed: Signed, group: StoredGroup) -> None:
    proof = found.log.proof(found.index, signed)
    proof.verify(group.entry, found.log.ring.verifiers())


def _path(archive: Archive, capture: Capture) -> Path:
    return archive.root.warc / capture.file
