"""What differs between two texts: passage by passage, then character by character for Chinese, and
word by word, number by number elsewhere.

A change of 20 to 25 is told as that, not as a 0 that became a 5. Tables are compared row by row and
then cell by cell, so a row put in is told as that and does not make every later cell another one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest

from fast_diff_match_patch import diff

from catalog.text.extraction import JOINT, Locator
from catalog.text.normal import normal
from catalog.text.placed import PlacedText

_TOKEN = re.compile(
    r"\d+(?:[.,]\d+)*|[^\W\d_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+|.",
    re.DOTALL,
)
"""Numbers and words of scripts that part them; any other character by itself."""
_ROW = re.compile(r"\d+$")
SECONDS = 5.0
"""For one comparison; what is not done by then is told as taken out and put in as a whole."""
PAIRS = 10_000
"""Pairs of rows that are weighed against each other; of more, the rows are paired in their order."""
_FIRST = 0x100
"""Code points from here on stand for tokens; surrogates are left out."""
_SURROGATES = range(0xD800, 0xE000)
_NAMES = 0x110000 - _FIRST - len(_SURROGATES)

Op = str
"""`=`, `-` for what is only in the first, `+` for what is only in the second."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text that is in both, or in one alone."""

    op: Op
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """Passages that differ, with where they stand in the first and in the second text."""

    before: Locator | None
    after: Locator | None
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Difference:
    """How two contents differ."""

    kind: str
    """`same bytes`, `same text`, `only what changes by itself` or `other text`."""
    changes: tuple[Change, ...] = ()
    coarse: bool = False
    """Whether there was more to compare than the time allowed: the changes are right, and larger than
    they need be."""


_Passage = tuple[str, Locator]
_Unit = tuple[_Passage, ...]
"""What is compared as one: a passage, or the cells of a row."""


def compare(first: PlacedText, second: PlacedText, *, same_bytes: bool = False) -> Difference:
    """The difference of two texts."""
    if same_bytes:
        return Difference("same bytes")
    if first.text == second.text:
        return Difference("same text")
    comparison = _Comparison()
    changes = tuple(comparison.changes(first, second))
    if not changes:  # the same words in cells and passages parted otherwise
        return Difference("same text")
    same = normal(first.text) == normal(second.text)
    kind = "only what changes by itself" if same else "other text"
    return Difference(kind, changes, coarse=comparison.coarse)


def runs(first: str, second: str) -> tuple[Run, ...]:
    """Two short texts against each other."""
    return _Comparison().runs(first, second)


def tokens(text: str) -> Iterator[tuple[int, str]]:
    """The words, numbers and other characters of a text, each with its place."""
    for match in _TOKEN.finditer(text):
        yield match.start(), match.group()


class _Comparison:
    """One comparison, with the time that it may still take."""

    def __init__(self) -> None:
        self._left = SECONDS
        self.coarse = False

    def changes(self, first: PlacedText, second: PlacedText) -> Iterator[Change]:
        ours, theirs = (list(_units(text)) for text in (first, second))
        for before, after in self._blocks(ours, theirs):
            tables, prose = ([_of_kind(side, cells) for side in (before, after)] for cells in (True, False))  # fmt: skip
            yield from self._prose(*prose)
            for row, other in _paired(*tables):
                yield from self._row(row, other)

    def runs(self, first: str, second: str) -> tuple[Run, ...]:
        one, two = _TOKEN.findall(first), _TOKEN.findall(second)
        return tuple(_readable(self._aligned(one, two)))

    def _blocks(
        self, first: list[_Unit], second: list[_Unit]
    ) -> Iterator[tuple[list[_Unit], list[_Unit]]]:
        """Neighbouring units that stand in one text alone: those of the first, those of the second."""
        at = [0, 0]
        block: tuple[list[_Unit], list[_Unit]] = ([], [])
        for op, group in self._aligned([*map(_words, first)], [*map(_words, second)]):
            size = len(group)
            if op == "=":
                if any(block):
                    yield block
                block = ([], [])
                at = [at[0] + size, at[1] + size]
                continue
            side = 0 if op == "-" else 1
            block[side].extend((first, second)[side][at[side] : at[side] + size])
            at[side] += size
        if any(block):
            yield block

    def _prose(self, before: list[_Unit], after: list[_Unit]) -> Iterator[Change]:
        old, new = (JOINT.join(map(_words, side)) for side in (before, after))
        if old != new:
            yield Change(_at(before), _at(after), self.runs(old, new))

    def _row(self, before: _Unit | None, after: _Unit | None) -> Iterator[Change]:
        """The cells of a row that became others; a row of one text alone is one change."""
        if before is None or after is None:
            op, row = ("-", before) if before else ("+", after)
            place = row[0][1] if row else None
            run = Run(op, "\t".join(text for text, _ in row or ()))
            yield Change(place, None, (run,)) if before else Change(None, place, (run,))
            return
        for old, new in self._cells(before, after):
            words = old[0] if old else "", new[0] if new else ""
            yield Change(old[1] if old else None, new[1] if new else None, self.runs(*words))

    def _cells(
        self, before: _Unit, after: _Unit
    ) -> Iterator[tuple[_Passage | None, _Passage | None]]:
        ours: list[_Unit] = [(cell,) for cell in before]
        theirs: list[_Unit] = [(cell,) for cell in after]
        for old, new in self._blocks(ours, theirs):
            for one, other in zip_longest(old, new):
                yield (one[0] if one else None), (other[0] if other else None)

    def _aligned(
        self, first: Sequence[str], second: Sequence[str]
    ) -> Iterator[tuple[Op, Sequence[str]]]:
        """Two sequences against each other: each distinct item stands for one character of a text."""
        names: dict[str, str] = {}
        began = time.monotonic()
        if self._left > 0 and len({*first, *second}) <= _NAMES:
            one, two = ("".join([_name(names, item) for item in side]) for side in (first, second))
            found = diff(one, two, timelimit=self._left, checklines=False, cleanup="No")
        else:
            found = [("-", len(first)), ("+", len(second))] if first != second else [("=", len(first))]  # fmt: skip
            self.coarse = True
        self._left -= time.monotonic() - began
        self.coarse |= self._left <= 0
        at = [0, 0]
        for op, length in found:
            side = 1 if op == "+" else 0
            yield op, (second if side else first)[at[side] : at[side] + length]
            at[side] += length
            if op == "=":
                at[1] += length


