"""`muniment import`: take in files that somebody already holds."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from archive.errors import UncheckedError
from archive.group import Group
from archive.ident import ident, new_record_id, printed
from archive.importing import ImportOrder, plan_import
from archive.statement import Capture, Event
from archive.store import WarcWriter
from catalog.queries import captures_of_import
from cli.clock import software
from cli.context import Archive, operator_option, with_archive
from cli.crawl_words import counted
from cli.find import write_captures
from cli.moments import SINCE
from cli.output import json_option, progress, say, write_fields
from cli.tending import tend
from crawler.outcome import classify

Given = click.Path(exists=True, path_type=Path)


@dataclass
class Taken:
    """What an import took in, and what it refused."""

    outcomes: Counter[str] = field(default_factory=Counter)
    recorded: Counter[str] = field(default_factory=Counter)
    """The digests that a list recorded, by their verdict."""
    archives: list[dict[str, Any]] = field(default_factory=list)
    """What was found of each archive file."""
    refused: list[dict[str, str]] = field(default_factory=list)

    def add(self, group: Group) -> None:
        statement = group.statement
        if isinstance(statement, Capture):
            self.outcomes[statement.outcome] += 1
            said = (statement.asserted or {}).get("sha256")
            if isinstance(said, dict):
                self.recorded[said["verdict"]] += 1
        elif isinstance(statement, Event) and statement.type == "validation":
            self.archives.append({**statement.detail, "verdict": statement.outcome})

    def refuse(self, name: str, reason: str) -> None:
        say(f"not taken: {name}: {reason}")
        self.refused.append({"file": name, "reason": reason})

    def detail(self) -> dict[str, Any]:
        return {
            "captures": dict(self.outcomes),
            "recorded_digests": dict(self.recorded),
            "refused": self.refused,
        }


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=Given, metavar="FILE|DIR...")
@click.option(
    "--url", metavar="URL", help="Where it is said to come from; for a DIR the folder's URL."
)
@click.option(
    "--obtained-on", type=SINCE, metavar="DATE", help="When its giver says to have got it."
)
@click.option("--obtained-by", required=True, metavar="NAME", help="Who got it.")
@click.option("--how", required=True, metavar="TEXT", help="In which way, in a few words.")
@click.option(
    "--list",
    "listing",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="CSV",
    help="A list of the files with their URLs, times and digests.",
)
@operator_option
@json_option
@with_archive
def command(
    archive: Archive,
    *,
    paths: tuple[Path, ...],
    operator: str | None,
    as_json: bool,
    listing: Path | None,
    **said: Any,
) -> None:
    """Take in what somebody already holds: files, folders, WARC, ARC, WACZ and HAR.

    Bytes are kept exactly. Where they come from is asserted by their giver, not observed, and every
    command that shows them says so. What archive files and lists say of digests is compared and told.

    \b
    Example:
      muniment import saved/ --list saved/list.csv --obtained-on 2021-11-30 \\
        --obtained-by "A. Researcher" --how "saved in a browser"
    """
    who = archive.operator(operator)
    tend(archive, who)
    event = new_record_id()
    order = ImportOrder(
        event=ident(event),
        operator=who,
        software=software(),
        clock=archive.clock,
        classify=classify,
        **said,
    )
    taken = Taken()
    sealed = _store(archive, order, event, paths, listing=listing, taken=taken)
    archive.unlogged = True
    archive.ingest(sealed)
    if as_json:
        write_captures(archive, captures_of_import(archive.engine, ident(event)), as_json=True)
    else:
        write_fields(_told(ident(event), taken))
    if not taken.outcomes:
        raise UncheckedError("nothing was taken in", advice="see the reasons above")


def _store(
    archive: Archive,
    order: ImportOrder,
    event: str,
    paths: tuple[Path, ...],
    *,
    listing: Path | None,
    taken: Taken,
) -> list[Path]:
    """Write all groups, and the import's event behind them; returns the sealed files."""
    info = {"software": order.software, "operator": order.operator, "isPartOf": order.event}
    with (
        tempfile.TemporaryDirectory(prefix="muniment-") as spool,
        WarcWriter(archive.root.warc, f"import-{order.event}", info, archive.clock) as writer,
        progress("taking in", None) as advance,
    ):
        for number, group in enumerate(
            plan_import(paths, order, Path(spool), taken.refuse, listing), 1
        ):
            writer.append(group)
            taken.add(group)
            advance(number)
        writer.append(Group(_event(order, taken), id=event))
    return writer.sealed


def _event(order: ImportOrder, taken: Taken) -> Event:
    asserted = order.asserted("")
    asserted.pop("file")
    return Event(
        type="import",
        time=order.clock(),
        operator=order.operator,
        software=order.software,
        outcome="done",
        detail={**asserted, **taken.detail()},
    )


def _told(event: str, taken: Taken) -> Iterator[tuple[str, str]]:
    yield "import", printed(event)
    yield "captures", counted(taken.outcomes)
    if taken.recorded:
        yield "recorded digests", _verdicts(taken.recorded)
    for found in taken.archives:
        yield "archive file", f"{found['file']}: {found['verdict']} by its own digests"
        yield from (("", reason) for reason in found["failed"])
    if taken.refused:
        yield "not taken", str(len(taken.refused))


def _verdicts(recorded: Counter[str]) -> str:
    """All three answers, also those that no file got."""
    names = ("passed as stored", "failed", "not checked")
    return " · ".join(f"{name} {recorded[name]}" for name in names)
