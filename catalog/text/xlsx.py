"""Excel (ISO/IEC 29500 SpreadsheetML): cell by cell, values as a reader sees them."""

from __future__ import annotations

from collections.abc import Iterator

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from catalog.text.cells import CELLS, shown
from catalog.text.extraction import Extraction, Locator, Passage
from catalog.text.formats import Content
from catalog.text.package import core_properties, opened

TOOL = f"openpyxl {openpyxl.__version__}"
RECIPE = "xlsx/1"


def extract(content: Content) -> Extraction:
    """Read a workbook: of formulas the values that were last computed, never the macros.

    Raises what openpyxl raises for a damaged one.
    """
    book = openpyxl.load_workbook(content.path, read_only=True, data_only=True, keep_links=False)
    try:
        passages: list[Passage] = []
        for sheet in book.worksheets:
            for passage in _cells(sheet):
                passages.append(passage)
                if len(passages) > CELLS:
                    break
    finally:
        book.close()
    with opened(content.path) as package:  # openpyxl makes up a date where the file has none
        properties = tuple(core_properties(package))
    cut = len(passages) > CELLS
    return Extraction(
        tool=TOOL,
        recipe=RECIPE,
        passages=tuple(passages),
        code="over-limit" if cut else None if passages else "no-text",
        detail=f"more than {CELLS:,} cells" if cut else None if passages else "no cell has text",
        properties=properties,
    )


def _cells(sheet: Worksheet) -> Iterator[Passage]:
    hidden = None if sheet.sheet_state == "visible" else "hidden sheet"
    for row in sheet.iter_rows():
        for cell in row:
            text = shown(cell.value, getattr(cell, "number_format", "General"))
            if text:
                at = Locator(sheet=sheet.title, cell=cell.coordinate, part=hidden)
                yield Passage(text, at)
