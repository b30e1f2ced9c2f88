"""OpenDocument (ISO/IEC 26300): paragraphs, and the cells of tables and spreadsheets."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

from catalog.text.extraction import Extraction, Locator, Passage
from catalog.text.formats import Content
from catalog.text.package import Element, opened, part_xml
from catalog.text.tables import cell_name

TOOL = "muniment odf"
RECIPE = "odf/1"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_PARAGRAPHS = frozenset({f"{_TEXT}p", f"{_TEXT}h"})
_SKIP = frozenset({f"{_TEXT}tracked-changes", f"{_OFFICE}forms", f"{_OFFICE}annotation"})
_MARKS = {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}


def extract(content: Content) -> Extraction:
    """Read an OpenDocument file. Raises what `zipfile` and lxml raise for a damaged one."""
    with opened(content.path) as package:
        if _is_encrypted(package):
            return Extraction(
                tool=TOOL, recipe=RECIPE, code="encrypted", detail="it opens with a password only"
            )
        root = part_xml(package, "content.xml")
        body = root.find(f"{_OFFICE}body") if root is not None else None
        passages = tuple(_Reader().passages(body)) if body is not None else ()
        return Extraction(
            tool=TOOL,
            recipe=RECIPE,
            passages=passages,
            code=None if passages else "no-text",
            detail=None if passages else "the document has no text",
            properties=tuple(_properties(package)),
        )


def _is_encrypted(package: zipfile.ZipFile) -> bool:
    manifest = part_xml(package, "META-INF/manifest.xml")
    return manifest is not None and any(
        "encryption-data" in str(one.tag) for one in manifest.iter()
    )


class _Reader:
    def __init__(self) -> None:
        self._paragraph = 0
        self._table = 0

    def passages(self, root: Element) -> Iterator[Passage]:
        for element in root:
            if element.tag in _PARAGRAPHS:
                self._paragraph += 1
                text = _text(element)
                if text:
                    yield Passage(text, Locator(paragraph=self._paragraph))
            elif element.tag == f"{_TABLE}table":
                yield from self._cells(element, in_sheet=root.tag == f"{_OFFICE}spreadsheet")
            elif element.tag not in _SKIP:
                yield from self.passages(element)

    def _cells(self, table: Element, *, in_sheet: bool) -> Iterator[Passage]:
        self._table += 1
        name = table.get(f"{_TABLE}name")
        row = 0
        for line in table.iter(f"{_TABLE}table-row"):
            row += 1
            column = 0
            for cell in line:
                column += 1
                text = "\n".join(filter(None, (_text(one) for one in cell.iter(*_PARAGRAPHS))))
                if text:
                    named = cell_name(row, column)
                    yield Passage(
                        text,
                        Locator(sheet=name, cell=named)
                        if in_sheet
                        else Locator(part=f"table {self._table}", cell=named),
                    )
                column += _times(cell, "number-columns-repeated") - 1
            row += _times(line, "number-rows-repeated") - 1


def _times(element: Element, name: str) -> int:
    value = element.get(f"{_TABLE}{name}") or "1"
    return int(value) if value.isdecimal() else 1


def _text(element: Element) -> str:
    return "".join(_runs(element)).strip()


def _runs(element: Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag in _MARKS:
            yield _MARKS[child.tag]
        elif child.tag == f"{_TEXT}s":
            count = child.get(f"{_TEXT}c") or "1"
            yield " " * min(int(count) if count.isdecimal() else 1, 1000)
        elif child.tag not in _SKIP and child.tag not in _PARAGRAPHS:
            yield from _runs(child)
        yield child.tail or ""


def _properties(package: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    root = part_xml(package, "meta.xml")
    for element in root.iter() if root is not None else ():
        if isinstance(element.tag, str) and element.text and element.text.strip():
            yield element.tag.rpartition("}")[2], element.text.strip()
