"""`muniment diff`: what differs between two contents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.text import Text as Styled

from archive.errors import DamagedError, UncheckedError, UsageError
from archive.ident import printed
from catalog.attached import Attached, FileChange, attachments_of, compare_files, compare_links
from catalog.diffing import Change, Difference, Run, compare
from catalog.documents import by_last_seen, sighting, text_of, versions_of
from catalog.holdings import Capture
from catalog.indexing import read_again
from catalog.postings.attachments import led_to
from catalog.resolve import DOCUMENT, capture_of
from catalog.text.placed import PlacedText
from catalog.texts import Text
from cli.context import Archive, with_archive
from cli.find import find_capture, is_url
from cli.moments import UNTIL
from cli.naming import named_thing
from cli.output import json_option, moment, number, write_fields, write_json
from cli.visible import visible

AROUND = 30
"""Characters of what is equal that are shown beside a change."""
SHOWN = 20
"""Links that are shown; all are counted."""
STYLES = {"=": "", "-": "red strike", "+": "green"}
MARKS = {"=": ("", ""), "-": ("[-", "-]"), "+": ("{+", "+}")}
PAGES = frozenset({"text/html", "application/xhtml+xml"})
Link = tuple[str, str]


@dataclass(frozen=True)
class Compared:
    """Two captures, and how they differ."""

    first: Capture
    second: Capture
    text: Difference
    files: Sequence[FileChange]
    taken_out: Sequence[Link]
    """Links of the first alone."""
    put_in: Sequence[Link]
    unchecked: str | None
    """Why the links of pages could not be compared."""


@click.command("diff")
@click.argument("names", nargs=-1, required=True, metavar="ID|URL [ID|URL]")
@click.option(
    "--at",
    type=UNTIL,
    multiple=True,
    metavar="TIME",
    help="Of one URL: as last captured at or before this time; given twice, at these two times.",
)
@json_option
@with_archive
def command(
    archive: Archive, names: tuple[str, ...], *, at: tuple[datetime, ...], as_json: bool
) -> None:
    """Show what differs between two versions or captures; of one document, between its last two.

    Texts are compared character by character in Chinese, word by word elsewhere, tables cell by
    cell; attachments and links as sets. A document with one version is compared over time all the
    same: its attachments may have been swapped. The exit code is 0 whether they differ or not, and
    3 where one of them has no text.

    \b
    Example:
      muniment diff https://www.example.gov/notice.html
      muniment diff https://www.example.gov/notice.html --at 2021-06-01
      muniment diff 9q2v 3fk8
    """
    found = _compared(archive, *_pair(archive, names, at))
    if as_json:
        write_json(_json(found))
        return
    write_fields(_head(found))
    console = Console(highlight=False)
    for change in found.text.changes:
        console.print(Styled(f"\n@ {_place(change)}", style="dim"), soft_wrap=True)
        console.print(_shown(change.runs, marked=not console.is_terminal), soft_wrap=True)
    beside = [*_file_fields(found.files), *_link_fields(found)]
    if beside:
        console.print()
        write_fields(beside)


def _pair(
    archive: Archive, names: tuple[str, ...], at: tuple[datetime, ...]
) -> tuple[Capture, Capture]:
    if at:
        return _at(archive, names, at)
    if len(names) == 2:
        one, two = (capture_of(archive.engine, named_thing(archive, name)) for name in names)
        return one, two
    if len(names) > 2:
        raise UsageError("two at a time", advice="name two versions, or one document")
    named = named_thing(archive, names[0])
    if named.kind != DOCUMENT:
        raise UsageError(
            f"{names[0]} is one {named.kind}",
            advice="name another to compare it with, or a document",
        )
    return _over_time(archive, named.id)


def _at(
    archive: Archive, names: tuple[str, ...], at: tuple[datetime, ...]
) -> tuple[Capture, Capture]:
    if len(names) != 1 or not is_url(names[0]) or len(at) > 2:
        raise UsageError("--at goes with one URL, once or twice")
    times: list[datetime | None] = [*sorted(at), None][:2]
    one, two = (find_capture(archive, names[0], time, holding=True) for time in times)
    return one, two


def _over_time(archive: Archive, document_id: str) -> tuple[Capture, Capture]:
    """The last two versions of a document, or the first and last sighting of its only one."""
    versions = by_last_seen(versions_of(archive.engine, document_id))
    if not versions:
        raise UsageError("no version of this document is held", advice="see `muniment show`")
    latest = sighting(archive.engine, document_id, versions[-1].latest.version.id)
    if len(versions) > 1:
        before = sighting(archive.engine, document_id, versions[-2].latest.version.id)
    else:
        only = min(versions[0].contents, key=lambda seen: seen.first)
        before = sighting(archive.engine, document_id, only.version.id, first=True)
    if before.id == latest.id:
        raise UsageError("this document was seen once only", advice="see `muniment show`")
    return before, latest


def _compared(archive: Archive, first: Capture, second: Capture) -> Compared:
    same = first.version_id is not None and first.version_id == second.version_id
    texts = [text_of(archive.engine, each.version_id or "") for each in (first, second)]
    if same:
        found = Difference("same bytes")
    else:
        one, two = (_placed(*pair) for pair in zip((first, second), texts, strict=True))
        found = compare(one, two)
    files = compare_files(*(attachments_of(archive.engine, each) for each in (first, second)))
    links: tuple[list[Link], list[Link]] = ([], [])
    unchecked = None
    if not same and all(text is not None and text.real_type in PAGES for text in texts):
        try:
            links = compare_links(*_links(archive, (first, second)))
        except DamagedError as error:
            unchecked = str(error)
    return Compared(first, second, found, list(files), *links, unchecked)


def _placed(capture: Capture, text: Text | None) -> PlacedText:
    if text is None or (text.code and not text.characters):
        reason = f"{text.code}: {text.detail}" if text else "it was not read"
        raise UncheckedError(
            f"capture {printed(capture.id)} has no text to compare ({reason})",
            advice="`muniment get` gives both files, for a program that knows them",
        )
    return PlacedText.from_json(text.body, text.passages)


def _links(archive: Archive, captures: Sequence[Capture]) -> Iterator[list[Link]]:
    """The links of pages, read again: the catalog keeps those to files alone."""
    readings = read_again(archive.engine, archive.root, captures)
    for capture, reading in zip(captures, readings, strict=True):
        encoding = reading.extraction.encoding
        led = (
            (led_to(capture.url, href, encoding.name if encoding else None), words)
            for href, words in reading.extraction.links
        )
        yield [(url, words) for url, words in led if url]


def _head(found: Compared) -> Iterator[tuple[str, str]]:
    for name, each in (("first", found.first), ("second", found.second)):
        yield name, f"{printed(each.id)}  {moment(each.time)}  {each.url}"
    changes = f": {number(len(found.text.changes), 'change')}" if found.text.changes else ""
    coarse = ", larger than they need be: there was too much to compare" if found.text.coarse else ""  # fmt: skip
    yield "difference", f"{found.text.kind}{changes}{coarse}"


def _place(change: Change) -> str:
    if change.before is None:
        return f"put in at {change.after}"
    if change.after is None:
        return f"taken out at {change.before}"
    if str(change.before) == str(change.after):
        return str(change.before)
    return f"{change.before} → {change.after}"


def _shown(found: tuple[Run, ...], *, marked: bool) -> Styled:
    """The runs of a change; of what is equal only what is next to what is not."""
    line = Styled()
    for place, run in enumerate(found):
        text = run.text
        if run.op == "=" and len(text) > 2 * AROUND:
            head = "" if place == 0 else text[:AROUND]
            tail = "" if place == len(found) - 1 else text[-AROUND:]
            text = f"{head}…{tail}"
        opened, closed = MARKS[run.op] if marked else ("", "")
        shown = "\n".join(visible(part.replace("\t", " | ")) for part in text.split("\n"))
        line.append(f"{opened}{shown}{closed}", style=STYLES[run.op])
    return line


def _file_fields(changes: Sequence[FileChange]) -> Iterator[tuple[str, str]]:
    for change in changes:
        old, new = change.before, change.after
        told = _named(new or old)
        if old and new and change.how == "renamed":
            told += f", before “{old.words}”"
        elif old and new and old.document_id != new.document_id:
            told += f", before at {old.url}"
        yield "attachment", f"{change.how}: {told}"
        if change.how == "swapped":
            for side in filter(None, (old, new)):
                yield "", f"version {printed(side.version_id or '')}, seen {_when(side)}"


def _named(file: Attached | None) -> str:
    assert file is not None, "a change is of one side at least"
    return f"“{file.words}” {file.url}" if file.words else file.url


def _when(file: Attached) -> str:
    return moment(file.seen.time) if file.seen else "never"


def _link_fields(found: Compared) -> Iterator[tuple[str, str]]:
    if found.unchecked:
        yield "links", f"not checked: {found.unchecked}"
    for name, links in (("link taken out", found.taken_out), ("link put in", found.put_in)):
        for url, words in links[:SHOWN]:
            yield name, f"“{words}” {url}" if words else url
        if len(links) > SHOWN:
            yield "", f"and {len(links) - SHOWN} more: see --json"


def _json(found: Compared) -> dict[str, Any]:
    return {
        "first": printed(found.first.id),
        "second": printed(found.second.id),
        "difference": found.text.kind,
        "coarse": found.text.coarse,
        "changes": [
            {
                "before": change.before.to_json() if change.before else None,
                "after": change.after.to_json() if change.after else None,
                "runs": [[run.op, run.text] for run in change.runs],
            }
            for change in found.text.changes
        ],
        "attachments": [
            {
                "how": change.how,
                "before": _file_json(change.before),
                "after": _file_json(change.after),
            }
            for change in found.files
        ],
        "links": {
            "taken_out": [*found.taken_out],
            "put_in": [*found.put_in],
            "unchecked": found.unchecked,
        },
    }


def _file_json(file: Attached | None) -> dict[str, Any] | None:
    if file is None:
        return None
    return {
        "url": file.url,
        "words": file.words,
        "version": printed(file.version_id) if file.version_id else None,
        "seen": file.seen.time if file.seen else None,
    }
