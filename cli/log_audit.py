"""`muniment log audit`: check a whole log, one's own or that of somebody else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click

from archive.errors import NotFoundError, UsageError, Where
from archive.evidence.audit import audit_entries, audit_foreign, audit_log
from archive.evidence.log import Log, Signed, all_logs
from archive.evidence.note import NoteError, Verifier
from archive.evidence.seen import Seen
from archive.evidence.tiles import TileReader
from archive.layout import ArchiveRoot
from archive.verdict import Check, Verdict, overall
from cli.clock import agent
from cli.context import Archive, open_archive
from cli.exits import VERDICTS, Exit
from cli.log_keeping import log_origin
from cli.output import Column, Row, json_option, write_rows
from cli.vkeys import VerifierKey

COLUMNS = (
    Column("check", "Step"),
    Column("verdict", "Verdict"),
    Column("found", "Found", long=True),
)


@click.command("audit")
@click.argument("target", required=False, metavar="[URL|DIR]")
@click.option(
    "--vkey",
    "vkeys",
    multiple=True,
    type=VerifierKey(),
    metavar="KEY",
    help="A key of that log, or of a cosigner; again for more.",
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keeps the last checkpoint seen of that log.  [default: in audits/ of the archive]",
)
@json_option
@click.pass_context
def command(
    context: click.Context,
    *,
    target: str | None,
    vkeys: tuple[Verifier, ...],
    state: Path | None,
    as_json: bool,
) -> Exit:
    """Check that a log is signed, has only grown since it was last seen, and follows from its entries.

    Of the archive's own logs, every entry is compared with its statement as well, and nothing may be
    left out. The log of somebody else lies at a URL or in a folder, and needs no archive here.
    Exit code 0 passed, 1 failed, 3 not checked.

    \b
    Example:
      muniment log audit
      muniment log audit https://ministry.example/log --vkey ministry.example/log+1a2b3c4d+AXY…
    """
    folder: Path | None = context.find_root().obj
    if target is None:
        if vkeys or state:
            raise UsageError("--vkey and --state are for the log of somebody else")
        with closing(open_archive(folder)) as archive:
            checks = list(audit_own(archive))
    else:
        if not vkeys:
            raise UsageError("whose log is it?", advice="give its verifier key with --vkey")
        kept = None if state else _archive(folder)
        checks = list(_audit_target(target, vkeys, state, kept))
    write_rows(map(_row, checks), COLUMNS, as_json=as_json)
    return VERDICTS[overall(check.verdict for check in checks)]


def audit_own(archive: Archive) -> Iterator[Check]:
    """All steps, for every log of an archive and then for their entries together."""
    root = archive.root
    logs = all_logs(root)
    origins = [log.head.origin for log in logs if log.head]
    for log in logs:
        if log.head is None:
            yield from audit_log(log)
            if (origin := log_origin(archive)) not in origins:
                yield from _gone(Seen.of(root.audits, origin))
            continue
        seen = Seen.of(root.audits, log.head.origin)
        signed = _published(log)
        before = seen.read()
        lost = before.checkpoint.size - log.size if before and log.folder != root.log else 0
        checks = list(audit_log(log, before if lost <= 0 else None, signed=signed))
        if lost > 0:
            checks = [_lost(check, lost) for check in checks]
        if signed and signed.checkpoint.origin == log.head.origin:
            seen.keep(signed, checks)
        for check in checks:
            told = f"{log.head.origin}: {check.reason}" if len(logs) > 1 else check.reason
            yield replace(check, reason=told)
    yield from audit_entries(logs, root.warc)


def _lost(check: Check, entries: int) -> Check:
    """A closed log that is behind what was seen of it is what its successor says."""
    if check.layer != "consistent":
        return check
    return replace(
        check, reason=f"it was closed with {entries} entries lost; its successor says so"
    )


def _gone(seen: Seen) -> Iterator[Check]:
    """An empty log is only right where none was ever seen."""
    if signed := seen.read():
        told = f"it had {signed.checkpoint.size} entries when it was seen, and has none"
        yield Check("consistent", Verdict.FAILED, told)


def _audit_target(
    target: str, verifiers: Sequence[Verifier], state: Path | None, root: ArchiveRoot | None
) -> Iterator[Check]:
    if target.startswith(("http://", "https://")):
        from crawler.outbound.tiles import RemoteLog  # noqa: PLC0415 -- a folder needs no network

        with closing(RemoteLog(target, agent=agent())) as remote:
            yield from _audit(remote.checkpoint(), remote, verifiers, state, root)
        return
    log = Log(Path(target), Path(target))
    signed = log.published()
    if signed is None:
        raise NotFoundError(
            "no log here: checkpoint is missing",
            where=Where(target),
            advice="name the folder that holds checkpoint and tile/, or its URL",
        )
    yield from _audit(signed, log.tiles, verifiers, state, root)


def _audit(
    signed: Signed,
    tiles: TileReader,
    verifiers: Sequence[Verifier],
    state: Path | None,
    root: ArchiveRoot | None,
) -> Iterator[Check]:
    seen = Seen(state) if state else None
    if root and signed.checkpoint.origin in {verifier.name for verifier in verifiers}:
        seen = Seen.of(root.audits, signed.checkpoint.origin)
    checks = list(audit_foreign(signed, tiles, verifiers, seen.read() if seen else None))
    if seen:
        seen.keep(signed, checks)
    yield from checks


def _archive(folder: Path | None) -> ArchiveRoot | None:
    """The archive that one is in, if any; one that was named must be there."""
    try:
        with closing(open_archive(folder)) as archive:
            return archive.root
    except NotFoundError:
        if folder is not None:
            raise
        return None


def _published(log: Log) -> Signed | None:
    try:
        return log.published()
    except NoteError:  # the audit says so
        return None


def _row(check: Check) -> Row:
    verdict: Verdict = check.verdict
    return {"check": check.layer, "verdict": verdict.value, "found": check.reason or None}
