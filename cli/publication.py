"""`muniment publication`: works whose sources are kept an eye on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from archive.durable import write_new
from catalog.bibliography.entry import Entry
from catalog.bibliography.facts import gather
from catalog.bibliography.verdict import FAILS, UNCHECKED, EntryVerdict, Judged, judge
from catalog.publications import Citation, citations_of, find_publication, publications
from cli.bibliography import exit_of
from cli.bibliography_rows import judged_json
from cli.context import Archive, with_archive
from cli.exits import Exit
from cli.output import (
    Column,
    json_option,
    moment,
    plain,
    say,
    write_fields,
    write_json,
    write_line,
    write_rows,
)

COLUMNS = (
    Column("name", "Publication"),
    Column("entries", "Citations", right=True),
    Column("time", "Last check", moment),
    Column("verdicts", "Verdicts", long=True),
)
HOLDS = frozenset(EntryVerdict) - FAILS - UNCHECKED


@click.group("publication")
def command() -> None:
    """Works whose citations were checked with `bibliography check --publication NAME`.

    \b
    Example:
      muniment publication show report-2024
    """


@command.command("list")
@json_option
@with_archive
def list_(archive: Archive, *, as_json: bool) -> None:
    """List the publications, with what their last check came to.

    \b
    Example:
      muniment publication list
    """
    rows = []
    for one in publications(archive.engine):
        counts = one.detail["counts"]
        told = ", ".join(f"{verdict} {count}" for verdict, count in counts.items())
        rows.append(
            {"name": one.name, "entries": sum(counts.values()), "time": one.time, "verdicts": told}
        )
    write_rows(rows, COLUMNS, as_json=as_json)


@command.command("show")
@click.argument("name")
@json_option
@with_archive
def show(archive: Archive, name: str, *, as_json: bool) -> Exit:
    """Check the citations of a publication again, and say what no longer holds.

    Exit code 0 where all hold, 1 where one does not, 3 where one could not be checked.

    \b
    Example:
      muniment publication show report-2024
    """
    publication = find_publication(archive.engine, name)
    before = citations_of(archive.engine, publication)
    entries = [Entry.from_json(citation.entry) for citation in before]
    facts = gather(archive.engine, entries, days=publication.detail["days"])
    judged = [judge(each) for each in facts]
    if as_json:
        for was, now in zip(before, judged, strict=True):
            write_json({**judged_json(archive, now), "was": was.verdict})
        return exit_of(judged)
    for line in _changes(before, judged):
        write_line(line)
    counts = Counter(now.verdict for now in judged)
    write_fields(
        [
            ("publication", publication.name),
            ("last check", moment(publication.time)),
            ("citations", str(len(judged))),
            *((verdict.value, str(counts[verdict])) for verdict in EntryVerdict if counts[verdict]),
        ]
    )
    return exit_of(judged)


@command.command("export")
@click.argument("name")
@click.option("-o", "target", type=click.Path(path_type=Path), metavar="FILE", help="Write there.")
@with_archive
def export(archive: Archive, name: str, target: Path | None) -> None:
    """Write out a publication's citations with their last verdicts, as JSON.

    \b
    Example:
      muniment publication export report-2024 -o report-2024.json
    """
    publication = find_publication(archive.engine, name)
    told: dict[str, Any] = {
        "publication": publication.name,
        "time": publication.time,
        **publication.detail,
        "citations": [
            {"entry": one.entry, "verdict": one.verdict, "reason": one.reason}
            for one in citations_of(archive.engine, publication)
        ],
    }
    data = (json.dumps(told, ensure_ascii=False, indent=1, default=plain) + "\n").encode()
    if target is None or str(target) == "-":
        click.echo(data, nl=False)
        return
    write_new(target, [data])
    say(f"{publication.name} is in {target}")


def _changes(before: list[Citation], now: list[Judged]) -> Iterator[str]:
    """What does not hold, and what was said of it at the last check."""
    for was, judged in zip(before, now, strict=True):
        place = f"{judged.entry.key} ({judged.entry.place})"
        if judged.verdict.value != was.verdict:
            held = (
                "no longer holds"
                if judged.verdict not in HOLDS and was.verdict in HOLDS
                else "changed"
            )
            yield f"{place} {held}: {judged.verdict.value} (was {was.verdict}): {judged.reason}"
        elif judged.verdict not in HOLDS:
            yield f"{place}: {judged.verdict.value}: {judged.reason}"
