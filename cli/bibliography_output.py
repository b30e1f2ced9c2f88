"""What a check of bibliographies hands out: lines on the terminal, reports, files written back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from archive.durable import write_new
from archive.errors import UsageError, Where
from catalog.bibliography.durable import FORMATS, sentence, write
from catalog.bibliography.read import Work
from catalog.bibliography.report import Checked, Report, as_csv, as_json
from catalog.bibliography.report_html import as_html
from catalog.bibliography.verdict import EntryVerdict, Judged
from catalog.citations.gather import gather
from catalog.queries import capture_by_id
from cli.config import archive_name
from cli.context import Archive
from cli.find import origins
from cli.output import number, say, write_fields, write_json, write_line

REPORTS: dict[str, Callable[[Report], str]] = {".html": as_html, ".csv": as_csv, ".json": as_json}
QUIET = frozenset({EntryVerdict.EXACT, EntryVerdict.QUOTE_VERIFIED, EntryVerdict.NEAR})
"""Verdicts that nobody needs to hear of one by one."""


def write_report(report: Report, *, as_json: bool) -> None:
    """The counts, then a line for each entry that somebody should look at; or all as JSON lines."""
    if as_json:
        for row in report.rows():
            write_json(row)
        return
    write_fields(_head(report))
    for file, judged in report.judged:
        if judged.verdict not in QUIET:
            write_line(line(file, judged))


def _head(report: Report) -> Iterator[tuple[str, str]]:
    entries = f"{len(report.judged):,} {'entry' if len(report.judged) == 1 else 'entries'}"
    yield "checked", f"{entries} in {number(len(report.files), 'file')}"
    for verdict, count in report.counts.items():
        yield verdict, f"{count:,}"
    told = [f"{name} {count:,}" for name, count in report.answers.items()]
    yield "answers", " · ".join(told)


def line(file: Checked, judged: Judged) -> str:
    """An entry and what is said of it: `refs.bib, line 3, key: not archived: …`."""
    entry = judged.entry
    name = "" if entry.key == entry.place else f", {entry.key}"
    source = next(iter(entry.urls), entry.title or "")
    about = f" ({source})" if source and source not in judged.reason else ""
    return f"{file.name}, {entry.place}{name}: {judged.verdict}: {judged.reason}{about}"


def report_targets(named: Sequence[Path], out: Path | None) -> list[Path]:
    """The files of the reports: in the form that a name ends in; in a folder, in all forms.

    Raises `UsageError` for another ending and where something is there already, before an hour of work.
    """
    found: list[Path] = []
    for target in named:
        if target.suffix.lower() in REPORTS:
            found.append(target)
        elif target.is_dir() or not target.suffix:
            found += (target / f"report{suffix}" for suffix in REPORTS)
        else:
            raise UsageError(
                f"no report ends in {target.suffix}",
                where=Where(target),
                advice=f"name a folder, or a file ending in {' '.join(REPORTS)}",
            )
    for path in (*found, *([out] if out else ())):
        if path.exists():
            raise UsageError("there is something already", where=Where(path), advice="name another")
    return found


def save_reports(report: Report, targets: Sequence[Path]) -> None:
    """Write the report in the forms that the names end in."""
    for path in targets:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_new(path, [REPORTS[path.suffix.lower()](report).encode()])
        say(f"report in {path}")


def check_writable(works: list[Work], target: Path) -> None:
    """Raises `UsageError` where `--write` cannot be done, before anything else is."""
    if len(works) != 1:
        raise UsageError("--write goes with one file", advice="give them one by one")
    if works[0].format not in FORMATS:
        raise UsageError(
            f"{works[0].path.suffix} cannot be written back",
            advice="give a .bib, .ris, .json (CSL), .md or .docx file",
        )
    if target.suffix.lower() != works[0].path.suffix.lower():
        raise UsageError(f"--write gives {works[0].path.suffix}, not {target.suffix or 'a folder'}")


def write_back(archive: Archive, report: Report, work: Work, target: Path) -> None:
    """Give the file back, each entry that is held with its archived copy."""
    [checked] = report.files
    origin = origins(archive)
    notes: dict[int, str] = {}
    for index, judged in enumerate(checked.judged):
        cited = judged.facts.cited
        if cited is None or judged.facts.named is not None:
            continue  # what it names already needs no naming
        capture = capture_by_id(archive.engine, cited.capture)
        facts = gather(
            archive.engine,
            capture,
            archive=archive_name(archive.config),
            base=archive.config.public_url,
            origin=origin(capture.import_id),
        )
        notes[index] = sentence(facts)
    written = write(work, notes)
    write_new(target, [written.data])
    say(f"{target}: an archived copy named in {written.added:,} of {len(work.entries):,} entries")
    for key in written.left:
        say(f"{key}: there is no place for it")
