"""Excel before 2007 (BIFF in an OLE file): cell by cell, values as a reader sees them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import xlrd

from catalog.text.cells import CELLS, shown
from catalog.text.extraction import Extraction, Locator, Passage
from catalog.text.formats import Content
from catalog.text.tables import cell_name

TOOL = f"xlrd {xlrd.__VERSION__}"
RECIPE = "xls/1"


def extract(content: Content) -> Extraction:
    """Read a workbook. Raises what xlrd raises for a damaged one."""
    try:
        book = xlrd.open_workbook(
            content.path, logfile=io.StringIO(), formatting_info=False, on_demand=True
        )
    except xlrd.XLRDError as error:
        if "encrypted" not in str(error).lower():
            raise
        return Extraction(
            tool=TOOL, recipe=RECIPE, code="encrypted", detail="it opens with a password only"
        )
    passages: list[Passage] = []
    for index in range(book.nsheets):
        passages += _cells(book, book.sheet_by_index(index))
        book.unload_sheet(index)
        if len(passages) > CELLS:
            break
    cut = len(passages) > CELLS
    return Extraction(
        tool=TOOL,
        recipe=RECIPE,
        passages=tuple(passages[:CELLS]),
        code="over-limit" if cut else None if passages else "no-text",
        detail=f"more than {CELLS:,} cells" if cut else None if passages else "no cell has text",
        properties=(("creator", book.user_name),) if book.user_name else (),
    )


def _cells(book: xlrd.Book, sheet: Any) -> Iterator[Passage]:
    hidden = "hidden sheet" if sheet.visibility else None
    for row in range(sheet.nrows):
        for column in range(sheet.row_len(row)):
            text = _shown(book, sheet.cell(row, column))
            if text:
                at = Locator(sheet=sheet.name, cell=cell_name(row + 1, column + 1), part=hidden)
                yield Passage(text, at)


def _shown(book: xlrd.Book, cell: Any) -> str:
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return shown(xlrd.xldate_as_datetime(cell.value, book.datemode))
        except (ValueError, OverflowError, xlrd.xldate.XLDateError):
            return shown(cell.value)
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return shown(bool(cell.value))
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, ""))
    return shown(cell.value) if cell.ctype in {xlrd.XL_CELL_TEXT, xlrd.XL_CELL_NUMBER} else ""
