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
from itertools import zip_longest

from fast_diff_match_patch import diff

from catalog.diff_units import Placed, Unit, of_kind, paired, place_of, units, words
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
_NAMES = 0x110000 - _FIRST - len(_SURROGATES)

Op = str
"""`=`, `-` for what is only in the first, `+` for what is only in the second."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text that is in both, or in one alone."""

    op: Op
    text: str


MARKS = {"=": ("", ""), "-": ("[-", "-]"), "+": ("{+", "+}")}
"""What opens and closes a run where no colour can tell it."""


def marked(runs: Iterable[Run]) -> str:
    """The text of runs, `[-what the first has-]` and `{+what the second has+}` told apart."""
    return "".join(f"{MARKS[run.op][0]}{run.text}{MARKS[run.op][1]}" for run in runs)


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
        ours, theirs = (list(units(text)) for text in (first, second))
        for before, after in self._blocks(ours, theirs):
            yield from self._prose(of_kind(before, cells=False), of_kind(after, cells=False))
            for row, other in paired(of_kind(before, cells=True), of_kind(after, cells=True)):
                yield from self._row(row, other)

    def runs(self, first: str, second: str) -> tuple[Run, ...]:
        one, two = _TOKEN.findall(first), _TOKEN.findall(second)
        return tuple(_readable(self._aligned(one, two)))

    def _blocks(
        self, first: list[Unit], second: list[Unit]
    ) -> Iterator[tuple[list[Unit], list[Unit]]]:
        """Neighbouring units that stand in one text alone: those of the first, those of the second."""
        at = [0, 0]
        block: tuple[list[Unit], list[Unit]] = ([], [])
        for op, group in self._aligned([*map(words, first)], [*map(words, second)]):
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

    def _prose(self, before: list[Unit], after: list[Unit]) -> Iterator[Change]:
        old, new = (JOINT.join(map(words, side)) for side in (before, after))
        if old != new:
            yield Change(place_of(before), place_of(after), self.runs(old, new))

    def _row(self, before: Unit | None, after: Unit | None) -> Iterator[Change]:
        """The cells of a row that became others; a row of one text alone is one change."""
        if before is None or after is None:
            op, row = ("-", before) if before else ("+", after)
            place = row[0][1] if row else None
            run = Run(op, "\t".join(text for text, _ in row or ()))
            yield Change(place, None, (run,)) if before else Change(None, place, (run,))
            return
        for old, new in self._cells(before, after):
            told = self.runs(old[0] if old else "", new[0] if new else "")
            yield Change(old[1] if old else None, new[1] if new else None, told)

    def _cells(self, before: Unit, after: Unit) -> Iterator[tuple[Placed | None, Placed | None]]:
        ours: list[Unit] = [(cell,) for cell in before]
        theirs: list[Unit] = [(cell,) for cell in after]
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
