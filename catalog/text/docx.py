"""Word (ISO/IEC 29500 WordprocessingML): the body, then headers, footers, notes and comments.

Text that tracked changes insert is in, text that they delete is out: it is the document as it would
be printed with its changes accepted. Fields give the text that they last showed.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import Any

from catalog.text.extraction import Extraction, Locator, Passage
from catalog.text.formats import Content
from catalog.text.package import Element, core_properties, opened, part_xml
from catalog.text.tables import cell_name

TOOL = "muniment docx"
RECIPE = "docx/1"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_PARTS = (
    ("header", "header"),
    ("footer", "footer"),
    ("footnotes", "footnote"),
    ("endnotes", "endnote"),
    ("comments", "comment"),
)
_MARKS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_SKIP = frozenset({f"{_W}del", f"{_W}moveFrom", f"{_W}instrText", f"{_W}delText", f"{_MC}Fallback"})
"""What is not printed, and the second copy that a text box has for old readers."""


def extract(content: Content) -> Extraction:
    """Read a Word document. Raises what `zipfile` and lxml raise for a damaged one."""
    with opened(content.path) as package:
        body = part_xml(package, "word/document.xml")
        passages = [] if body is None else list(_Story(None).passages(body))
        for name in _names(package):
            passages += _part(package, name)
        return Extraction(
            tool=TOOL,
            recipe=RECIPE,
            passages=tuple(passages),
            code=None if passages else "no-text",
            detail=None if passages else "the document has no text",
            properties=tuple(core_properties(package)),
            links=tuple(_links(package, body)) if body is not None else (),
        )


def _names(package: zipfile.ZipFile) -> Iterator[str]:
    for prefix, _ in _PARTS:
        yield from sorted(
            name
            for name in package.namelist()
            if name.startswith(f"word/{prefix}") and name.endswith(".xml")
        )


def _part(package: zipfile.ZipFile, name: str) -> Iterator[Passage]:
    root = part_xml(package, name)
    kind = next(kind for prefix, kind in _PARTS if name.startswith(f"word/{prefix}"))
    if root is None:
        return
    if kind in {"header", "footer"}:
        yield from _Story(kind).passages(root)
        return
    for note in root:
        if note.get(f"{_W}type") is None:  # separators are notes too
            yield from _Story(f"{kind} {note.get(f'{_W}id')}").passages(note)


class _Story:
    """A run of paragraphs and tables: the body, a header, one note."""

    def __init__(self, part: str | None) -> None:
        self._part = part
        self._paragraph = 0
        self._table = 0

    def passages(self, root: Element) -> Iterator[Passage]:
        for element in root:
            if element.tag == f"{_W}p":
                yield from self._paragraph_of(element)
            elif element.tag == f"{_W}tbl":
                yield from self._table_of(element)
            elif element.tag not in _SKIP:
                yield from self.passages(element)

    def _paragraph_of(self, element: Element) -> Iterator[Passage]:
        self._paragraph += 1
        text = _text(element)
        if text:
            yield Passage(text, Locator(part=self._part, paragraph=self._paragraph))
        for box in element.iter(f"{_W}txbxContent"):
            if not _fallback(box):
                yield from _Story("text box").passages(box)

    def _table_of(self, table: Element) -> Iterator[Passage]:
        self._table += 1
        part = (
            f"table {self._table}" if self._part is None else f"{self._part}, table {self._table}"
        )
        for row, cells in enumerate(table.iterfind(f"{_W}tr"), 1):
            column = 1
            for cell in cells.iter(f"{_W}tc"):
                if _owner(cell, f"{_W}tbl") is not table:
                    continue
                lines = [_text(paragraph) for paragraph in cell.iter(f"{_W}p")]
                text = "\n".join(filter(None, lines))
                if text:
                    yield Passage(text, Locator(part=part, cell=cell_name(row, column)))
                column += _span(cell)


def _text(paragraph: Element) -> str:
    return "".join(_runs(paragraph)).strip()


def _runs(element: Element) -> Iterator[str]:
    for child in element:
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in _MARKS:
            yield _MARKS[child.tag]
        elif child.tag not in _SKIP and child.tag != f"{_W}txbxContent":
            yield from _runs(child)


def _fallback(element: Element) -> bool:
    return any(parent.tag in _SKIP for parent in element.iterancestors())


def _owner(element: Element, tag: str) -> Element | None:
    return next(element.iterancestors(tag), None)


def _span(cell: Element) -> int:
    span = cell.find(f"{_W}tcPr/{_W}gridSpan")
    value = span.get(f"{_W}val") if span is not None else None
    return int(value) if value and value.isdecimal() else 1


def _links(package: zipfile.ZipFile, body: Element) -> Iterator[tuple[str, str]]:
    """Hyperlinks with their words; the addresses are in the part's relationships."""
    relations: Any = part_xml(package, "word/_rels/document.xml.rels")
    targets = {} if relations is None else {one.get("Id"): one.get("Target") for one in relations}
    for link in body.iter(f"{_W}hyperlink"):
        target = targets.get(link.get(f"{_R}id"))
        if target:
            yield target, _text(link)
