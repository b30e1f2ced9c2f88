"""What a person or a program sees: tables, JSON lines, progress. Data on stdout, talk on stderr."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import click
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from archive import times
from archive.verdict import Verdict
from cli.keys import KEYS
from cli.visible import visible

Row = Mapping[str, Any]

json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="One JSON object a line, with the keys of the reference.",
)

STYLES = {
    "passed": "green",
    "content": "green",
    "failed": "bold red",
    "error": "red",
    "truncated": "red",
    "not checked": "yellow",
    "blocked": "yellow",
    "not-found": "yellow",
}
"""Colours of the words that a reader looks for."""
NOTHING = "-"
"""What stands for a value that is not there."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: the row's key, its title, and how a value is written.

    What is `long` goes on a line of its own where a terminal is too narrow for the table.
    """

    key: str
    title: str
    write: Callable[[Any], str] = str
    right: bool = False
    long: bool = False


def say(text: str) -> None:
    """Talk to the person at the terminal."""
    click.echo(visible(text), err=True)


def write_json(row: Row) -> None:
    """One object, one line. An undocumented key is a mistake of ours."""
    unknown = row.keys() - KEYS.keys()
    if unknown:
        raise KeyError(f"not in the table of JSON keys: {', '.join(sorted(unknown))}")
    line = json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=plain)
    # A lone surrogate of a file name becomes the escape that JSON has for it.
    click.echo(line.encode("utf-8", "backslashreplace"))


def write_rows(rows: Iterable[Row], columns: Sequence[Column], *, as_json: bool) -> int:
    """Write a table, or its rows as JSON lines; returns how many rows there were."""
    if as_json:
        count = 0
        for count, row in enumerate(rows, 1):  # noqa: B007 -- the count is the answer
            write_json(row)
        return count
    cells = [[_cell(column, row) for column in columns] for row in rows]
    if cells:
        console = Console(highlight=False)
        if not console.is_terminal:
            _write_aligned(columns, cells)
        elif _fits(console, columns, cells) or not any(column.long for column in columns):
            _write_table(console, columns, cells)
        else:
            _write_stacked(console, columns, cells)
    return len(cells)


def write_line(text: str) -> None:
    """A line of data, its verdicts coloured on a terminal."""
    line = Text(visible(text))
    for verdict in Verdict:
        line.highlight_regex(rf"(?<=: ){verdict.value}\b", STYLES[verdict.value])
    Console(highlight=False).print(line, soft_wrap=True)


def write_fields(fields: Iterable[tuple[str, str]]) -> None:
    """A list of names and values, the values aligned; an empty name goes on with the one before."""
    listed = [(name, visible(value)) for name, value in fields]
    width = max(cell_len(name) for name, _ in listed)
    console = Console(highlight=False)
    for name, value in listed:
        line = Text(f"{name:{width}}  ", style="dim").append(_coloured(value))
        console.print(line, soft_wrap=True)


class Advance(Protocol):
    """Takes how much is done, and of how much where that was not known before."""

    def __call__(self, done: float, total: float | None = None, /) -> None: ...


@contextmanager
def progress(title: str, total: float | None) -> Iterator[Advance]:
    """A bar on a terminal, nothing elsewhere; yields what moves it on."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _done, _total=None: None
        return
    from rich.progress import Progress  # noqa: PLC0415 -- half of rich, for a terminal alone

    with Progress(console=console, transient=True) as bars:
        bar = bars.add_task(title, total=total)
        yield lambda done, total=total: bars.update(bar, completed=done, total=total)


def size(length: int | None) -> str:
    """A length as people read it: `17 B`, `1.2 MiB`."""
    if length is None:
        return NOTHING
    value, unit = float(length), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if value < 1024 or unit == "TiB":
            break
        value /= 1024
    return f"{length} B" if unit == "B" else f"{value:.1f} {unit}"


def number(count: int, thing: str) -> str:
    """`1 file`, `1,234 files`."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def moment(instant: datetime | None) -> str:
    """`2026-11-23 23:15:57Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ") if instant else NOTHING


def span(length: timedelta) -> str:
    """A length of time as people read it: `8 s`, `3 min`, `2 h 5 min`, `4 d 3 h`."""
    seconds = round(abs(length.total_seconds()))
    sign = "-" if length < timedelta(0) and seconds else ""
    parts = []
    for unit, size_ in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size_)
        if count:
            parts.append(f"{count} {unit}")
    return sign + " ".join(parts[:2]) if parts else "0 s"


def _cell(column: Column, row: Row) -> str:
    value = row[column.key]
    return NOTHING if value is None else visible(column.write(value))


def _coloured(text: str) -> Text:
    return Text(text, style=STYLES.get(text.strip(), ""))


def _widths(cells: list[list[str]]) -> list[int]:
    return [max(map(cell_len, column)) for column in zip(*cells, strict=True)]


def _fits(console: Console, columns: Sequence[Column], cells: list[list[str]]) -> bool:
    titled = [[column.title for column in columns], *cells]
    return sum(_widths(titled)) + 3 * len(columns) <= console.width


def _write_table(console: Console, columns: Sequence[Column], cells: list[list[str]]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column.title, justify="right" if column.right else "left", overflow="fold")
    for row in cells:
        table.add_row(*map(_coloured, row))
    console.print(table)


def _write_stacked(console: Console, columns: Sequence[Column], cells: list[list[str]]) -> None:
    """Each row on a line, with what is long below it."""
    widths = _widths(cells)
    for row in cells:
        line = Text()
        for column, width, cell in zip(columns, widths, row, strict=True):
            if not column.long:
                line.append_text(_coloured(_padded(cell, width, right=column.right))).append("  ")
        console.print(line, soft_wrap=True)
        for column, cell in zip(columns, row, strict=True):
            if column.long and cell != NOTHING:
                console.print(Text(f"  {cell}", style="dim"), soft_wrap=True)


def _write_aligned(columns: Sequence[Column], cells: list[list[str]]) -> None:
    """For a file or a pipe: the same columns, nothing folded or cut."""
    widths = _widths(cells)
    for row in cells:
        parts = [
            _padded(cell, width, right=column.right)
            for column, width, cell in zip(columns, widths, row, strict=True)
        ]
        click.echo("  ".join(parts).rstrip())


def _padded(cell: str, width: int, *, right: bool) -> str:
    gap = " " * (width - cell_len(cell))
    return gap + cell if right else cell + gap


def plain(value: Any) -> Any:
    """What JSON has no form for: instants, digests, tuples of ours."""
    if isinstance(value, datetime):
        return times.to_text(value)
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"no JSON form for {type(value).__name__}")
