"""Paragraphs, cells and what hangs on them, of one run of an OpenDocument file (ISO/IEC 26300-3)."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.text.extraction import Locator, Passage
from catalog.text.package import Element
from catalog.text.tables import HIDDEN, cell_name

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
DRAW = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
PRESENTATION = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"
XLINK = "{http://www.w3.org/1999/xlink}"
_PARAGRAPHS = frozenset({f"{TEXT}p", f"{TEXT}h"})
_NOT_SHOWN = frozenset(
    {
        *(f"{TEXT}tracked-changes", f"{OFFICE}forms", f"{TABLE}tracked-changes"),
        *(f"{TEXT}ruby-text", f"{TABLE}shapes", f"{DRAW}object"),
    }
)
_APART = frozenset({f"{TEXT}note", f"{OFFICE}annotation", f"{DRAW}text-box"})
"""What hangs on a place in a text and is not of it."""
_MARKS = {f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}
_SPACES = 1_000
"""Spaces and repetitions that one element may stand for."""


class Story:
    """A run of paragraphs and tables: a text, a header, one note, a slide."""

    def __init__(self, part: str | None, page: int | None = None) -> None:
        self._part = part
        self._page = page
        self._paragraph = 0
        self._counts: dict[str, int] = {}

    def passages(self, root: Element) -> Iterator[Passage]:
        """Each paragraph and cell that has text; notes, comments and boxes after where they hang."""
        for element in root:
            if element.tag in _PARAGRAPHS:
                self._paragraph += 1
                text = words(element)
                if text:
                    at = Locator(page=self._page, part=self._part, paragraph=self._paragraph)
                    yield Passage(text, at)
                yield from self._apart(element)
            elif element.tag == f"{TABLE}table":
                yield from self._table(element, in_sheet=root.tag == f"{OFFICE}spreadsheet")
            elif element.tag == f"{DRAW}page":
                yield from Story(None, self._count("page")).passages(element)
            elif element.tag == f"{PRESENTATION}notes":
                yield from Story("notes", self._page).passages(element)
            elif element.tag in _APART:
                yield from self._one_apart(element)
            elif element.tag not in _NOT_SHOWN:
                yield from self.passages(element)

    def _count(self, name: str) -> int:
        self._counts[name] = self._counts.get(name, 0) + 1
        return self._counts[name]

    def _within(self, part: str) -> str:
        return part if self._part is None else f"{self._part}, {part}"

    def _apart(self, element: Element) -> Iterator[Passage]:
        for child in element:
            if child.tag in _APART:
                yield from self._one_apart(child)
            elif child.tag not in _NOT_SHOWN:
                yield from self._apart(child)

    def _one_apart(self, element: Element) -> Iterator[Passage]:
        if element.tag == f"{DRAW}text-box" and self._page is not None:
            yield from self.passages(element)  # a slide is made of boxes
            return
        if element.tag == f"{TEXT}note":
            name = element.get(f"{TEXT}note-class") or "footnote"
            element = element.find(f"{TEXT}note-body")
        else:
            name = "text box" if element.tag == f"{DRAW}text-box" else "comment"
        part = self._within(f"{name} {self._count(name)}")
        if element is not None:
            yield from Story(part, self._page).passages(element)

    def _table(self, table: Element, *, in_sheet: bool) -> Iterator[Passage]:
        sheet = table.get(f"{TABLE}name") or f"{self._count('sheet')}" if in_sheet else None
        part = self._hidden(table) if in_sheet else self._within(f"table {self._count('table')}")
        row = 0
        for line in _outermost(table, f"{TABLE}table-row"):
            column = 1
            for cell in line:
                if cell.tag not in {f"{TABLE}table-cell", f"{TABLE}covered-table-cell"}:
                    continue
                at = Locator(
                    page=self._page, part=part, sheet=sheet, cell=cell_name(row + 1, column)
                )
                yield from self._cell(cell, at)
                column += _times(cell, "number-columns-repeated")
            row += _times(line, "number-rows-repeated")

    def _hidden(self, table: Element) -> str | None:
        style = table.get(f"{TABLE}style-name")
        if style is None:
            return None
        for one in table.getroottree().iter(f"{STYLE}style"):
            if one.get(f"{STYLE}name") == style:
                for properties in one:
                    if properties.get(f"{TABLE}display") == "false":
                        return HIDDEN
        return None

    def _cell(self, cell: Element, at: Locator) -> Iterator[Passage]:
        """A cell's paragraphs as one passage, then what stands in it apart."""
        inside = list(_outermost(cell, *_PARAGRAPHS, f"{TABLE}table", *_APART))
        text = "\n".join(filter(None, (words(one) for one in inside if one.tag in _PARAGRAPHS)))
        if text:
            yield Passage(text, at)
        where = at.part if at.sheet else f"{at.part}, cell {at.cell}"
        inner = Story(where, self._page)
        for one in inside:
            if one.tag == f"{TABLE}table":
                yield from inner._table(one, in_sheet=False)
            elif one.tag == f"{OFFICE}annotation" and at.sheet:
                comment = "\n".join(filter(None, map(words, _outermost(one, *_PARAGRAPHS))))
                yield Passage(comment, Locator(sheet=at.sheet, cell=at.cell, part="comment"))
            elif one.tag in _APART:
                yield from inner._one_apart(one)
            else:
                yield from inner._apart(one)


def _outermost(element: Element, *tags: str) -> Iterator[Element]:
    """Descendants of these names that stand in none of the others."""
    for child in element:
        if child.tag in tags:
            yield child
        elif child.tag not in _NOT_SHOWN:
            yield from _outermost(child, *tags)


def _times(element: Element, name: str) -> int:
    value = element.get(f"{TABLE}{name}") or "1"
    return int(value) if value.isdecimal() and len(value) < 9 else 1


def words(element: Element) -> str:
    """The text of a paragraph, or of part of one, without what hangs on it."""
    return "".join(_runs(element)).strip()


def _runs(element: Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag in _MARKS:
            yield _MARKS[child.tag]
        elif child.tag == f"{TEXT}s":
            count = child.get(f"{TEXT}c") or "1"
            yield " " * min(int(count) if count.isdecimal() else 1, _SPACES)
        elif isinstance(child.tag, str) and child.tag not in _NOT_SHOWN | _APART | _PARAGRAPHS:
            yield from _runs(child)
        yield child.tail or ""
