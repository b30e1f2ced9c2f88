"""`muniment bibliography`: what a work cites, checked against what is held."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from archive.errors import UsageError
from catalog.bibliography.facts import DAYS
from catalog.bibliography.read import Work
from catalog.bibliography.verdict import FAILS, EntryVerdict
from cli.bibliography_check import (
    Against,
    capture_missing,
    given,
    missing,
    verdicts_named,
    works_of,
)
from cli.bibliography_output import (
    check_writable,
    report_targets,
    save_reports,
    write_back,
    write_report,
)
from cli.context import Archive, operator_option, with_archive
from cli.exits import VERDICTS, Exit
from cli.find import collection_option
from cli.identities import identity_option
from cli.output import json_option
from cli.publication_keeping import keep
from cli.tending import tend
from crawler.source import IDENTITIES, NEUTRAL

FAIL_ON = click.option(
    "--fail-on",
    multiple=True,
    metavar="VERDICT,...",
    help=f"Verdicts for which the exit code is 1; `none` for none.  [default: {', '.join(v for v in EntryVerdict if v in FAILS)}]",
)
DAYS_OPTION = click.option(
    "--days",
    type=click.IntRange(min=0),
    default=DAYS,
    show_default=True,
    help="Within how many days of its date a source counts as captured near it.",
)
REPORT = click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE|DIR",
    help="Write a report: FILE ending in .html, .csv or .json, or all three into DIR.",
)


@click.group("bibliography")
def command() -> None:
    """What works cite, checked against what is held."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """The options of `muniment bibliography check`."""

    files: tuple[Path, ...]
    capture: bool
    identity: str
    write: Path | None
    reports: tuple[Path, ...]
    days: int
    fail_on: tuple[str, ...]
    collection: str | None
    publication: str | None
    title: str | None
    author: str | None
    date: str | None
    operator: str | None
    as_json: bool

    @property
    def about(self) -> dict[str, str | None]:
        return {"title": self.title, "author": self.author, "date": self.date}

    @property
    def against(self) -> Against:
        """Raises `UsageError` where `--fail-on` names no verdict."""
        fails = verdicts_named(self.fail_on) if self.fail_on else FAILS
        return Against(days=self.days, collection=self.collection, fails=frozenset(fails))

    def check(self, works: list[Work]) -> None:
        """Raises `UsageError` where the options do not go together."""
        if self.write is not None:
            check_writable(works, self.write)
        if self.publication is None and any(self.about.values()):
            raise UsageError("--title, --author and --date are those of a --publication")


@command.command("check")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="FILE|DIR...",
)
@click.option("--capture", is_flag=True, help="Capture what is not held, then check again.")
@identity_option(NEUTRAL)
@click.option(
    "--write",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="Write the file back, each entry that is held with its archived copy.",
)
@REPORT
@DAYS_OPTION
@FAIL_ON
@collection_option
@click.option("--publication", metavar="NAME", help="Keep the check, under the name of the work.")
@click.option("--title", metavar="TEXT", help="Of the publication.")
@click.option("--author", metavar="NAME", help="Of the publication.")
@click.option("--date", metavar="DATE", help="When the publication came out.")
@operator_option
@json_option
@with_archive
def check(archive: Archive, **options: Any) -> Exit:
    """Give every entry of bibliographies one verdict: held as cited, altered, gone, not archived.

    Reads .bib, .ris, CSL-JSON, CSV and TSV, Markdown, HTML, Word (footnotes, endnotes, links) and PDF.
    An entry or file that is broken is told of and keeps nothing else from being checked. Exit code 0
    where all hold, 1 where some do not (see --fail-on), 3 where some could not be checked.

    \b
    Example:
      muniment bibliography check refs.bib --report report.html
      muniment bibliography check article.docx --capture --write article-durable.docx
    """
    order = Order(**options)
    against = order.against
    works = works_of(order.files)
    order.check(works)
    targets = report_targets(order.reports, order.write)
    who = None
    if order.capture or order.publication:
        who = archive.operator(order.operator)
        tend(archive, who)
    files = given(works)
    report = against.report(archive, files, order.publication)
    if order.capture and who:
        urls = missing(judged for _, judged in report.judged)
        if capture_missing(archive, who, urls, IDENTITIES[order.identity]) is not None:
            report = against.report(archive, files, order.publication)
    if order.publication and who:
        keep(archive, who, report, about=order.about, files=[work.path for work in works])
    if order.write:
        write_back(archive, report, works[0], order.write)
    save_reports(report, targets)
    write_report(report, as_json=order.as_json)
    return VERDICTS[report.outcome]
