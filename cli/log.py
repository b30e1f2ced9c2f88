"""`muniment log`: the log that commits to every record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from archive.errors import UncheckedError, UsageError, Where
from archive.evidence.keys import KeyRing
from archive.evidence.log import RESTORED, RestoredMark, Signed
from archive.evidence.note import Note, NoteError
from archive.evidence.sequencer import Sequencer
from archive.evidence.succession import SUCCESSION, close_log
from archive.reader import groups
from cli import log_audit, log_cosign, log_key
from cli.calendars import told_by
from cli.context import Archive, operator_option, with_archive
from cli.events import Attachment, Happening, record_events
from cli.log_keeping import (
    base_origin,
    keep_log,
    passphrase,
    publish,
    publish_in,
    seen_elsewhere,
)
from cli.output import json_option, say, write_fields, write_json
from cli.stamping import latest_folder
from cli.tending import tend


@click.group("log")
def command() -> None:
    """The log that commits to every record: what is in it cannot be changed unnoticed."""


command.add_command(log_audit.command)
command.add_command(log_cosign.command)
command.add_command(log_key.command)


@command.command("checkpoint")
@operator_option
@json_option
@with_archive
def checkpoint(archive: Archive, *, operator: str | None, as_json: bool) -> None:
    """Enter whatever the log lacks, sign it, publish it, and ask for time stamps.

    Orders that write do this by themselves; this is for the moments between.

    \b
    Example:
      muniment log checkpoint
    """
    who = archive.operator(operator)
    tend(archive, who)
    signed = keep_log(archive, who)
    if signed is None:
        raise UncheckedError("there is no checkpoint", advice="see what was said above")
    row = _row(archive, signed)
    if as_json:
        write_json(row)
    else:
        write_fields((name, str(value)) for name, value in row.items() if name != "keys")
        write_fields(("signed by", key) for key in row["keys"])


@command.command("publish")
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path, file_okay=False))
@with_archive
def publish_(archive: Archive, *, folders: tuple[Path, ...]) -> None:
    """Write the latest checkpoint and the log's public keys into FOLDERS, where others keep them.

    Without any, into those that muniment.toml names. A checkpoint that lies elsewhere is what shows
    later that this log was not rewritten.

    \b
    Example:
      muniment log publish /mnt/library
    """
    signed = archive.log.signed()
    if signed is None:
        raise UncheckedError("nothing is signed yet", advice="`muniment log checkpoint`")
    if not folders and not archive.config.log.publish:
        raise UsageError("no folder to publish in", advice="name one, here or in muniment.toml")
    for folder in folders:
        publish_in(archive, folder, signed)
    if not folders:
        publish(archive, signed)
    say(f"published: {signed.checkpoint.size} entries of {signed.checkpoint.origin}")


@command.command("succeed")
@click.option("--reason", required=True, metavar="TEXT", help="Why the log cannot go on.")
@click.option(
    "--last-seen",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="The last checkpoint of it that somebody has, if later than ours.",
)
@operator_option
@with_archive
def succeed(archive: Archive, *, reason: str, last_seen: Path | None, operator: str | None) -> None:
    """Close a log that was cut short, as by a restore, and go on with a successor.

    What the closed log holds stays provable by its last checkpoint. The successor's first entry names
    that checkpoint and the reason, and every later certification tells of it.

    \b
    Example:
      muniment log succeed --reason "restored from the backup of 2026-11-01 after a disk failure"
    """
    who = archive.operator(operator)
    seen = [*seen_elsewhere(archive), *_marked(archive)]
    seen += [_read(last_seen)] if last_seen else []
    closed = close_log(archive.root, base_origin(archive), seen)
    ring = KeyRing(archive.root.keys, closed.successor)
    key = next(iter(ring.verifiers()), None) or ring.create()
    last = closed.last.data if closed.last else b""
    happening = Happening(
        SUCCESSION,
        detail=closed.detail(reason, key.vkey),
        objects=tuple(filter(None, (closed.log.head.origin if closed.log.head else None,))),
        attachments=(
            Attachment(f"urn:muniment:checkpoint:{closed.successor}", last, "text/plain"),
        ),
    )
    record_events(archive, who, [happening])
    sequencer = Sequencer(archive.root, closed.successor, succeeding=True)
    sequencer.append(first=_file_of_succession(archive, closed.successor))
    sequencer.sign(ring.signers(passphrase, archive.config.log.signer))
    say(f"closed {closed.log.folder}: {closed.log.size} entries held, {closed.lost} lost")
    say(f"its successor is {closed.successor}, signed by {key.vkey}")


def _file_of_succession(archive: Archive, successor: str) -> Path:
    """The latest file of events that holds the succession to this log."""
    for path in sorted(archive.root.warc.glob("events-*.warc.gz"), reverse=True):
        for group in groups(path):
            raw = group.raw
            if raw.get("type") == SUCCESSION and raw["detail"]["successor"] == successor:
                return path
    raise AssertionError("the event was recorded just now")


def _marked(archive: Archive) -> Iterator[Signed]:
    """The later checkpoint that a restore or a cosigner left word of, if it did."""
    mark = RestoredMark.read(archive.root.log / RESTORED)
    if mark and mark.checkpoint:
        with suppress(NoteError):  # what it says counts only if the log's key signed it
            yield Signed.parse(mark.checkpoint)


def _read(path: Path) -> Signed:
    try:
        return Signed.parse(path.read_bytes())
    except NoteError as error:
        raise UsageError(f"not a checkpoint: {error}", where=Where(path)) from error


def _row(archive: Archive, signed: Signed) -> dict[str, Any]:
    said = signed.checkpoint
    by = Note.parse(signed.data).verified_by(archive.log.ring.verifiers())
    row = {
        "log": said.origin,
        "entries": said.size,
        "root": said.root.hex(),
        "keys": [key.vkey for key in by],
    }
    sent = told_by(archive, filter(None, (latest_folder(archive),)))
    if sent:
        row["opentimestamps"] = f"{sent.check.verdict.value} ({sent.check.reason})"
    return row
