"""`muniment rebuild`: make the catalog again from the records."""

from __future__ import annotations

import click

from catalog.ingest import rebuild, sealed
from cli.complaint import complaint
from cli.context import Archive, operator_option, with_archive
from cli.exits import Exit
from cli.output import json_option, number, progress, say, write_json
from cli.tending import clear_crawls, mend


@click.command("rebuild")
@operator_option
@json_option
@with_archive
def command(archive: Archive, *, operator: str | None, as_json: bool) -> Exit:
    """Make the catalog again from the records alone; it may have been deleted.

    Exit code 7 where a file is damaged; its sound neighbours are in the catalog all the same.

    \b
    Example:
      muniment rebuild
    """
    mend(archive, archive.operator(operator))
    done = 0
    with progress("reading records", None) as advance:

        def tell(_: str, groups: int) -> None:
            nonlocal done
            done += groups
            advance(done)

        report = rebuild(archive.engine, archive.root, tell)
    archive.settle(every=True)
    clear_crawls(archive)
    for error in report.damaged:
        click.echo(complaint(error).line, err=True)
    if as_json:
        write_json(
            {
                "files": report.files,
                "groups": report.groups,
                "records": report.records,
                "damaged": [str(error) for error in report.damaged],
            }
        )
    else:
        files = f"{len(report.files):,} of {number(len(sealed(archive.root)), 'file')}"
        held = f"{number(report.groups, 'group')}, {number(report.records, 'record')}"
        say(f"in the catalog: {files}, {held}")
    return Exit.DAMAGED if report.damaged else Exit.DONE
