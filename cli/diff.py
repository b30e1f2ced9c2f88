"""`muniment diff`: what differs between two contents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
from rich.console import Console
from rich.text import Text as Styled

from archive.errors import UncheckedError, UsageError
from archive.ident import printed
from catalog.diffing import Change, Difference, Run, compare
from catalog.documents import Bound, attachments_of, text_of, versions_of
from catalog.holdings import Capture
from catalog.resolve import DOCUMENT, capture_of, resolve
from catalog.text.placed import PlacedText
from catalog.texts import Text
from cli.context import Archive, with_archive
from cli.naming import named_thing
from cli.output import json_option, moment, number, write_fields, write_json
from cli.visible import visible

AROUND = 30
"""Characters of what is equal that are shown beside a change."""
STYLES = {"=": "", "-": "red strike", "+": "green"}
MARKS = {"=": ("", ""), "-": ("[-", "-]"), "+": ("{+", "+}")}


@click.command("diff")
@click.argument("names", nargs=-1, required=True, metavar="ID|URL [ID|URL]")
@json_option
@with_archive
def command(archive: Archive, names: tuple[str, ...], *, as_json: bool) -> None:
    """Show what differs between two versions or captures; of one document, between its last two.

    Texts are compared character by character in Chinese, word by word elsewhere, tables cell by
    cell; attachments and links as sets. The exit code is 0 whether they differ or not, and 3 where
    one of them has no text.

    \b
    Example:
      muniment diff https://www.example.gov/notice.html
      muniment diff 9q2v 3fk8
    """
    first, second = _pair(archive, names)
    texts = [_text(archive, capture) for capture in (first, second)]
    placed = [PlacedText.from_json(text.body, text.passages) for text in texts]
    found = compare(*placed, same_bytes=first.version_id == second.version_id)
    files = list(_files(archive, first, second))
    if as_json:
        _write_json(first, second, found, files)
        return
    write_fields(_head(first, second, found))
    console = Console(highlight=False)
    for change in found.changes:
        console.print(Styled(f"\n@ {_place(change)}", style="dim"), soft_wrap=True)
        console.print(_shown(change.runs, marked=not console.is_terminal), soft_wrap=True)
    if files:
        console.print()
        write_fields(("attachment", line) for line in files)


def _pair(archive: Archive, names: tuple[str, ...]) -> tuple[Capture, Capture]:
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
    versions = versions_of(archive.engine, named.id)
    if len(versions) < 2:
        raise UsageError("this document has one version only", advice="see `muniment show`")
    one, two = (
        capture_of(archive.engine, resolve(archive.engine, version.id)) for version in versions[-2:]
    )
    return one, two


def _text(archive: Archive, capture: Capture) -> Text:
    found = text_of(archive.engine, capture.version_id) if capture.version_id else None
    if found is None or (found.code and not found.characters):
        reason = f"{found.code}: {found.detail}" if found else "it was not read"
        raise UncheckedError(
            f"capture {printed(capture.id)} has no text to compare ({reason})",
            advice="`muniment get` gives both files, for a program that knows them",
        )
    return found


def _head(first: Capture, second: Capture, found: Difference) -> Iterator[tuple[str, str]]:
    yield "first", f"{printed(first.id)}  {moment(first.time)}  {first.url}"
    yield "second", f"{printed(second.id)}  {moment(second.time)}  {second.url}"
    changes = f": {number(len(found.changes), 'change')}" if found.changes else ""
    yield "difference", f"{found.kind}{changes}"


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
        shown = "\n".join(visible(part) for part in text.split("\n"))
        line.append(f"{opened}{shown}{closed}", style=STYLES[run.op])
    return line


def _files(archive: Archive, first: Capture, second: Capture) -> Iterator[str]:
    """Files that one notice links and the other does not, and those that were swapped in between."""
    before, after = (
        {file.url: file for file in attachments_of(archive.engine, capture.version_id or "")}
        for capture in (first, second)
    )
    for url, file in before.items():
        if url not in after:
            yield f"taken out: {_named(file)}"
    for url, file in after.items():
        if url not in before:
            yield f"put in: {_named(file)}"
        elif before[url].words != file.words:
            yield f"renamed from “{before[url].words}”: {_named(file)}"
        versions = [
            version
            for version in versions_of(archive.engine, file.document_id)
            if version.first > first.time and version.first <= second.time
        ]
        if url in before and versions and _held_before(archive, file, first):
            yield f"swapped by {moment(versions[-1].first)}: {_named(file)}"


def _held_before(archive: Archive, file: Bound, first: Capture) -> bool:
    return any(v.first <= first.time for v in versions_of(archive.engine, file.document_id))


def _named(file: Bound) -> str:
    return f"“{file.words}” {file.url}" if file.words else file.url


def _write_json(first: Capture, second: Capture, found: Difference, files: list[str]) -> None:
    changes: list[dict[str, Any]] = [
        {
            "before": change.before.to_json() if change.before else None,
            "after": change.after.to_json() if change.after else None,
            "runs": [[run.op, run.text] for run in change.runs],
        }
        for change in found.changes
    ]
    write_json(
        {
            "first": printed(first.id),
            "second": printed(second.id),
            "difference": found.kind,
            "changes": changes,
            "attachments": files,
        }
    )
