"""Time from outside: stamps asked for and kept, the clock measured, and what both say of a capture.

Asking never holds up a capture. What an authority does not give waits in timestamps/ with its reason
and is asked for again by the next order that logs.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from archive.durable import Files
from archive.errors import Error, UsageError, Where, reading, storage
from archive.evidence.bitcoin import BlockTime, State
from archive.evidence.log import Log, Signed
from archive.evidence.stamps import (
    CHECKPOINT,
    Kept,
    earliest,
    enqueue,
    folder_of,
    pending,
    stamp_folders,
    stamps,
)
from archive.evidence.timestamp import Authority, TimeStamp
from archive.reader import groups
from archive.times import to_text
from catalog.custody import CLOCK_CHECK, RENEWAL, SEAL, TIME_STAMP, Told, events, objects_of
from cli import calendars
from cli.clock import agent
from cli.complaint import complaint
from cli.context import Archive
from cli.events import Happening
from cli.output import say
from crawler.outbound.ntp import check_clock
from crawler.outbound.stamping import stamp_pending

MAINTENANCE = frozenset({SEAL, TIME_STAMP})
"""Events that the log brings about itself: they alone need no stamp, or stamps would never end."""
RENEW_AHEAD = timedelta(days=180)
"""So long before the certificates behind a stamp end it is renewed: time for more than one try."""
GAP_LIMIT = timedelta(days=1)
"""A checkpoint that waits longer for its stamp is something to complain of."""


def authorities(archive: Archive) -> list[Authority]:
    """The configured authorities. Raises `UsageError` where one's roots cannot be read."""
    found = []
    for told in archive.config.authority:
        path = archive.root.path / told.roots
        try:
            roots = tuple(x509.load_pem_x509_certificates(path.read_bytes()))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"the roots of the time-stamp authority {told.name} cannot be read: {error}",
                where=Where(path),
            ) from error
        found.append(Authority(told.name, told.url, roots, told.test))
    return found


def have_stamped(archive: Archive, signed: Signed) -> None:
    """Let a checkpoint wait for its stamps, if it commits to more than the log's own maintenance."""
    chosen = authorities(archive)
    folder = folder_of(archive.root, signed.checkpoint.size, signed.checkpoint.root)
    asks = chosen or calendars.calendars(archive)
    if asks and not folder.exists() and _needs_stamp(archive):
        said = signed.checkpoint
        enqueue(archive.root, signed.data, said.size, said.root, chosen)


def ask_for_stamps(archive: Archive) -> None:
    """Ask once for whatever waits and is due. One process at a time; another's turn is enough.

    What keeps calendars from being asked is told of and keeps nothing else from being done.
    """
    chosen = authorities(archive)
    stamps_wait = bool(chosen and pending(archive.root))
    if not stamps_wait and not calendars.calendars(archive):
        return
    with _alone(archive) as ours:
        if ours and stamps_wait:
            stamp_pending(archive.root, chosen, archive.clock, agent=agent())
        if ours and calendars.calendars(archive):
            try:
                calendars.ask(archive, stamp_folders(archive.root), latest_folder(archive))
            except Error as error:
                say(complaint(error).line)


def ask_meanwhile(archive: Archive) -> None:
    """Ask in a thread of its own, which nobody waits for: a crawl goes on."""
    threading.Thread(target=_ask_quietly, args=(archive,), daemon=True).start()


def _ask_quietly(archive: Archive) -> None:
    try:
        ask_for_stamps(archive)
    except (Error, OSError) as error:  # the order's end asks again, and complains then
        say(f"time stamps: {error}")


def stamp_events(archive: Archive) -> Iterator[Happening]:
    """An event for each stamp that has none, and a renewal of those whose certificates end soon."""
    told = objects_of(archive.engine, TIME_STAMP)
    chosen = authorities(archive)
    for folder in stamp_folders(archive.root):
        names = {path.stem for path in folder.glob("*.tsr")}
        if all(f"{folder.name}/{name}" in told for name in names):
            continue
        for kept in stamps(folder, chosen):
            name = f"{folder.name}/{kept.authority}"
            if kept.stamp and name not in told:
                yield _stamp_event(folder, kept, name)
    yield from _renewals(archive)


