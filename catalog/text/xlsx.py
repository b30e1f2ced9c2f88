"""Excel (ISO/IEC 29500 SpreadsheetML): cell by cell, values as a reader sees them.

Read here and not by openpyxl 3.1, which says nothing of cells beyond the dimension that a sheet
claims, nothing of workbooks of the strict variant, and no dates in the formats of Chinese editions.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

from catalog.text.extraction import Extraction, Passage
from catalog.text.formats import Content
from catalog.text.number_format import BUILTIN, GENERAL
from catalog.text.package import (
    TOOL,
    Element,
    Relation,
    core_properties,
    main_part,
    opened,
    part_xml,
    relations,
)
from catalog.text.tables import HIDDEN, of_cells
from catalog.text.xlsx_sheet import Book, Sheet, streamed, words

RECIPE = "xlsx/1"
_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"


def extract(content: Content) -> Extraction:
    """Read a workbook: of formulas the values that were last computed, never the macros.

    Raises what `zipfile`, lxml and catalog.text.package raise.
    """
    links: list[tuple[str, str]] = []
    with opened(content.path) as package:
        passages = of_cells(_cells(package, links))
        return Extraction(
            tool=TOOL,
            recipe=RECIPE,
            passages=passages.kept,
            code=passages.code,
            detail=passages.detail,
            properties=tuple(core_properties(package)),
            links=tuple(links),
        )


def _cells(package: zipfile.ZipFile, links: list[tuple[str, str]]) -> Iterator[Passage]:
    name, root = main_part(package)
    related = relations(package, name)
    book = _book(package, root, related)
    for sheet in root.iterfind(f"{_S}sheets/{_S}sheet"):
        relation = related.get(sheet.get(f"{_R}id") or "")
        if relation is not None and relation.kind == "worksheet":
            hidden = HIDDEN if sheet.get("state", "visible") != "visible" else None
            found = Sheet(package, relation.target, sheet.get("name") or "", hidden)
            yield from found.cells(book, links)


def _book(package: zipfile.ZipFile, root: Element, related: dict[str, Relation]) -> Book:
    parts = {relation.kind: relation.target for relation in related.values()}
    told = root.find(f"{_S}workbookPr")
    strings = streamed(package, parts.get("sharedStrings"), "{*}si")
    return Book(
        strings=[words(one) for one in strings],
        codes=list(_codes(package, parts.get("styles"))),
        from_1904=told is not None and told.get("date1904") in {"1", "true"},
    )


def _codes(package: zipfile.ZipFile, name: str | None) -> Iterator[str]:
    """The format codes of the styles that cells name by their number."""
    root = part_xml(package, name) if name else None
    if root is None:
        return
    own = {
        one.get("numFmtId"): one.get("formatCode") or GENERAL
        for one in root.iterfind(f"{_S}numFmts/{_S}numFmt")
    }
    for style in root.iterfind(f"{_S}cellXfs/{_S}xf"):
        number = style.get("numFmtId") or "0"
        usual = BUILTIN.get(int(number)) if number.isdecimal() else None
        yield usual or own.get(number) or GENERAL
