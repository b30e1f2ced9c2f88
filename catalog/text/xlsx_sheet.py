"""One sheet of an Excel workbook, read as a stream (ISO/IEC 29500-1, 18.3)."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from catalog.text.extraction import Locator, Passage
from catalog.text.number_format import GENERAL, shown, text_shown
from catalog.text.package import Element, member, part_xml, relations
from catalog.text.tables import COMMENT, cell_name

_NAME = re.compile(r"[A-Z]{1,3}[1-9][0-9]{0,6}")


@dataclass(frozen=True, slots=True)
class Book:
    """What the cells of all sheets refer to."""

    strings: list[str]
    codes: list[str]
    """Format codes, by the style of a cell."""
    from_1904: bool

    def code(self, style: str | None) -> str:
        number = int(style) if style and style.isdecimal() else 0
        return self.codes[number] if number < len(self.codes) else GENERAL


def streamed(package: zipfile.ZipFile, name: str | None, *tags: str) -> Iterator[Element]:
    """The elements of a part by their names, each freed when the next one is asked for.

    Raises what catalog.text.package.xml raises; a part that is not there has none.
    """
    if name is None or name not in package.NameToInfo:
        return
    with member(package, package.getinfo(name)) as file:
        events = etree.iterparse(
            file, tag=tags, resolve_entities=False, no_network=True, load_dtd=False
        )
        for number, (_, element) in enumerate(events):
            if not number and element.getroottree().docinfo.internalDTD is not None:
                raise ValueError("its XML declares a document type")
            yield element
            element.clear(keep_tail=False)
            while element.getprevious() is not None:
                del element.getparent()[0]


def words(element: Element) -> str:
    """The text of a string with formats in it; how to pronounce it is none of it."""
    found = []
    for child in element:
        name = _local(child)
        if name == "t":
            found.append(child.text or "")
        elif name == "r":
            found += [one.text or "" for one in child if _local(one) == "t"]
    return "".join(found)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


class Sheet:
    """A sheet: its cells, then its comments and links."""

    def __init__(self, package: zipfile.ZipFile, part: str, name: str, hidden: str | None) -> None:
        self._package = package
        self._part = part
        self._name = name
        self._hidden = hidden
        self._related = relations(package, part)

    def cells(self, book: Book, links: list[tuple[str, str]]) -> Iterator[Passage]:
        """Each cell with text. Adds links with the text of their cell to `links`."""
        linked = any(relation.kind == "hyperlink" for relation in self._related.values())
        texts: dict[str, str] = {}
        for number, element in enumerate(
            streamed(self._package, self._part, "{*}row", "{*}hyperlink"), 1
        ):
            if _local(element) == "hyperlink":
                self._link(element, texts, links)
                continue
            for name, text in _row(element, number, book):
                if linked:
                    texts[name] = text
                yield Passage(text, Locator(sheet=self._name, cell=name, part=self._hidden))
        yield from self._comments()

    def _link(self, element: Element, texts: dict[str, str], links: list[tuple[str, str]]) -> None:
        id_ = next((value for name, value in element.attrib.items() if name.endswith("}id")), "")
        relation = self._related.get(id_)
        if relation is not None:
            first = (element.get("ref") or "").partition(":")[0]
            links.append((relation.target, texts.get(first, "")))

    def _comments(self) -> Iterator[Passage]:
        for relation in self._related.values():
            root = part_xml(self._package, relation.target) if relation.kind == "comments" else None
            for comment in root.iter("{*}comment") if root is not None else ():
                text = "".join(words(one) for one in comment if _local(one) == "text").strip()
                if text:
                    at = Locator(sheet=self._name, cell=comment.get("ref"), part=COMMENT)
                    yield Passage(text, at)


def _row(row: Element, number: int, book: Book) -> Iterator[tuple[str, str]]:
    """The names and texts of the cells of a row; one without a name follows the one before it."""
    told = row.get("r") or ""
    row_number = int(told) if told.isdecimal() else number
    for column, cell in enumerate(row, 1):
        if _local(cell) != "c":
            continue
        text = _text(cell, book).strip()
        if text:
            name = cell.get("r") or ""
            yield (name if _NAME.fullmatch(name) else cell_name(row_number, column)), text


def _text(cell: Element, book: Book) -> str:
    kind, value = cell.get("t", "n"), ""
    for child in cell:
        name = _local(child)
        if name == "v":
            value = child.text or ""
        elif name == "is":
            value = words(child)
    code = book.code(cell.get("s"))
    if kind == "s":
        number = int(value) if value.isdecimal() else len(book.strings)
        value = book.strings[number] if number < len(book.strings) else ""
    if kind in {"s", "str", "inlineStr"}:
        return text_shown(value, code)
    if kind == "b":
        return "TRUE" if value == "1" else "FALSE"
    if kind == "n" and value:
        try:
            return shown(float(value), code, from_1904=book.from_1904)
        except ValueError:
            return value
    return value.removesuffix("T00:00:00")
