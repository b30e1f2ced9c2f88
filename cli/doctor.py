"""`muniment doctor`: look over the archive and say what needs care."""

from __future__ import annotations

import click

from archive.verdict import Verdict, overall
from cli.context import Archive, with_archive
from cli.exits import VERDICTS, Exit
from cli.health import examine
from cli.output import Column, json_option, say, write_rows

COLUMNS = (
    Column("check", "Check"),
    Column("verdict", "Verdict"),
    Column("found", "Found", long=True),
)


@click.command("doctor")
@json_option
@with_archive
def command(archive: Archive, as_json: bool) -> Exit:
    """Look over the archive and say what needs care. Nothing is changed.

    It looks at files and catalog, not at every byte: that is `muniment verify --all`.

    \b
    Example:
      muniment doctor
    """
    findings = list(examine(archive))
    write_rows((finding.to_json() for finding in findings), COLUMNS, as_json=as_json)
    for finding in findings:
        if finding.advice and finding.verdict is Verdict.FAILED and not as_json:
            say(f"{finding.check}: {finding.advice}")
    if any(finding.damage for finding in findings):
        return Exit.DAMAGED
    return VERDICTS[overall(finding.verdict for finding in findings)]
