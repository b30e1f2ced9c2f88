"""Names of cells, as spreadsheets write them."""

from __future__ import annotations


def cell_name(row: int, column: int) -> str:
    """`B3` for the third row and the second column, both counted from 1."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"
