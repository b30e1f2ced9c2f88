"""What is compared as one: a passage of a text, or a row of one of its tables; and which rows became
each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby, zip_longest

from catalog.text.extraction import JOINT, Locator
from catalog.text.placed import PlacedText

_ROW = re.compile(r"\d+$")
PAIRS = 10_000
"""Pairs of rows that are weighed against each other; of more, the rows are paired in their order."""

Placed = tuple[str, Locator]
Unit = tuple[Placed, ...]
"""What is compared as one: a passage, or the cells of a row."""


def units(text: PlacedText) -> Iterator[Unit]:
    """The passages of a text in their order, the cells of a row together."""
    for row, passages in groupby(_passages(text), key=lambda passage: _row_of(passage[1])):
        if row is None:
            yield from ((passage,) for passage in passages)
        else:
            yield tuple(passages)


def _passages(text: PlacedText) -> Iterator[Placed]:
    start = 0
    for length, at in text.passages:
        yield text.text[start : start + length], at
        start += length + len(JOINT)


def _row_of(at: Locator) -> tuple[object, ...] | None:
    """What the cells of one row have in common."""
    row = _ROW.search(at.cell) if at.cell else None
    return (at.member, at.page, at.sheet, at.part, row.group()) if row else None


def of_kind(among: Iterable[Unit], *, cells: bool) -> list[Unit]:
    """Those that are rows, or those that are not."""
    return [unit for unit in among if (unit[0][1].cell is not None) is cells]


def words(unit: Unit) -> str:
    """What a unit says."""
    return "\t".join(text for text, _ in unit)


def place_of(among: list[Unit]) -> Locator | None:
    """Where the first of them stands."""
    return among[0][0][1] if among else None


def paired(first: list[Unit], second: list[Unit]) -> Iterator[tuple[Unit | None, Unit | None]]:
    """Rows that became each other: in their order, and so that most of their cells are the same."""
    if len(first) == len(second) or len(first) * len(second) > PAIRS or not first or not second:
        yield from zip_longest(first, second)
        return
    # best[i][j]: of the rows from first[i] and second[j] on, the equal cells of the best pairing;
    # a pair of rows counts for itself too, so that as many as possible are paired.
    best = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i in reversed(range(len(first))):
        for j in reversed(range(len(second))):
            pair = best[i + 1][j + 1] + _weight(first[i], second[j])
            best[i][j] = max(pair, best[i + 1][j], best[i][j + 1])
    i = j = 0
    while i < len(first) and j < len(second):
        if best[i][j] == best[i + 1][j + 1] + _weight(first[i], second[j]):
            yield first[i], second[j]
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            yield first[i], None
            i += 1
        else:
            yield None, second[j]
            j += 1
    yield from ((row, None) for row in first[i:])
    yield from ((None, row) for row in second[j:])


def _weight(row: Unit, other: Unit) -> int:
    return 1 + 2 * len({text for text, _ in row} & {text for text, _ in other})
