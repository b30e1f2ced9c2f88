"""Keeping the log: whatever an order wrote becomes entries, and a signed checkpoint, before it ends.

Orders do not log by hand. `with_archive` calls `keep_log` behind each order that wrote something; a
long crawl calls `checkpoint` meanwhile. Nothing here can lose a record: the records are durable
before, and what the log lacks is entered the next time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from archive.digest import Digests
from archive.durable import write_over
from archive.errors import Error, Where, reading
from archive.evidence.keys import KeyRing
from archive.evidence.log import Signed
from archive.evidence.note import NoteError
from archive.evidence.seen import file_name
from archive.evidence.sequencer import RefusedError, Sequencer
from cli.clock import agent
from cli.complaint import complaint
from cli.context import Archive
from cli.cosigning import have_cosigned
from cli.events import Happening, record_events
from cli.output import say
from cli.stamping import ask_for_stamps, ask_meanwhile, have_stamped, stamp_events

PASSPHRASE = "MUNIMENT_LOG_PASSPHRASE"  # noqa: S105 - its name, not its value
"""The variable that holds the passphrase of a locked key."""
EVENTS = "events-"
"""How the names of files begin that hold events alone."""


def keep_log(archive: Archive, operator: str) -> Signed | None:
    """Give every sealed file its leaf, enter what the log lacks, sign, publish.

    Returns the signed checkpoint; `None` where there was something to complain of, which is said.
    """
    try:
        sealed = list(_seals(archive))
        if sealed:
            record_events(archive, operator, sealed)
        signed = checkpoint(archive, cosigned=True)
        ask_for_stamps(archive)
        stamped = list(stamp_events(archive))
        if stamped:
            record_events(archive, operator, stamped)
            signed = checkpoint(archive, cosigned=True)
    except Error as error:
        click.echo(complaint(error).line, err=True)
        return None
    archive.unlogged = False
    return signed


def checkpoint_meanwhile(archive: Archive) -> None:
    """A checkpoint in the middle of a crawl, which a log that takes nothing does not hold up."""
    try:
        checkpoint(archive)
        ask_meanwhile(archive)
    except Error as error:
        click.echo(complaint(error).line, err=True)


def checkpoint(archive: Archive, *, cosigned: bool = False) -> Signed | None:
    """Enter what the log lacks, sign the head, have it cosigned if told to, publish it, have it wait
    for its stamps.

    Raises `RefusedError`, `StorageError`, `UncheckedError` where the key is locked.
    """
    origin = log_origin(archive)
    ring = KeyRing(archive.root.keys, origin)
    if archive.log.head is None and not ring.verifiers():
        ring.create()
    sequencer = Sequencer(archive.root, origin, seen=list(seen_elsewhere(archive)))
    for error in sequencer.append().damaged:
        click.echo(complaint(error).line, err=True)
    signed = sequencer.sign(ring.signers(passphrase, archive.config.log.signer))
    if signed and cosigned and archive.config.cosigner:
        signed = have_cosigned(archive, sequencer, signed)
    if signed:
        publish(archive, signed)
        have_stamped(archive, signed)
    return signed


def base_origin(archive: Archive) -> str:
    """The name of the first log of an archive; successors add their number to it."""
    folder = archive.root.path.resolve().name
    return archive.config.log.origin or f"muniment.invalid/{folder}"


def log_origin(archive: Archive) -> str:
    """The log's name: what it was signed by, or what `muniment.toml` says before the first entry.

    Raises `RefusedError` where the two differ: a name that changes would fork the log.
    """
    configured = base_origin(archive)
    head = archive.log.head
    if head is None:
        return configured
    if archive.config.log.origin and not _continues(head.origin, configured):
        raise RefusedError(
            f"muniment.toml names the log {configured}, and it is signed as {head.origin}",
            where=Where(archive.root.config),
            advice=f'write `origin = "{head.origin}"` there',
        )
    return head.origin


def publish(archive: Archive, signed: Signed) -> None:
    """Copy the checkpoint to where others keep it too; a place that fails is told of."""
    for place in archive.config.log.publish:
        try:
            publish_in(archive, archive.root.path / place, signed)
        except (Error, OSError) as error:
            say(f"the checkpoint could not be published in {place}: {error}")


def publish_in(archive: Archive, folder: Path, signed: Signed) -> None:
    """Write a checkpoint and the log's public keys into a folder. Raises `StorageError`, `OSError`."""
    origin = signed.checkpoint.origin
    folder.mkdir(parents=True, exist_ok=True)
    keys = "".join(f"{key.vkey}\n" for key in KeyRing(archive.root.keys, origin).verifiers())
    write_over(folder / f"{file_name(origin)}.vkeys", keys.encode())
    write_over(folder / f"{file_name(origin)}.checkpoint", signed.data)


def seen_elsewhere(archive: Archive) -> Iterator[Signed]:
    """The checkpoints of the current log that lie elsewhere; one that cannot be read is told of."""
    origin = archive.log.head.origin if archive.log.head else base_origin(archive)
    for place in archive.config.log.publish:
        path = archive.root.path / place / f"{file_name(origin)}.checkpoint"
        if path.exists():
            try:
                yield Signed.parse(path.read_bytes())
            except (NoteError, OSError) as error:
                say(f"the checkpoint published in {place} cannot be read: {error}")
    yield from _seen_by_cosigners(archive, origin)


def _seen_by_cosigners(archive: Archive, origin: str) -> Iterator[Signed]:
    from crawler.outbound.cosigning import seen_by_cosigner  # noqa: PLC0415 -- rarely needed

    keys = KeyRing(archive.root.keys, origin).verifiers()
    for told in archive.config.cosigner:
        seen = seen_by_cosigner(told.url, origin, keys, agent=agent())
        if seen is not None:
            yield seen


def _continues(origin: str, configured: str) -> bool:
    """Whether a log's name is the configured one or that of a successor of it."""
    number = origin.removeprefix(configured)
    return not number or (number.startswith("/") and number[1:].isdigit())


def _seals(archive: Archive) -> Iterator[Happening]:
    """A leaf for each sealed file that has none. One with nothing but events waits for company:
    its own leaf lies in another such file, and so on.
    """
    from catalog.custody import SEAL, without_leaf  # noqa: PLC0415 -- loads the database

    waiting = without_leaf(archive.engine)
    if all(file.name.startswith(EVENTS) for file in waiting):
        return
    for file in waiting:
        path = archive.root.warc / file.name
        with reading(path):
            digests = Digests.of_file(path)
        detail = {**digests.to_json(), "groups": file.groups, "records": file.records}
        yield Happening(SEAL, detail=detail, objects=(file.name,))


def passphrase(path: Path) -> bytes | None:
    """From the environment, or asked for on a terminal."""
    given = os.environ.get(PASSPHRASE)
    if given is None and sys.stdin.isatty():
        given = click.prompt(f"Passphrase of {path.name}", hide_input=True, err=True)
    return given.encode() if given is not None else None
