"""`muniment search`: the texts in which words stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import click
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text as Styled

from archive.ident import printed
from catalog.collections import versions_in
from catalog.search.filters import CAPTURED, POSTED, TYPES, WRITTEN, Filter
from catalog.search.passages import Excerpt, Mark
from catalog.search.query import parse
from catalog.search.search import Gaps, Hit, gaps, search
from cli.context import Archive, with_archive
from cli.exits import Exit
from cli.find import collection_of, collection_option
from cli.moments import SINCE, UNTIL
from cli.output import json_option, moment, number, say, write_json
from cli.visible import visible

SHOWN = 20
FOUND = "bold yellow"
MARKS = ("【", "】")
"""Around what was found, where there are no colours."""


@click.command("search")
@click.argument("words", nargs=-1, required=True, metavar="WORDS...")
@click.option(
    "--fold", is_flag=True, help="Take simplified and traditional characters for the same."
)
@click.option(
    "--agency", metavar="NAME", help="Recorded from this body, or issued by it in its own words."
)
@click.option("--source", metavar="NAME", help="Recorded from this source.")
@click.option("--since", type=SINCE, metavar="TIME", help="From this day on.")
@click.option("--until", type=UNTIL, metavar="TIME", help="Up to this day.")
@click.option(
    "--date",
    type=click.Choice([POSTED, WRITTEN, CAPTURED]),
    default=POSTED,
    show_default=True,
    help="Which date --since and --until are about.",
)
@click.option(
    "--type", "type_", metavar="TYPE", help=f"What the file is: {' '.join(TYPES)}, or a media type."
)
@click.option("--outcome", metavar="WORD", help="As content, challenge, soft-404.")
@collection_option
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=SHOWN,
    show_default=True,
    metavar="N",
    help="At most so many, the best ones.",
)
@json_option
@with_archive
def command(
    archive: Archive,
    *,
    words: tuple[str, ...],
    fold: bool,
    agency: str | None,
    source: str | None,
    since: datetime | None,
    until: datetime | None,
    date: str,
    type_: str | None,
    outcome: str | None,
    collection: str | None,
    limit: int,
    as_json: bool,
) -> Exit:
    """Find the texts in which words stand, the best first, with the passages that show it.

    All words must be there; OR, NOT, brackets and "words in a row" are understood. A word is found
    from one character on, within longer words too, whatever its width and case. What could not be
    searched is said. Exit code 4 where nothing is found.

    \b
    Example:
      muniment search 研修班 老挝
      muniment search '"跨境电子商务" NOT 港口' --since 2021-01-01 --type pdf
    """
    query = parse(" ".join(words), fold=fold)
    within = collection_of(archive, collection)
    where = Filter(
        agency=agency,
        source=source,
        since=since,
        until=until,
        date=date,
        type=type_,
        outcome=outcome,
        among=versions_in(within.id) if within else None,
    )
    found = search(archive.engine, query, where, fold=fold, limit=limit)
    if as_json:
        for hit in found.hits:
            write_json(_json(hit))
    else:
        console = Console(highlight=False)
        for hit in found.hits:
            _show(console, hit)
    for sentence in _summary(
        found.total, len(found.hits), gaps(archive.engine, query, where, fold=fold)
    ):
        say(sentence)
    return Exit.DONE if found.hits else Exit.NOT_FOUND


def _show(console: Console, hit: Hit) -> None:
    title = hit.title or hit.capture.url
    _print(console, _marked(title, hit.title_marks if hit.title else (), console, style="bold"))
    _print(console, Styled(" · ".join(_about(hit)), style="dim"), indent=2)
    for excerpt in hit.excerpts:
        line = Styled()
        if str(excerpt.at):
            line.append(f"{visible(excerpt.at)}: ", style="dim")
        _print(console, line.append_text(_excerpt(excerpt, console)), indent=2)
    console.print()


def _print(console: Console, line: Styled, indent: int = 0) -> None:
    lines = (
        line.divide(_folds(line.plain, console.width - indent)) if console.is_terminal else [line]
    )
    for each in lines:
        each.rstrip()
        console.print(Styled(" " * indent).append_text(each), soft_wrap=True)


def _folds(text: str, width: int) -> Iterator[int]:
    """Where lines of a terminal begin: Chinese is broken anywhere, and takes two columns a character;
    other words are broken only where they are longer than a line.
    """
    begin = fold = used = 0
    for at, character in enumerate(text):
        if at and (text[at - 1] == " " or not (text[at - 1] + character).isascii()):
            fold = at
        used += cell_len(character)
        if used > width and not character.isspace():
            begin = fold if fold > begin else at
            used = cell_len(text[begin : at + 1])
            yield begin


def _about(hit: Hit) -> Iterator[str]:
    yield printed(hit.capture.id)
    if hit.posted or hit.written:
        yield f"posted {hit.posted}" if hit.posted else f"written {hit.written}"
    yield f"captured {moment(hit.last)}"
    yield hit.type
    if hit.code:
        yield f"read in part ({hit.code})"
    if hit.outcome != "content":
        yield hit.outcome
    if hit.kind != "text":
        yield "read by machine off an image"
    if hit.title:
        yield visible(hit.capture.url)


def _excerpt(excerpt: Excerpt, console: Console) -> Styled:
    before, after = ("…" if cut else "" for cut in excerpt.cut)
    line = Styled(before).append_text(_marked(excerpt.text, excerpt.marks, console))
    return line.append(after)


def _marked(text: str, marks: Iterable[Mark], console: Console, style: str = "") -> Styled:
    """A text with what was found in colour, or between marks where there is none."""
    line = Styled(style=style)
    at = 0
    for start, end in marks:
        line.append(visible(text[at:start]))
        found = visible(text[start:end])
        line.append(found if console.is_terminal else f"{MARKS[0]}{found}{MARKS[1]}", style=FOUND)
        at = end
    return line.append(visible(text[at:]))


def _summary(total: int, shown: int, missed: Gaps) -> Iterator[str]:
    """How many there are, and what could not be looked in."""
    if total > shown:
        yield f"{number(total, 'text')} found; these are the first {shown}: --limit N shows more"
    else:
        yield f"{number(total, 'text')} found"
    if missed.without_text:
        told = ", ".join(f"{code} {count:,}" for code, count in sorted(missed.without_text.items()))
        yield f"not searched, for they have no text: {told}"
    if missed.cut:
        yield f"searched in part: {number(missed.cut, 'text')} cut by a limit"
    if missed.unread:
        yield f"not read yet: {number(missed.unread, 'version')}; `muniment index` reads them"
    if missed.undated:
        yield f"left out, for they state no such date: {number(missed.undated, 'text')}"


def _json(hit: Hit) -> dict[str, Any]:
    return {
        "version": printed(hit.version_id),
        "capture": printed(hit.capture.id),
        "url": hit.capture.url,
        "title": hit.title,
        "posted": hit.posted,
        "written": hit.written,
        "first": hit.first,
        "last": hit.last,
        "media_type": hit.type,
        "outcome": hit.outcome,
        "kind": hit.kind,
        "code": hit.code,
        "passages": [
            {
                "at": each.at.to_json(),
                "text": each.text,
                "start": each.start,
                "marks": [list(mark) for mark in each.marks],
            }
            for each in hit.excerpts
        ],
    }
