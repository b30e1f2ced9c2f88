"""Cells of sheets and tables: their names, as spreadsheets write them, and how many are read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from catalog.text.extraction import Locator, Passage

CELLS = 2_000_000
"""Cells with text that are read of one workbook."""
HIDDEN = "hidden sheet"
COMMENT = "comment"
"""Parts of a workbook that a reader does not see at first."""


class Cells(NamedTuple):
    """What was read of a workbook, and what was not."""

    kept: tuple[Passage, ...]
    code: str | None
    detail: str | None


def of_cells(passages: Iterator[Passage]) -> Cells:
    """The cells up to the limit."""
    kept = tuple(islice(passages, CELLS))
    if len(kept) == CELLS and next(passages, None) is not None:
        return Cells(kept, "over-limit", f"more than {CELLS:,} cells have text")
    return Cells(kept, *((None, None) if kept else ("no-text", "no cell has text")))


def cell_name(row: int, column: int) -> str:
    """`B3` for the third row and the second column, both counted from 1."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def at_cell(sheet: str, row: int, column: int, part: str | None) -> Locator:
    """A cell of a sheet."""
    return Locator(sheet=sheet, cell=cell_name(row, column), part=part)
