"""How `muniment diff` tells a difference: on a terminal with colours, elsewhere with marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text as Styled

from archive.ident import printed
from catalog.attached import Attached, FileChange
from catalog.diffing import MARKS, Change, Difference, Run
from catalog.holdings import Capture
from cli.output import moment, number, write_fields
from cli.visible import visible

AROUND = 30
"""Characters of what is equal that are shown beside a change."""
SHOWN = 20
"""Links that are shown; all are counted."""
STYLES = {"=": "", "-": "red strike", "+": "green"}
Link = tuple[str, str]
"""An address and its words."""


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


def write_difference(found: Compared) -> None:
    """Tell a person: what was compared, each change in its place, then files and links."""
    write_fields(_head(found))
    console = Console(highlight=False)
    for change in found.text.changes:
        console.print(Styled(f"\n@ {_place(change)}", style="dim"), soft_wrap=True)
        console.print(_shown(change.runs, marked=not console.is_terminal), soft_wrap=True)
    beside = [*_file_fields(found.files), *_link_fields(found)]
    if beside:
        console.print()
        write_fields(beside)


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


def as_object(found: Compared) -> dict[str, Any]:
    """A difference with the keys of the reference."""
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
