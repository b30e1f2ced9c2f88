"""`muniment log key`: the keys that sign the log, and their changes, each of which is an event."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable
from datetime import datetime

import click

from archive.errors import NotFoundError, UsageError
from archive.evidence.keys import KeyRing
from archive.evidence.note import Note, Signer, Verifier
from archive.times import to_text
from cli.context import Archive, operator_option, with_archive
from cli.events import Attachment, record_event
from cli.log_keeping import PASSPHRASE, keep_log, log_origin, passphrase
from cli.moments import SINCE
from cli.output import Column, json_option, moment, say, write_rows

KEY_CHANGE = "key change"
COLUMNS = (
    Column("key", "Key"),
    Column("signs", "Signs"),
    Column("fingerprint", "SHA-256 of the public key", long=True),
)


@click.group("key")
def command() -> None:
    """The keys that sign the log: list them, replace one, retire one.

    \b
    Example:
      muniment log key list
    """


@command.command("list")
@json_option
@with_archive
def list_(archive: Archive, *, as_json: bool) -> None:
    """List the log's keys. Compare fingerprints by another way than this machine.

    \b
    Example:
      muniment log key list
    """
    ring = _ring(archive)
    rows = [
        {"key": key.vkey, "signs": ring.holds(key), "fingerprint": fingerprint(key)}
        for key in ring.verifiers()
    ]
    write_rows(rows, COLUMNS, as_json=as_json)


@command.command("new")
@click.option("--lock", is_flag=True, help="Protect it by a passphrase (MUNIMENT_LOG_PASSPHRASE).")
@operator_option
@with_archive
def new(archive: Archive, *, lock: bool, operator: str | None) -> None:
    """Make a new key. Both sign until `muniment log key retire` takes the old one out.

    \b
    Example:
      muniment log key new
    """
    who = archive.operator(operator)
    ring = _ring(archive)
    old = ring.signers(passphrase, archive.config.log.signer)
    key = ring.create(_new_passphrase() if lock else None)
    _record(archive, who, "introduced", key, old)
    say(f"new key {key.vkey}, SHA-256 {fingerprint(key)}")
    say("publish it, wait until partners know it, then `muniment log key retire` the old one")


@command.command("retire")
@click.argument("key_id", metavar="ID")
@operator_option
@with_archive
def retire(archive: Archive, *, key_id: str, operator: str | None) -> None:
    """Take a key out of use: it signs one last checkpoint, then its private half is removed.

    ID is the middle part of its verifier key. What it signed still verifies.

    \b
    Example:
      muniment log key retire 1d2f00c4
    """
    who = archive.operator(operator)
    ring = _ring(archive)
    key = _named(ring, key_id)
    if not any(ring.holds(other) for other in ring.verifiers() if other != key):
        raise UsageError("it is the only key", advice="make another first: `muniment log key new`")
    _record(archive, who, "retired", key, ring.signers(passphrase, archive.config.log.signer))
    keep_log(archive, who)
    ring.forget(key)
    say(f"retired {key.vkey}")


@command.command("compromised")
@click.argument("key_id", metavar="ID")
@click.option(
    "--not-after", required=True, type=SINCE, help="Until when it was surely in our hands alone."
)
@operator_option
@with_archive
def compromised(
    archive: Archive, *, key_id: str, not_after: datetime, operator: str | None
) -> None:
    """Say that others may sign with a key. A new one takes its place at once.

    Checkpoints that an outsider stamped or countersigned before that time stay good; later ones
    signed by this key alone show nothing.

    \b
    Example:
      muniment log key compromised 1d2f00c4 --not-after 2026-11-20T00:00:00Z
    """
    who = archive.operator(operator)
    ring = _ring(archive)
    key = _named(ring, key_id)
    ring.forget(key)
    if not any(ring.holds(other) for other in ring.verifiers()):
        new_key = ring.create()
        _record(archive, who, "introduced", new_key, ())
        say(f"new key {new_key.vkey}")
    _record(archive, who, "compromised", key, (), not_after=to_text(not_after))
    say(f"key {key.vkey} counts only with an outside time before {moment(not_after)}")


def fingerprint(key: Verifier) -> str:
    return hashlib.sha256(key.public_key).hexdigest()


def _record(
    archive: Archive,
    operator: str,
    action: str,
    key: Verifier,
    signers: Iterable[Signer],
    **more: str,
) -> None:
    """The change as an event, with a note about it that the keys in use sign."""
    text = f"{key.name}\nkey {action}\n{key.vkey}\n"
    note = Note.sign(text, *signers)
    data = note.to_bytes() if note.signatures else text.encode()
    record_event(
        archive,
        KEY_CHANGE,
        operator,
        detail={"action": action, "vkey": key.vkey, "fingerprint": fingerprint(key), **more},
        objects=[key.vkey],
        attachments=[Attachment(f"urn:muniment:key:{key.key_id.hex()}", data, "text/plain")],
    )


def _named(ring: KeyRing, key_id: str) -> Verifier:
    found = [key for key in ring.verifiers() if key.key_id.hex().startswith(key_id.lower())]
    if len(found) != 1:
        raise NotFoundError(f"no one key {key_id!r}", advice="see `muniment log key list`")
    return found[0]


def _new_passphrase() -> bytes:
    given = os.environ.get(PASSPHRASE)
    if given is None and sys.stdin.isatty():
        given = click.prompt("New passphrase", hide_input=True, confirmation_prompt=True, err=True)
    if not given:
        raise UsageError("no passphrase", advice=f"set {PASSPHRASE}")
    return str(given).encode()


def _ring(archive: Archive) -> KeyRing:
    return KeyRing(archive.root.keys, log_origin(archive))