def _units(text: PlacedText) -> Iterator[_Unit]:
    for row, passages in groupby(_passages(text), key=lambda passage: _row_of(passage[1])):
        if row is None:
            yield from ((passage,) for passage in passages)
        else:
            yield tuple(passages)


def _passages(text: PlacedText) -> Iterator[_Passage]:
    start = 0
    for length, at in text.passages:
        yield text.text[start : start + length], at
        start += length + len(JOINT)


def _row_of(at: Locator) -> tuple[object, ...] | None:
    """What the cells of one row have in common."""
    row = _ROW.search(at.cell) if at.cell else None
    return (at.member, at.page, at.sheet, at.part, row.group()) if row else None


def _of_kind(units: Iterable[_Unit], cells: bool) -> list[_Unit]:
    return [unit for unit in units if (unit[0][1].cell is not None) is cells]


def _words(unit: _Unit) -> str:
    return "\t".join(text for text, _ in unit)


def _at(units: list[_Unit]) -> Locator | None:
    return units[0][0][1] if units else None


def _paired(first: list[_Unit], second: list[_Unit]) -> Iterator[tuple[_Unit | None, _Unit | None]]:
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


def _weight(row: _Unit, other: _Unit) -> int:
    return 1 + 2 * len({text for text, _ in row} & {text for text, _ in other})


def _readable(found: Iterable[tuple[Op, Sequence[str]]]) -> Iterator[Run]:
    """Runs for a person: what two edits have between them joins them where it is less than either.

    One sign in common is no sign that a passage stayed: without this, two sentences that share
    nothing but their spaces would be told word by word. Each equal run is looked at once, and again
    only where the edit before it grew, so this takes as long as the runs are many.
    """
    kept: list[tuple[list[str], list[str], list[str]]] = [([], [], [])]
    """What is equal, then what was taken out there, and what was put in."""
    for op, tokens_ in found:
        if op == "=" and (kept[-1][1] or kept[-1][2]):
            _join(kept)
            kept.append(([], [], []))
        kept[-1]["=-+".index(op)].extend(tokens_)
    _join(kept)
    for equal, taken, put in kept:
        for op, tokens_ in (("=", equal), ("-", taken), ("+", put)):
            if tokens_:
                yield Run(op, "".join(tokens_))


def _join(kept: list[tuple[list[str], list[str], list[str]]]) -> None:
    while len(kept) > 1:
        _, *before = kept[-2]
        equal, *after = kept[-1]
        said = sum(token.isalnum() for token in equal)
        if not all(said < max(map(len, edit)) for edit in (before, after)):
            return
        for old, new in zip(before, after, strict=True):
            old += [*equal, *new]
        kept.pop()


def _name(names: dict[str, str], item: str) -> str:
    if item not in names:
        point = _FIRST + len(names)
        names[item] = chr(point if point < _SURROGATES.start else point + len(_SURROGATES))
    return names[item]
