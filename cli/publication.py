"""`muniment publication`: works whose checks are kept, and what no longer holds of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import click

from archive.durable import write_new
from archive.errors import UsageError
from catalog.bibliography.report import Report, as_csv, as_json
from catalog.bibliography.report_html import as_html
from catalog.bibliography.verdict import FAILS, Judged
from catalog.publications import (
    Citation,
    Publication,
    citations,
    entry_of,
    find_publication,
    publications,
)
from cli.bibliography import FAIL_ON
from cli.bibliography_check import Against, Given, verdicts_named
from cli.bibliography_output import line
from cli.context import Archive, operator_option, with_archive
from cli.exits import VERDICTS, Exit
from cli.output import (
    Column,
    json_option,
    moment,
    number,
    say,
    write_fields,
    write_json,
    write_line,
    write_rows,
)
from cli.publication_keeping import keep, kept_files
from cli.tending import tend

COLUMNS = (
    Column("name", "Publication"),
    Column("entries", "Citations", right=True),
    Column("time", "Last check", moment),
    Column("verdicts", "Verdicts", long=True),
    Column("title", "Title", long=True),
)
FORMS: dict[str, Callable[[Report], str]] = {"html": as_html, "csv": as_csv, "json": as_json}


@click.group("publication")
def command() -> None:
    """Works whose checks are kept (`muniment bibliography check FILE --publication NAME`)."""


@command.command("list")
@json_option
@with_archive
def list_(archive: Archive, *, as_json: bool) -> None:
    """List the publications, with what their last check came to.

    \b
    Example:
      muniment publication list
    """
    write_rows(map(_row, publications(archive.engine)), COLUMNS, as_json=as_json)


@command.command("show")
@click.argument("name")
@click.option("--check", "is_kept", is_flag=True, help="Keep what comes of it as a new check.")
@FAIL_ON
@operator_option
@json_option
@with_archive
def show(
    archive: Archive,
    *,
    name: str,
    is_kept: bool,
    fail_on: tuple[str, ...],
    operator: str | None,
    as_json: bool,
) -> Exit:
    """Check a publication again, and say what no longer holds: what was, what is, since when.

    Exit code 0 where all its citations hold, 1 where some do not, 3 where some could not be checked.

    \b
    Example:
      muniment publication show report-2024
    """
    if is_kept:
        who = archive.operator(operator)
        tend(archive, who)
    publication = find_publication(archive.engine, name)
    before = citations(archive.engine, publication)
    report = _again(archive, publication, before, fail_on)
    if is_kept:
        keep(archive, who, report, about={})
    pairs = list(zip(before, report.judged, strict=True))
    if as_json:
        for citation, (file, judged) in pairs:
            write_json(
                {
                    **report.row(file, judged),
                    "was": citation.verdict,
                    "since": _since(citation, judged),
                }
            )
    else:
        write_fields(_head(publication, report))
        for citation, (file, judged) in pairs:
            told = _news(publication, report, citation, judged)
            if told:
                write_line(f"{line(file, judged)}; {told}")
    return VERDICTS[report.outcome]


@command.command("export")
@click.argument("name")
@click.option(
    "--format",
    "form",
    type=click.Choice([*FORMS, "files"]),
    default="json",
    show_default=True,
    help="html, csv, json: a report as of now; files: the works as they were given.",
)
@click.option(
    "-o", "target", type=click.Path(path_type=Path), metavar="FILE|DIR", help="Write there."
)
@with_archive
def export(archive: Archive, name: str, form: str, target: Path | None) -> None:
    """Write out a report on a publication, or the files as they were given to its checks.

    \b
    Example:
      muniment publication export report-2024 --format html -o report-2024.html
    """
    publication = find_publication(archive.engine, name)
    if form == "files":
        if target is None:
            raise UsageError("--format files goes with -o DIR")
        for file, data in kept_files(archive, publication):
            path = target.joinpath(*(part for part in Path(file).parts if part not in {"/", ".."}))
            path.parent.mkdir(parents=True, exist_ok=True)
            write_new(path, [data])
            say(f"{path}")
        return
    report = _again(archive, publication, citations(archive.engine, publication), ())
    data = FORMS[form](report).encode()
    if target is None or str(target) == "-":
        click.echo(data, nl=False)
        return
    write_new(target, [data])
    say(f"{name}: {number(len(report.judged), 'citation')} in {target}")


def _row(publication: Publication) -> dict[str, object]:
    counts: dict[str, int] = publication.counts
    return {
        "name": publication.name,
        "title": publication.title,
        "author": publication.author,
        "published": publication.date,
        "time": publication.checked,
        "entries": sum(counts.values()),
        "verdicts": ", ".join(f"{verdict} {count}" for verdict, count in counts.items()),
    }


def _again(
    archive: Archive, publication: Publication, before: list[Citation], fail_on: tuple[str, ...]
) -> Report:
    """The check repeated on the entries as they are kept, by the same measure."""
    fails = verdicts_named(fail_on) if fail_on else FAILS
    files = {file["name"]: Given(**file, entries=[]) for file in publication.files}
    for citation in before:
        files[citation.file].entries.append(entry_of(citation))
    against = Against(
        days=publication.days, collection=publication.collection, fails=frozenset(fails)
    )
    return against.report(archive, list(files.values()), publication.name)


def _head(publication: Publication, report: Report) -> Iterator[tuple[str, str]]:
    yield "publication", publication.name
    for name, value in (
        ("title", publication.title),
        ("author", publication.author),
        ("published", publication.date),
    ):
        if value:
            yield name, value
    for file in publication.files:
        yield "file", f"{file['name']}, sha256 {file['sha256']}"
    yield "checked", f"{number(publication.checks, 'time')}, last on {moment(publication.checked)}"
    for verdict, count in report.counts.items():
        was = publication.counts.get(verdict, 0)
        yield verdict, f"{count:,}" + (f" (was {was:,})" if was != count else "")


def _news(
    publication: Publication, report: Report, citation: Citation, judged: Judged
) -> str | None:
    """What is to be said of a citation: that it changed, or that it still does not hold."""
    if citation.verdict != judged.verdict:
        since = f"; so since {moment(judged.since)}" if judged.since else ""
        return f"was {citation.verdict} at the check of {moment(publication.checked)}{since}"
    if report.answer(judged).value == "passed":
        return None
    return f"so at every check since {moment(citation.since)}"


def _since(citation: Citation, judged: Judged) -> str | None:
    """Since when the present verdict holds, as far as that is known."""
    if judged.since:
        return moment(judged.since)
    return moment(citation.since) if citation.verdict == judged.verdict else None
