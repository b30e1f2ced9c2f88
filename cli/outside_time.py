"""Time from outside: the clock measured, and what stamps say of a capture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from archive.evidence.bitcoin import BlockTime, State
from archive.evidence.log import Log
from archive.evidence.stamps import (
    earliest,
    stamps,
)
from archive.evidence.timestamp import TimeStamp
from archive.times import to_text
from catalog.custody import CLOCK_CHECK, events
from cli import calendars
from cli.context import Archive
from cli.events import Happening
from cli.stamping import authorities, folders_over
from crawler.outbound.ntp import check_clock


def measure_clock(archive: Archive) -> Iterator[Happening]:
    """What time servers say of this machine's clock; nothing where none is configured."""
    servers = archive.config.clock.servers
    if not servers:
        return
    now = archive.clock()
    found = check_clock(servers, archive.clock)
    detail = {
        "measured": to_text(now),
        "servers": [
            {
                "server": one.server,
                "offset_ms": one.offset_ms,
                "delay_ms": one.delay_ms,
                "stratum": one.stratum,
                "reason": one.reason or None,
            }
            for one in found
        ],
    }
    answered = any(one.offset_ms is not None for one in found)
    yield Happening(CLOCK_CHECK, "passed" if answered else "not checked", detail)


@dataclass(frozen=True, slots=True)
class OutsideTime:
    """What is known of a capture's time besides our own clock."""

    stamp: TimeStamp | None
    """The first stamp from outside over a checkpoint that commits to it; never a test's."""
    waits: str
    """Why there is none yet, or that only a test authority stamped it."""
    calendars: State | None = None
    """What OpenTimestamps says, where it is used."""

    @property
    def proof(self) -> TimeStamp | BlockTime | None:
        """The stamp of an authority; else a block, where its header was checked."""
        return self.stamp or (self.calendars.block if self.calendars else None)


def outside_time(archive: Archive, log: Log, index: int) -> OutsideTime:
    """The first proof from outside that the entry at `index` existed."""
    chosen = authorities(archive)
    reason = "no time-stamp authority is configured" if not chosen else "not stamped yet"
    found: list[TimeStamp] = []
    for folder in folders_over(archive, log, index):
        kept = stamps(folder, chosen)
        first = earliest(kept)
        if first is not None:
            found.append(first)
            break  # a later checkpoint was stamped later, but for an authority that took its time
        reason = next((f"{one.authority}: {one.check.reason}" for one in kept), reason)
    told = calendars.told_by(archive, folders_over(archive, log, index))
    return OutsideTime(min(found, key=lambda one: one.time, default=None), reason, told)


@dataclass(frozen=True, slots=True)
class ClockMeasure:
    """What one time server said of our clock."""

    server: str
    ahead: int
    """Milliseconds by which our clock was ahead of the server; negative if behind."""
    delay: int
    """Milliseconds that the answer took; half of it is the doubt about `ahead`."""
    measured: datetime


def clock_measure(archive: Archive, time: datetime) -> ClockMeasure | None:
    """The latest measure of our clock in the day before `time`."""
    latest = None
    for event in events(archive.engine, CLOCK_CHECK):
        if time - timedelta(days=1) <= event.time <= time + timedelta(minutes=5):
            latest = event
    for told in latest.detail["servers"] if latest else ():
        if latest and told["offset_ms"] is not None:
            delay = told["delay_ms"] or 0
            return ClockMeasure(told["server"], -told["offset_ms"], delay, latest.time)
    return None


def clock_offset(archive: Archive, time: datetime) -> str:
    """The same in words."""
    found = clock_measure(archive, time)
    if found is None:
        return "offset not measured"
    return f"offset {found.ahead:+d} ±{round(found.delay / 2)} ms by {found.server}"
