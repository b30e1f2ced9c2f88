"""The paragraphs and cells of one story of an RTF file."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.text.extraction import Locator, Passage
from catalog.text.tables import cell_name


class Story:
    """Takes characters and marks one by one; then has the passages."""

    def __init__(self, part: str | None) -> None:
        self.part = part
        self._found: list[Passage] = []
        self._characters: list[str] = []
        self._lines: list[str] = []
        self._paragraph = 0
        self._table = 0
        self._row = 0
        """Of the table that is being read, from 1; 0 outside of tables."""
        self._column = 1
        self.in_table = False
        """Whether the paragraph is of a cell, so that its end is none of the cell's."""

    def passages(self) -> Iterator[Passage]:
        yield from self._found

    def put(self, text: str) -> None:
        self._characters.append(text)

    def _text(self) -> str:
        text = "".join(self._characters)
        self._characters = []
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").strip()

    def end_line(self) -> None:
        """End a paragraph within a cell."""
        self._lines.append(self._text())

    def end_paragraph(self) -> None:
        if self.in_table:
            self.end_line()
            return
        self._row, self._column = 0, 1
        self._paragraph += 1
        text = self._text()
        if text:
            self._found.append(Passage(text, Locator(part=self.part, paragraph=self._paragraph)))

    def end_cell(self) -> None:
        self.end_line()
        if not self._row:
            self._table += 1
            self._row = 1
        text = "\n".join(filter(None, self._lines))
        self._lines = []
        if text:
            name = f"table {self._table}"
            part = name if self.part is None else f"{self.part}, {name}"
            cell = cell_name(self._row, self._column)
            self._found.append(Passage(text, Locator(part=part, cell=cell)))
        self._column += 1

    def end_row(self) -> None:
        self._row, self._column = self._row + 1, 1
