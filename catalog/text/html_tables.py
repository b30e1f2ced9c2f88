"""Cells of tables: where each stands, and whether a table is one of data or only lays out a page."""

from __future__ import annotations

from dataclasses import dataclass, field

from catalog.text.tables import cell_name

WIDEST = 1_000
"""Columns that get names; and how many rows or columns one cell may span."""


@dataclass
class Table:
    """A table as its cells come in, row by row (HTML, 4.9.12)."""

    holds_table: bool = False
    rows: int = 0
    columns: int = 0
    _column: int = 0
    _taken: dict[int, int] = field(default_factory=dict)
    """By column, the last row that a cell from above reaches into."""

    @property
    def is_data(self) -> bool:
        """Tables that hold others lay out a page, and so do those of one row or one column."""
        return not self.holds_table and self.rows > 1 and self.columns > 1

    def row(self) -> None:
        self.rows += 1
        self._column = 0

    def cell(self, colspan: str | None, rowspan: str | None) -> str | None:
        """The name of the next cell, as `B3`; `None` beyond `WIDEST` columns."""
        while self._taken.get(self._column, 0) >= self.rows:
            self._column += 1
        first = self._column
        if first >= WIDEST:
            return None
        until = self.rows + _span(rowspan) - 1
        self._column = min(first + _span(colspan), WIDEST)
        if until > self.rows:
            self._taken.update(dict.fromkeys(range(first, self._column), until))
        self.columns = max(self.columns, self._column)
        return cell_name(max(self.rows, 1), first + 1)


def _span(told: str | None) -> int:
    digits = (told or "").strip()[:4]
    return max(min(int(digits), WIDEST), 1) if digits.isascii() and digits.isdigit() else 1
