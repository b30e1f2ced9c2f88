"""Time stamps: asked for without holding anything up, kept, told of in events, renewed.

Asking never holds up a capture. What an authority does not give waits in timestamps/ with its reason
and is asked for again by the next order that logs.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from cryptography import x509

from archive.durable import Files
from archive.errors import Error, UsageError, Where, reading, storage
from archive.evidence.log import Log, Signed
from archive.evidence.stamps import (
    CHECKPOINT,
    Kept,
    enqueue,
    folder_of,
    pending,
    stamp_folders,
    stamps,
)
from archive.evidence.timestamp import Authority
from archive.reader import groups
from archive.times import to_text
from catalog.custody import RENEWAL, SEAL, TIME_STAMP, Told, events, objects_of
from cli import calendars
from cli.clock import agent
from cli.complaint import complaint
from cli.context import Archive
from cli.events import Happening
from cli.output import say
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


def latest_folder(archive: Archive) -> Path | None:
    """That of the latest checkpoint of the current log that was chosen to be stamped."""
    return max(folders_over(archive, archive.log, 0), key=size_of, default=None)


def folders_over(archive: Archive, log: Log, index: int) -> Iterator[Path]:
    """Those whose checkpoints commit to the entry at `index`, the smallest log first."""
    for folder in stamp_folders(archive.root):
        if size_of(folder) > index and is_of(log, folder):
            yield folder


def size_of(folder: Path) -> int:
    return int(folder.name.partition("-")[0])


def _needs_stamp(archive: Archive) -> bool:
    """Whether anything but maintenance was entered since the last checkpoint that was chosen."""
    latest = latest_folder(archive)
    last = size_of(latest) if latest else 0
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


def is_of(log: Log, folder: Path) -> bool:
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