def _stamp_event(folder: Path, kept: Kept, name: str) -> Happening:
    assert kept.stamp is not None
    detail = {
        "authority": kept.authority,
        "time": to_text(kept.stamp.time),
        "ends": to_text(kept.stamp.ends),
        "test": kept.stamp.test,
        "sha256": _sha256(folder / f"{kept.authority}.tsr"),
        "checkpoint_sha256": _sha256(folder / CHECKPOINT),
    }
    return Happening(TIME_STAMP, kept.check.verdict.value, detail, (name,))


def _renewals(archive: Archive) -> Iterator[Happening]:
    """Commit to stamps, chains and revocation lists before what they rest on ends (RFC 4998, 5).

    The checkpoint with that leaf is stamped in turn, so it has to wait for an authority whose
    certificates last longer; until there is one, `doctor` complains.
    """
    names = [name for name, ends in renewals_due(archive) if ends < _latest_end(archive)]
    if names:
        files = [path for name in names for path in sorted(_files_of(archive, name))]
        detail = {
            "files": {
                str(path.relative_to(archive.root.timestamps)): _sha256(path) for path in files
            }
        }
        yield Happening(RENEWAL, None, detail, tuple(names))


def renewals_due(archive: Archive) -> list[tuple[str, str]]:
    """Stamps, by name with the end of their certificates, that end soon and are not renewed.

    A checkpoint that another authority stamped for longer needs no renewal.
    """
    limit = to_text(archive.clock() + RENEW_AHEAD)
    renewed = objects_of(archive.engine, RENEWAL)
    ends = [(event.objects[0], event.detail["ends"]) for event in _outsiders(archive)]
    lasting = {name.partition("/")[0] for name, end in ends if end > limit}
    return [
        (name, end)
        for name, end in ends
        if end <= limit and name not in renewed and name.partition("/")[0] not in lasting
    ]


def _latest_end(archive: Archive) -> str:
    return max((event.detail["ends"] for event in _outsiders(archive)), default="")


def _outsiders(archive: Archive) -> Iterator[Told]:
    return (event for event in events(archive.engine, TIME_STAMP) if not event.detail["test"])


def _files_of(archive: Archive, name: str) -> list[Path]:
    folder, _, authority = name.partition("/")
    place = archive.root.timestamps / folder
    return [place / CHECKPOINT, *place.glob(f"{authority}.*")]


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
    for folder in _folders_over(archive, log, index):
        kept = stamps(folder, chosen)
        first = earliest(kept)
        if first is not None:
            found.append(first)
            break  # a later checkpoint was stamped later, but for an authority that took its time
        reason = next((f"{one.authority}: {one.check.reason}" for one in kept), reason)
    told = calendars.told_by(archive, _folders_over(archive, log, index))
    return OutsideTime(min(found, key=lambda one: one.time, default=None), reason, told)


def latest_folder(archive: Archive) -> Path | None:
    """That of the latest checkpoint of the current log that was chosen to be stamped."""
    return max(_folders_over(archive, archive.log, 0), key=_size, default=None)


def _folders_over(archive: Archive, log: Log, index: int) -> Iterator[Path]:
    """Those whose checkpoints commit to the entry at `index`, the smallest log first."""
    for folder in stamp_folders(archive.root):
        if _size(folder) > index and _is_of(log, folder):
            yield folder


def _size(folder: Path) -> int:
    return int(folder.name.partition("-")[0])


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


def _needs_stamp(archive: Archive) -> bool:
    """Whether anything but maintenance was entered since the last checkpoint that was chosen."""
    latest = latest_folder(archive)
    last = _size(latest) if latest else 0
    for run in archive.log.order.since(last):
        path = archive.root.warc / run.file
        if not path.name.startswith("events-") or not path.exists():
            return True
        for group in groups(path, run.start):
            if group.end > run.end:
                break
            if group.raw.get("type") not in MAINTENANCE:
                return True
    return False


def _is_of(log: Log, folder: Path) -> bool:
    """Whether a folder's checkpoint is one of this log."""
    origin = log.head.origin if log.head else ""
    with reading(folder / CHECKPOINT):
        return (folder / CHECKPOINT).read_bytes().startswith(f"{origin}\n".encode())


@contextmanager
def _alone(archive: Archive) -> Iterator[bool]:
    path = archive.root.timestamps / "lock"
    with storage(path):
        Files().mkdir(path.parent)
        path.touch()
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        yield Files().lock(fd)
    finally:
        os.close(fd)


def _sha256(path: Path) -> str:
    with reading(path):
        return hashlib.sha256(path.read_bytes()).hexdigest()
