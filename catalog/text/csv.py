"""Tables in plain text: a passage a cell, named as a spreadsheet would name it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from catalog.text.extraction import Extraction, Locator, Passage
from catalog.text.formats import Content
from catalog.text.plain import decoded, extraction
from catalog.text.tables import cell_name

SEPARATORS = ",;\t|"
LONGEST = 1 << 24
"""Characters of one cell; the module's own limit is 131,072."""


def extract(content: Content) -> Extraction:
    """Read a file of separated values."""
    read, is_cut = decoded(content)
    return extraction("csv/1", tuple(_cells(read.text)), read, is_cut=is_cut)


def _cells(text: str) -> Iterator[Passage]:
    csv.field_size_limit(LONGEST)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    for number, row in enumerate(rows, 1):
        for column, cell in enumerate(row, 1):
            if cell := cell.strip():
                yield Passage(cell, Locator(cell=cell_name(number, column)))


def _separator(text: str) -> str:
    """The one that the first lines hold most of; a comma where they hold none."""
    first = text[:4096]
    return max(SEPARATORS, key=first.count)
