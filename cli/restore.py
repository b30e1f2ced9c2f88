"""`muniment restore`: make an archive again out of its backup."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from archive.fixity import Depth
from archive.restore import Restored, lost_since, restore, unmark
from archive.times import to_text
from catalog.custody import RESTORE
from catalog.ingest import rebuild
from cli import clock
from cli.complaint import complaint
from cli.context import Archive, open_archive, operator_option
from cli.events import record_event
from cli.exits import VERDICTS, Exit
from cli.log_keeping import seen_elsewhere
from cli.output import json_option, number, progress, say, size, write_fields, write_json
from cli.tending import tend
from cli.verify_all import check_files


@click.command("restore")
@click.argument(
    "source", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="SRC"
)
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--no-check", is_flag=True, help="Do not verify every record afterwards.")
@click.option(
    "--nothing-lost",
    is_flag=True,
    help="Vouch that nothing was signed since; the published checkpoints must agree.",
)
@operator_option
@json_option
@click.pass_context
def command(
    context: click.Context,
    *,
    source: Path,
    folder: Path | None,
    no_check: bool,
    nothing_lost: bool,
    operator: str | None,
    as_json: bool,
) -> Exit:
    """Make the archive again out of the backup SRC, in an empty folder DIR, or here.

    Every file of SRC is read first; one that is damaged, and nothing is restored. The catalog is made
    from the records, and every record verified. The log takes no entries until
    `muniment log succeed`, for some may have been signed since the backup that are lost now.

    \b
    Example:
      muniment restore /mnt/disk/my-archive my-archive
    """
    target = folder or context.find_root().obj or Path.cwd()
    with progress("reading and copying", None) as advance:
        done = 0

        def tell(more: int) -> None:
            nonlocal done
            done += more
            advance(done)

        restored = restore(source, target, time=to_text(clock.now()), progress=tell)
    with closing(open_archive(target)) as archive:
        waits = _log_waits(archive, restored, nothing_lost)
        who = archive.operator(operator)
        code = _settle(archive, restored, source, who, no_check=no_check, as_json=as_json)
        if waits:
            archive.read()
        else:
            archive.settle()
        _tell(restored, waits, as_json)
    return code


def _log_waits(archive: Archive, restored: Restored, nothing_lost: bool) -> bool:
    """Whether the log takes no entries; its mark goes where it is shown that it may go on."""
    seen = list(seen_elsewhere(archive))
    doubt = lost_since(archive.log, seen, len(archive.config.log.publish))
    if restored.waited:
        doubt = "it waited already when the backup was made"
    if doubt is None and not nothing_lost:
        doubt = "the published checkpoints know of none; if no place was out of reach, restore with --nothing-lost"
    if doubt is None:
        unmark(archive.root)
        say("the log goes on: every published checkpoint is the one that was restored")
        return False
    say(f"the log takes no entries, for some may have been signed since the backup: {doubt}")
    say('to go on with a new log: muniment log succeed --reason "…"')
    return True


def _settle(
    archive: Archive, restored: Restored, source: Path, who: str, *, no_check: bool, as_json: bool
) -> Exit:
    """Make the catalog, keep the event, verify; a catalog that may be in use is not touched."""
    if archive.config.catalog:
        say("muniment.toml names a catalog outside the archive, which is left as it is")
        say("if no other archive uses it: muniment rebuild && muniment verify --all")
        return Exit.DONE if no_check else Exit.UNCHECKED
    tend(archive, who)
    report = rebuild(archive.engine, archive.root)
    for error in report.damaged:
        click.echo(complaint(error).line, err=True)
    detail = {
        "source": str(source.resolve()),
        "files": restored.files,
        "bytes": restored.length,
        "manifest": restored.manifest.hex(),
        "backup": restored.about,
    }
    record_event(archive, RESTORE, who, outcome="passed", detail=detail)
    if no_check:
        return Exit.DAMAGED if report.damaged else Exit.DONE
    verdict = check_files(archive, Depth.STORED, who, only_due=False, as_json=as_json)
    return Exit.DAMAGED if report.damaged else VERDICTS[verdict]


def _tell(restored: Restored, waits: bool, as_json: bool) -> None:
    if as_json:
        write_json(
            {
                "copied": restored.files,
                "length": restored.length,
                "manifest": restored.manifest.hex(),
                "backup": restored.about,
                "log_waits": waits,
            }
        )
        return
    write_fields(
        [
            ("restored", f"{number(restored.files, 'file')}, {size(restored.length)}"),
            ("as of", restored.about.get("time", "-")),
        ]
    )
