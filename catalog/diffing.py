"""What differs between two texts: passage by passage, then character by character for Chinese, and
word by word, number by number elsewhere.

A change of 20 to 25 is told as that, not as a 0 that became a 5. Cells of tables are compared by
their names, so a row put in moves nothing but what it moved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from fast_diff_match_patch import diff

from catalog.text.extraction import JOINT, Locator
from catalog.text.normal import normal
from catalog.text.placed import PlacedText

_TOKEN = re.compile(
    r"\d+(?:[.,]\d+)*|[^\W\d_\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+|.",
    re.DOTALL,
)
"""Numbers and words of scripts that part them; any other character by itself."""
SECONDS = 5.0
"""For one comparison; what is not done by then is told as taken out and put in as a whole."""
_FIRST = 0x100
"""Code points from here on stand for tokens; surrogates are left out."""
_SURROGATES = range(0xD800, 0xE000)

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


def compare(first: PlacedText, second: PlacedText, *, same_bytes: bool = False) -> Difference:
    """The difference of two texts."""
    if same_bytes:
        return Difference("same bytes")
    changes = tuple(_changes(first, second))
    if not changes:
        return Difference("same text")
    same = normal(first.text) == normal(second.text)
    return Difference("only what changes by itself" if same else "other text", changes)


def runs(first: str, second: str) -> tuple[Run, ...]:
    """Two short texts against each other."""
    one, two = _TOKEN.findall(first), _TOKEN.findall(second)
    found: list[Run] = []
    for op, tokens in _aligned(one, two):
        found.append(Run(op, "".join(tokens)))
    return tuple(found)


def tokens(text: str) -> Iterator[tuple[int, str]]:
    """The words, numbers and other characters of a text, each with its place."""
    for match in _TOKEN.finditer(text):
        yield match.start(), match.group()


def _changes(first: PlacedText, second: PlacedText) -> Iterator[Change]:
    ours, theirs = list(_passages(first)), list(_passages(second))
    cells = _cells(ours), _cells(theirs)
    if all(cells):
        yield from _cell_changes(*cells)
        ours = [one for one in ours if _cell(one[1]) is None]
        theirs = [one for one in theirs if _cell(one[1]) is None]
    yield from _passage_changes(ours, theirs)


_Passage = tuple[str, Locator]


def _passages(text: PlacedText) -> Iterator[_Passage]:
    start = 0
    for length, at in text.passages:
        yield text.text[start : start + length], at
        start += length + len(JOINT)


def _cell(at: Locator) -> tuple[str | None, ...] | None:
    return (at.member, at.sheet, at.part, at.cell) if at.cell else None


def _cells(passages: Iterable[_Passage]) -> dict[tuple[str | None, ...], _Passage]:
    return {cell: (text, at) for text, at in passages if (cell := _cell(at))}


def _cell_changes(
    first: dict[tuple[str | None, ...], _Passage], second: dict[tuple[str | None, ...], _Passage]
) -> Iterator[Change]:
    for cell in dict.fromkeys((*first, *second)):
        before, after = first.get(cell), second.get(cell)
        old, new = (before[0] if before else ""), (after[0] if after else "")
        if old != new:
            yield Change(before[1] if before else None, after[1] if after else None, runs(old, new))


def _passage_changes(first: list[_Passage], second: list[_Passage]) -> Iterator[Change]:
    """Passages that stand in one text alone, those next to each other compared within."""
    before: list[_Passage] = []
    after: list[_Passage] = []
    ours, theirs = iter(first), iter(second)
    texts = [text for text, _ in first], [text for text, _ in second]
    for op, group in _aligned(*texts):
        if op == "=":
            yield from _change(before, after)
            before, after = [], []
            for _ in group:
                next(ours), next(theirs)
        elif op == "-":
            before += islice(ours, len(group))
        else:
            after += islice(theirs, len(group))
    yield from _change(before, after)


def _change(before: list[_Passage], after: list[_Passage]) -> Iterator[Change]:
    if not before and not after:
        return
    old, new = (JOINT.join(text for text, _ in side) for side in (before, after))
    if old != new:
        yield Change(
            before[0][1] if before else None, after[0][1] if after else None, runs(old, new)
        )


def _aligned(first: Sequence[str], second: Sequence[str]) -> Iterator[tuple[Op, Sequence[str]]]:
    """Two sequences against each other: each distinct item stands for one character of a text."""
    names: dict[str, str] = {}
    one, two = ("".join(_name(names, item) for item in side) for side in (first, second))
    at = [0, 0]
    for op, length in diff(one, two, timelimit=SECONDS, checklines=False, cleanup="No"):
        side = 1 if op == "+" else 0
        yield op, (second if side else first)[at[side] : at[side] + length]
        at[side] += length
        if op == "=":
            at[1] += length


def _name(names: dict[str, str], item: str) -> str:
    if item not in names:
        point = _FIRST + len(names)
        names[item] = chr(point if point < _SURROGATES.start else point + len(_SURROGATES))
    return names[item]
