"""OpenTimestamps where it is configured: calendars asked, and what their proofs come to.

What needs the optional library is imported where it is needed: without it everything else goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from archive.errors import UncheckedError
from archive.evidence.bitcoin import LAYER, State
from archive.evidence.stamps import CALENDAR_PROOF
from archive.verdict import Check, Verdict
from cli.clock import software
from cli.complaint import complaint
from cli.context import Archive
from cli.output import say


def calendars(archive: Archive) -> tuple[str, ...]:
    """The configured calendars, without a slash at the end."""
    return tuple(url.rstrip("/") for url in archive.config.opentimestamps.calendars)


def ask(archive: Archive, folders: Sequence[Path], newest: Path | None) -> None:
    """Send the newest checkpoint, and ask what became of all that was sent.

    A damaged proof is told of. Raises `UncheckedError` where the library is missing, `UsageError` for
    a calendar that is no URL, `StorageError`.
    """
    from crawler.outbound.calendars import ask_calendars  # noqa: PLC0415 -- an optional library

    asked = ask_calendars(folders, newest, calendars(archive), archive.clock, agent=software())
    for error in asked.damaged:
        say(complaint(error).line)


def told_by(archive: Archive, folders: Iterable[Path]) -> State | None:
    """What OpenTimestamps says by the first of these checkpoints that is in a block, or else is pending.

    None where neither a calendar is configured nor a proof is there. Raises `DamagedError`.
    """
    pending = None
    for folder in folders:
        if not (folder / CALENDAR_PROOF).exists():
            continue
        try:
            from archive.evidence.calendar_proofs import state_of  # noqa: PLC0415 -- as above
        except UncheckedError as error:
            return State(Check(LAYER, Verdict.NOT_CHECKED, f"{error.what}; {error.advice}"))
        found = state_of(folder)
        if found and not found.pending:
            return found
        pending = pending or found
    if pending is None and calendars(archive):
        return State(Check(LAYER, Verdict.NOT_CHECKED, "sent to no calendar yet"), pending=True)
    return pending
