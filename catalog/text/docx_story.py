"""Paragraphs, tables and links of one part of a Word document (ISO/IEC 29500-1, 17)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog.text.extraction import Locator, Passage
from catalog.text.package import Element, Relation
from catalog.text.tables import cell_name

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MARKS = {
    **dict.fromkeys((f"{W}tab", f"{W}ptab"), "\t"),
    **dict.fromkeys((f"{W}br", f"{W}cr"), "\n"),
    f"{W}noBreakHyphen": "-",
}
_WORDS = frozenset({f"{W}t", f"{_MATH}t"})
_BOX = f"{W}txbxContent"
_NOT_PRINTED = frozenset(
    {
        *(f"{W}del", f"{W}moveFrom", f"{W}delText", f"{W}instrText", f"{W}delInstrText"),
        *(f"{W}pPr", f"{W}rPr", f"{W}rt"),  # marks of the paragraph; how to pronounce a word
        f"{_MC}Fallback",  # the second copy that a text box has for old readers
    }
)
_ADDRESS = re.compile(r'\s*HYPERLINK\s+(?:\\[a-z]\s+)*"([^"]+)"', re.IGNORECASE)


def printed(element: Element) -> bool:
    """Whether an element stands in what is printed, and in no text that is deleted."""
    return not any(parent.tag in _NOT_PRINTED for parent in element.iterancestors())


class Story:
    """A run of paragraphs and tables: the body, a header, one note, a box. Adds to `links`."""

    def __init__(
        self, part: str | None, related: dict[str, Relation], links: list[tuple[str, str]]
    ) -> None:
        self._part = part
        self._related = related
        self._links = links
        self._paragraph = 0
        self._table = 0
        self._box = 0

    def passages(self, root: Element) -> Iterator[Passage]:
        """Each paragraph that has text, each cell; the boxes that hang on a paragraph after it."""
        for element in root:
            if element.tag == f"{W}p":
                self._paragraph += 1
                text = self._read(element)
                if text:
                    yield Passage(text, Locator(part=self._part, paragraph=self._paragraph))
                yield from self._boxes(element)
            elif element.tag == f"{W}tbl":
                yield from self._rows(element)
            elif element.tag not in _NOT_PRINTED:
                yield from self.passages(element)

    def _within(self, part: str) -> str:
        return part if self._part is None else f"{self._part}, {part}"

    def _boxes(self, paragraph: Element) -> Iterator[Passage]:
        for box in _outermost(paragraph, _BOX):
            self._box += 1
            part = self._within(f"text box {self._box}")
            yield from Story(part, self._related, self._links).passages(box)

    def _rows(self, table: Element) -> Iterator[Passage]:
        self._table += 1
        part = self._within(f"table {self._table}")
        for number, row in enumerate(_outermost(table, f"{W}tr"), 1):
            column = 1 + _number(row.find(f"{W}trPr/{W}gridBefore"), 0)
            for cell in _outermost(row, f"{W}tc"):
                yield from self._cell(cell, part, cell_name(number, column))
                column += _number(cell.find(f"{W}tcPr/{W}gridSpan"), 1)

    def _cell(self, cell: Element, part: str, name: str) -> Iterator[Passage]:
        """A cell's paragraphs as one passage; then what stands in it apart, tables and boxes."""
        lines = [self._read(paragraph) for paragraph in _outermost(cell, f"{W}p", f"{W}tbl")]
        text = "\n".join(filter(None, lines))
        if text:
            yield Passage(text, Locator(part=part, cell=name))
        inner = Story(f"{part}, cell {name}", self._related, self._links)
        for element in _outermost(cell, f"{W}p", f"{W}tbl"):
            if element.tag == f"{W}p":
                yield from inner._boxes(element)
            else:
                yield from inner._rows(element)

    def _read(self, paragraph: Element) -> str:
        """The text of a paragraph, none of a table; its links are kept."""
        if paragraph.tag != f"{W}p":
            return ""
        runs: list[str] = []
        fields: list[tuple[list[str], int]] = []
        for element in _inline(paragraph):
            if element.tag == f"{W}fldChar":
                self._field(element.get(f"{W}fldCharType"), fields, runs)
            elif element.tag == f"{W}instrText":
                if fields:
                    fields[-1][0].append(element.text or "")
            elif element.tag in {f"{W}hyperlink", f"{W}fldSimple"}:
                self._link(self._address(element), _words(element))
            else:
                runs.append(_run(element))
        return "".join(runs).strip()

    def _field(
        self, kind: str | None, fields: list[tuple[list[str], int]], runs: list[str]
    ) -> None:
        if kind == "begin":
            fields.append(([], len(runs)))
        elif kind == "separate" and fields:
            fields[-1] = (fields[-1][0], len(runs))
        elif kind == "end" and fields:
            code, start = fields.pop()
            found = _ADDRESS.match("".join(code))
            self._link(found[1] if found else None, "".join(runs[start:]))

    def _address(self, element: Element) -> str | None:
        if element.tag == f"{W}fldSimple":
            found = _ADDRESS.match(element.get(f"{W}instr") or "")
            return found[1] if found else None
        relation = self._related.get(element.get(f"{R}id") or "")
        return relation.target if relation else None

    def _link(self, address: str | None, words: str) -> None:
        if address:
            self._links.append((address, words.strip()))


def _inline(element: Element) -> Iterator[Element]:
    """What a paragraph is made of, in order; neither deleted text nor boxes."""
    for child in element:
        if child.tag in {f"{W}hyperlink", f"{W}fldSimple", f"{W}instrText"}:
            yield child
        elif child.tag in _WORDS or child.tag in _MARKS or child.tag in {f"{W}sym", f"{W}fldChar"}:
            yield child
            continue
        if child.tag not in _NOT_PRINTED and child.tag != _BOX:
            yield from _inline(child)


def _words(element: Element) -> str:
    return "".join(_run(one) for one in _inline(element))


def _run(element: Element) -> str:
    if element.tag in _WORDS:
        text: str = element.text or ""
        return text
    if element.tag == f"{W}sym":
        code = element.get(f"{W}char") or ""
        return chr(int(code, 16)) if re.fullmatch("[0-9A-Fa-f]{4}", code) else ""
    return _MARKS.get(element.tag, "")


def _outermost(element: Element, *tags: str) -> Iterator[Element]:
    """Descendants of these names that stand in none of the others, nor in what is not printed."""
    for child in element:
        if child.tag in tags:
            yield child
        elif child.tag not in _NOT_PRINTED:
            yield from _outermost(child, *tags)


def _number(element: Element | None, otherwise: int) -> int:
    value = element.get(f"{W}val") if element is not None else None
    return min(int(value), 1000) if value and value.isdecimal() else otherwise
