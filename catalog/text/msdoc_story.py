"""Paragraphs, cells and fields out of the characters of a Word document ([MS-DOC] 2.4, 2.8.25)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from catalog.text.extraction import Locator, Passage
from catalog.text.tables import cell_name

PARAGRAPH, PAGE_BREAK, CELL = 0x0D, 0x0C, 0x07
FIELD, RESULT, FIELD_END = 0x13, 0x14, 0x15
DEPTH = 32
"""Fields within fields; Word itself writes a few."""
_KEPT = {0x09: "\t", 0x0A: "\n", 0x0B: "\n", 0x0E: "\n", 0x1E: "-"}
"""Tab, line and column breaks, and the hyphen that does not break; other controls stand for pictures,
notes and hyphens that are shown only at the end of a line."""
_ADDRESS = re.compile(r'\s*HYPERLINK\s+(?:\\[a-z]\s+)*"([^"]+)"', re.IGNORECASE)


class Span(NamedTuple):
    """From one position up to, not including, another."""

    start: int
    end: int


class Marks:
    """Which positions have a property."""

    def __init__(self, length: int, spans: Iterable[Span] = ()) -> None:
        self._flags = bytearray(length)
        for start, end in spans:
            self._flags[start:end] = b"\x01" * (min(end, length) - min(start, length))

    def __getitem__(self, position: int) -> bool:
        return bool(self._flags[position])


@dataclass(slots=True)
class Characters:
    """UTF-16 units of all stories, and what is known of them."""

    units: Sequence[int]
    hidden: Marks
    """Deleted by a tracked change, or in the place of a symbol."""
    in_table: Marks
    row_end: Marks


@dataclass(slots=True)
class _Field:
    instruction: list[int] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    has_result: bool = False


class Reader:
    """Reads stories one after the other; collects the links of all."""

    def __init__(self, characters: Characters) -> None:
        self._characters = characters
        self.links: list[tuple[str, str]] = []

    def passages(self, span: Span, part: str | None = None) -> Iterator[Passage]:
        """The paragraphs and cells of a span. Fields give what they last showed, never their code."""
        marks = self._characters
        table = _Table(part)
        paragraph = 0
        for end, text in self._paragraphs(span):
            is_cell_end = marks.units[end] == CELL if end < span.end else False
            if is_cell_end and marks.row_end[end]:
                table.end_row()
            elif is_cell_end or (end < span.end and marks.in_table[end]):
                table.lines.append(text)
                if is_cell_end:
                    yield from table.end_cell()
            else:
                table.end()
                paragraph += 1
                if text:
                    yield Passage(text, Locator(part=part, paragraph=paragraph))

    def _paragraphs(self, span: Span) -> Iterator[tuple[int, str]]:
        """Each paragraph with the position of the mark that ends it."""
        marks, fields, shown = self._characters, list[_Field](), list[int]()
        for position in range(span.start, span.end):
            unit = marks.units[position]
            if unit in {PARAGRAPH, PAGE_BREAK, CELL}:
                yield position, _text(shown)
                shown = []
            elif unit == FIELD:
                if len(fields) == DEPTH:
                    raise ValueError(f"fields within fields, deeper than {DEPTH}")
                fields.append(_Field())
            elif unit == RESULT and fields:
                fields[-1].has_result = True
            elif unit == FIELD_END and fields:
                self._link(fields.pop())
            elif not marks.hidden[position]:
                self._show(unit, fields, shown)
        if shown:
            yield span.end, _text(shown)

    def _show(self, unit: int, fields: list[_Field], shown: list[int]) -> None:
        asked = next((one for one in reversed(fields) if not one.has_result), None)
        if asked is not None:
            asked.instruction.append(unit)
            return
        shown.append(unit)
        for one in fields:
            one.words.append(unit)

    def _link(self, ended: _Field) -> None:
        found = _ADDRESS.match(_text(ended.instruction))
        if found:
            self.links.append((found[1], _text(ended.words)))


class _Table:
    """The table that is being read, if one is; they are counted in each story."""

    def __init__(self, part: str | None) -> None:
        self._part = part
        self._number = 0
        self._is_open = False
        self._row, self._column = 1, 1
        self.lines: list[str] = []

    def end_cell(self) -> Iterator[Passage]:
        if not self._is_open:
            self._number += 1
            self._is_open = True
        text = "\n".join(filter(None, self.lines))
        self.lines = []
        if text:
            name = f"table {self._number}"
            part = f"{self._part}, {name}" if self._part else name
            yield Passage(text, Locator(part=part, cell=cell_name(self._row, self._column)))
        self._column += 1

    def end_row(self) -> None:
        self.lines = []
        self._row, self._column = self._row + 1, 1

    def end(self) -> None:
        self._is_open = False
        self._row, self._column = 1, 1


def _text(units: list[int]) -> str:
    kept = "".join(_KEPT.get(unit, chr(unit) if unit >= 0x20 else "") for unit in units)
    return kept.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").strip()
