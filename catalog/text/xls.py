"""Excel before 2007 (BIFF in an OLE file): cell by cell, values as a reader sees them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import olefile
import xlrd

from catalog.text.extraction import Extraction, Passage
from catalog.text.formats import Content, EncryptedError
from catalog.text.number_format import BUILTIN, GENERAL, shown, text_shown
from catalog.text.ole import properties
from catalog.text.tables import COMMENT, HIDDEN, at_cell, of_cells

TOOL = f"xlrd {xlrd.__VERSION__}"
RECIPE = "xls/1"
DATES = frozenset({14, 22, *range(27, 37), *range(50, 59)})
"""Formats that follow the system of who looks at them, or an edition's language."""


def extract(content: Content) -> Extraction:
    """Read a workbook: of formulas the values that were last computed, never the macros.

    Raises `EncryptedError`, and what xlrd raises for a damaged one.
    """
    try:
        book = xlrd.open_workbook(
            content.path, logfile=io.StringIO(), formatting_info=True, on_demand=True
        )
    except xlrd.XLRDError as error:
        if "encrypted" in str(error).lower():
            raise EncryptedError from error
        raise
    links: list[tuple[str, str]] = []
    passages = of_cells(_cells(book, links))
    return Extraction(
        tool=TOOL,
        recipe=RECIPE,
        passages=passages.kept,
        code=passages.code,
        detail=passages.detail,
        properties=tuple(_properties(content)),
        links=tuple(links),
    )


def _properties(content: Content) -> Iterator[tuple[str, str]]:
    if olefile.isOleFile(content.path):  # the oldest workbooks are no OLE files
        with olefile.OleFileIO(content.path) as ole:
            yield from properties(ole)


def _cells(book: xlrd.Book, links: list[tuple[str, str]]) -> Iterator[Passage]:
    for index in range(book.nsheets):
        sheet = book.sheet_by_index(index)
        hidden = HIDDEN if sheet.visibility else None
        for row in range(sheet.nrows):
            for column in range(sheet.row_len(row)):
                text = _shown(book, sheet.cell(row, column))
                if text:
                    yield Passage(text, at_cell(sheet.name, row + 1, column + 1, hidden))
        for (row, column), note in sorted(sheet.cell_note_map.items()):
            if note.text and note.text.strip():
                yield Passage(note.text.strip(), at_cell(sheet.name, row + 1, column + 1, COMMENT))
        for link in sheet.hyperlink_list:
            if link.url_or_path and isinstance(link.url_or_path, str):
                place = (link.frowx, link.fcolx)
                in_sheet = place[0] < sheet.nrows and place[1] < sheet.row_len(place[0])
                words = _shown(book, sheet.cell(*place)) if in_sheet else ""
                links.append((link.url_or_path, words))
        book.unload_sheet(index)


def _shown(book: xlrd.Book, cell: Any) -> str:
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return text_shown(cell.value, _code(book, cell)).strip()
    if cell.ctype in {xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE}:
        return shown(cell.value, _code(book, cell), from_1904=bool(book.datemode))
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return "TRUE" if cell.value else "FALSE"
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, ""))
    return ""


def _code(book: xlrd.Book, cell: Any) -> str:
    """The format code of a cell: dates of Excel's own in the one form that they have here."""
    if cell.xf_index is None or cell.xf_index >= len(book.xf_list):
        return GENERAL
    key = book.xf_list[cell.xf_index].format_key
    found = book.format_map.get(key)
    if key in DATES or found is None:
        return BUILTIN.get(key, GENERAL)
    return str(found.format_str)
