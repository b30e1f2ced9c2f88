"""`muniment index`: read the texts that wait to be read."""

from __future__ import annotations

import click

from cli.context import Archive, operator_option, with_archive
from cli.exits import Exit
from cli.output import json_option, number, say, write_json
from cli.tending import tend


@click.command("index")
@operator_option
@json_option
@with_archive
def command(archive: Archive, *, operator: str | None, as_json: bool) -> Exit:
    """Read the text of every content that has none yet, for search, quotations and citations.

    Other orders do so at their end, unless `later = true` stands under [text] in muniment.toml. What
    is read stays read when this is stopped; the next one goes on. Exit code 7 where the bytes of a
    content have changed.

    \b
    Example:
      muniment index
    """
    tend(archive, archive.operator(operator))
    report = archive.index(every=True)
    without = dict(sorted(report.reasons.items()))
    if as_json:
        damaged = [str(error) for error in report.damaged]
        write_json({"texts": report.texts, "without_text": without, "damaged": damaged})
    else:
        told = ", ".join(f"{code} {count:,}" for code, count in without.items())
        say(f"read: {number(report.texts, 'text')}" + (f"; without text: {told}" if told else ""))
    return Exit.DAMAGED if report.damaged else Exit.DONE
