"""`muniment bibliography`: check every entry of a bibliography against what is held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from archive.digest import Digests
from archive.durable import write_new
from archive.errors import UsageError
from catalog.bibliography.entry import Entry
from catalog.bibliography.facts import gather
from catalog.bibliography.read import FORMATS, read_entries
from catalog.bibliography.verdict import FAILS, UNCHECKED, EntryVerdict, Judged, judge
from catalog.bibliography.write import write
from catalog.publications import BIBLIOGRAPHY_CHECK
from cli.bibliography_rows import judged_json, kept, tails
from cli.context import Archive, operator_option, with_archive
from cli.events import Attachment, record_event
from cli.exits import Exit
from cli.find import collection_of, collection_option
from cli.output import json_option, number, say, write_fields, write_json, write_line
from cli.tending import tend

VERDICTS = [verdict.value for verdict in EntryVerdict]


@click.group("bibliography")
def command() -> None:
    """Check the sources that a work cites: which hold, which changed, which are not archived.

    \b
    Example:
      muniment bibliography check report.bib --report report.html
    """


@command.command("check")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="FILE|DIR...",
)
@click.option(
    "--capture", "capture", is_flag=True, help="Capture what is not archived, then check again."
)
@click.option(
    "--days",
    type=click.IntRange(min=0),
    default=7,
    show_default=True,
    help="Within how many days of the claimed date is near.",
)
@click.option(
    "--write",
    "out",
    type=click.Path(path_type=Path),
    metavar="OUT",
    help="Give the one FILE back with durable citations: .bib .ris .json .md .docx.",
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write a report: .html, .csv or .json; may be given several times.",
)
@click.option(
    "--publication",
    metavar="NAME",
    help="Keep the check as the latest of this work; see `muniment publication`.",
)
@click.option(
    "--fail-on",
    type=click.Choice(VERDICTS),
    multiple=True,
    help="Which verdicts end in exit code 1, instead of: " + ", ".join(sorted(FAILS)) + ".",
)
@collection_option
@operator_option
@json_option
@with_archive
def check(
    archive: Archive,
    *,
    files: tuple[Path, ...],
    capture: bool,
    days: int,
    out: Path | None,
    reports: tuple[Path, ...],
    publication: str | None,
    fail_on: tuple[str, ...],
    collection: str | None,
    operator: str | None,
    as_json: bool,
) -> Exit:
    """Give every entry of bibliographies, manuscripts and notes one verdict, with its reason.

    Read are BibTeX, RIS, CSL-JSON, CSV, Markdown, HTML, Word and PDF. Exit code 0 where all that was
    checked holds, 1 where something does not, 3 where nothing failed and something could not be
    checked.

    \b
    Example:
      muniment bibliography check report.bib notes/ --capture --report report.html
      muniment bibliography check thesis.docx --write thesis-durable.docx
    """
    who = archive.operator(operator)
    paths = list(_paths(files))
    _refuse_early(paths, out, reports)
    tend(archive, who)
    read = {path: read_entries(path) for path in paths}
    entries = [entry for found in read.values() for entry in found]
    judged = _judged(archive, entries, days, collection)
    if capture:
        judged = _after_capture(archive, who, judged, days, collection)
    if publication is not None:
        _keep(archive, who, publication, paths, judged, days=days)
    if out is not None:
        write_new(out, [write(paths[0], entries, tails(archive, judged))])
    for report in reports:
        from cli.bibliography_report import write_report  # noqa: PLC0415 -- few ask for one

        write_report(archive, report, judged, paths)
    _tell(archive, judged, as_json=as_json)
    return exit_of(judged, frozenset(map(EntryVerdict, fail_on)) or FAILS)


def exit_of(judged: Sequence[Judged], fails: frozenset[EntryVerdict] = FAILS) -> Exit:
    """What a check comes to: a failure outweighs what could not be checked."""
    verdicts = {each.verdict for each in judged}
    if verdicts & fails:
        return Exit.FAILED
    return Exit.UNCHECKED if not judged or verdicts & UNCHECKED else Exit.DONE


def _paths(files: tuple[Path, ...]) -> list[Path]:
    """The files named, and those in folders whose endings are known."""
    found: list[Path] = []
    for path in files:
        if path.is_dir():
            inside = sorted(
                p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in FORMATS
            )
            if not inside:
                raise UsageError(f"no bibliography in {path}", advice="name the files themselves")
            found += inside
        else:
            found.append(path)
    return found


def _refuse_early(paths: Sequence[Path], out: Path | None, reports: Sequence[Path]) -> None:
    """What cannot be done is said before an hour of work."""
    if out is not None and len(paths) != 1:
        raise UsageError("--write gives one file back", advice="name one FILE")
    for report in reports:
        if report.suffix.lower() not in {".html", ".csv", ".json"}:
            raise UsageError(
                f"no report is made as {report.name}", advice="name it .html, .csv or .json"
            )
    for target in filter(None, (out, *reports)):
        if target.exists():
            raise UsageError(f"there is something at {target} already", advice="name another")


def _judged(
    archive: Archive, entries: Sequence[Entry], days: int, collection: str | None
) -> list[Judged]:
    within = collection_of(archive, collection)
    facts = gather(archive.engine, entries, days=days, collection=within.id if within else None)
    return [judge(each) for each in facts]


def _after_capture(
    archive: Archive, who: str, judged: list[Judged], days: int, collection: str | None
) -> list[Judged]:
    """The verdicts once what was missing has been asked for, in one crawl."""
    from cli.capture import take  # noqa: PLC0415 -- the crawler, which most checks do without
    from crawler.run import one_off  # noqa: PLC0415 -- as above
    from crawler.source import NEUTRAL  # noqa: PLC0415 -- as above

    wanted = dict.fromkeys(
        each.entry.urls[0]
        for each in judged
        if each.verdict is EntryVerdict.NOT_ARCHIVED and each.entry.urls
    )
    if not wanted:
        return judged
    say(f"capturing {number(len(wanted), 'address')}".replace("addresss", "addresses"))
    take(archive, who, one_off(tuple(wanted), identity=NEUTRAL))
    archive.index()
    return _judged(archive, [each.entry for each in judged], days, collection)


def _keep(
    archive: Archive,
    who: str,
    name: str,
    paths: Sequence[Path],
    judged: Sequence[Judged],
    *,
    days: int,
) -> None:
    """Keep a check as an event, with the files as they were given."""
    given = [(path, path.read_bytes()) for path in paths]
    record_event(
        archive,
        BIBLIOGRAPHY_CHECK,
        who,
        outcome="done",
        detail={
            "publication": name,
            "files": [
                {"name": path.name, "sha256": Digests.of(data).sha256.hex()} for path, data in given
            ],
            "days": days,
            "counts": dict(Counter(each.verdict.value for each in judged)),
            "entries": [kept(each) for each in judged],
        },
        objects=dict.fromkeys(
            each.facts.cited.version
            for each in judged
            if each.facts.cited and each.facts.cited.version
        ),
        attachments=[
            Attachment(f"urn:muniment:bibliography:{number}", data, "application/octet-stream")
            for number, (_, data) in enumerate(given, 1)
        ],
    )


def _tell(archive: Archive, judged: Sequence[Judged], *, as_json: bool) -> None:
    if as_json:
        for each in judged:
            write_json(judged_json(archive, each))
        return
    for each in judged:
        if each.verdict in FAILS | UNCHECKED:
            write_line(
                f"{each.entry.key} ({each.entry.place}): {each.verdict.value}: {each.reason}"
            )
    counts = Counter(each.verdict for each in judged)
    write_fields(
        [("entries", str(len(judged)))]
        + [(verdict.value, str(counts[verdict])) for verdict in EntryVerdict if counts[verdict]]
    )
