"""`muniment backup`: copy the archive into a folder elsewhere, or bring that copy up to date."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from archive.backup import BackupReport, backup
from archive.times import to_text
from catalog.custody import BACKUP, sealed_digests
from cli.clock import software
from cli.complaint import complaint
from cli.context import Archive, operator_option, with_archive
from cli.events import record_event
from cli.exits import Exit
from cli.log_keeping import keep_log
from cli.output import json_option, number, progress, say, size, write_fields, write_json
from cli.tending import tend


@click.command("backup")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DEST")
@click.option("--with-keys", is_flag=True, help="Copy the private keys too; guard DEST as them.")
@click.option(
    "--check", is_flag=True, help="Read every copy again, and mend those that are damaged."
)
@click.option("--label", metavar="TEXT", help="What the event calls DEST.  [default: its path]")
@operator_option
@json_option
@with_archive
def command(
    archive: Archive,
    *,
    folder: Path,
    with_keys: bool,
    check: bool,
    label: str | None,
    operator: str | None,
    as_json: bool,
) -> Exit:
    """Copy the archive into DEST, a new folder or an earlier backup of it.

    Only what is new or changed is copied; every copy is read back. DEST/backup.sha256 lists all of
    it, for `sha256sum -c`, and is written last: until then the former backup stands. A damaged file
    of the archive never replaces its good copy; exit code 7 tells of one.

    \b
    Example:
      muniment backup /mnt/disk/my-archive
    """
    who = archive.operator(operator)
    tend(archive, who)
    logs = _log(archive, who)  # so that every sealed file has the leaf that says what it must be

    def run(*, check: bool) -> BackupReport:
        return _backup(archive, folder, who, with_keys=with_keys, check=check)

    report = run(check=check)
    _record(archive, who, report, label or str(folder.resolve()))
    if logs:
        keep_log(archive, who)
    archive.unlogged = False  # what a log that is refused lacks was told of once
    # Once more, for the event itself: so the backup ends with the checkpoint that was published last.
    last = run(check=False)
    for error in last.damaged:
        click.echo(complaint(error).line, err=True)
    _tell(report, last, as_json)
    return Exit.DAMAGED if last.damaged else Exit.DONE


def _log(archive: Archive, who: str) -> bool:
    """Log what waits for it; whether the log takes entries."""
    archive.unlogged = True
    keep_log(archive, who)
    return not archive.unlogged


def _backup(
    archive: Archive, folder: Path, who: str, *, with_keys: bool, check: bool
) -> BackupReport:
    done = 0
    with progress("copying", None) as advance:

        def tell(more: int) -> None:
            nonlocal done
            done += more
            advance(done)

        return backup(
            archive.root,
            folder,
            about={"time": to_text(archive.clock()), "operator": who, "software": software()},
            known=sealed_digests(archive.engine),
            with_keys=with_keys,
            check=check,
            progress=tell,
        )


def _record(archive: Archive, who: str, report: BackupReport, label: str) -> None:
    record_event(
        archive,
        BACKUP,
        who,
        outcome="failed" if report.damaged else "passed",
        detail={
            "destination": label,
            "files": report.files,
            "copied": report.copied,
            "bytes": report.copied_bytes,
            "manifest": report.manifest.hex(),
            "damaged": [str(error) for error in report.damaged],
        },
    )


def _tell(report: BackupReport, last: BackupReport, as_json: bool) -> None:
    row: dict[str, Any] = {
        "copied": report.copied,
        "kept": report.kept,
        "length": report.copied_bytes,
        "manifest": last.manifest.hex(),
        "open_groups": last.open_groups,
        "private_keys": last.private_keys,
        "damaged": [str(error) for error in last.damaged],
    }
    if as_json:
        write_json(row)
        return
    write_fields(
        [
            ("copied", f"{number(report.copied, 'file')}, {size(report.copied_bytes)}"),
            ("held already", number(report.kept, "file")),
            ("list", f"sha256 {last.manifest.hex()}"),
        ]
    )
    if last.open_groups:
        groups = number(last.open_groups, "group")
        say(f"{groups} of files that are still being written: copied as far as they are whole")
    if last.private_keys:
        keys = number(last.private_keys, "private key")
        say(f"{keys} not copied; --with-keys copies them")
