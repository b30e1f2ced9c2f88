"""The passages of a text in which what was looked for stands, as they stand there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

from catalog.search.normal import Folded, pattern
from catalog.search.query import Term
from catalog.search.simplified import simplified
from catalog.text.extraction import Locator
from catalog.text.placed import PlacedText

SHOWN = 3
"""Passages shown of a text."""
_AROUND = 40
"""Characters shown on each side, where the passage has so many."""
_LOOKED_AT = 12
"""Finds of a term that are looked at in one text, for passages worth showing."""

_ASIDE = ("nav", "footer", "hidden")
"""Parts of a page (catalog.text.html)."""

Mark = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Characters of a text from one passage, `text[start:end]` of the whole."""

    at: Locator
    start: int
    end: int
    text: str
    marks: tuple[Mark, ...]
    """What was found, counted from the excerpt's beginning."""
    cut: tuple[bool, bool]
    """Whether the passage goes on before and after."""


def stands_in(raw: str, term: Term, *, fold: bool) -> bool:
    """Whether a term stands in a text."""
    return next(_finds(Folded(raw), term, fold=fold), None) is not None


def marks(raw: str, sought: Sequence[Term], *, fold: bool) -> tuple[Mark, ...]:
    """Where any of the terms stands in a text, without overlaps."""
    folded = Folded(raw)
    return _joined(mark for term in sought for mark in _finds(folded, term, fold=fold))


def excerpts(placed: PlacedText, sought: Sequence[Term], *, fold: bool) -> list[Excerpt]:
    """The first passages that show the terms, one of each term before a second of any; those that a
    page puts around its text (`_ASIDE`) only where there are no others.
    """
    folded = Folded(placed.text)
    finds = [islice(_finds(folded, term, fold=fold), _LOOKED_AT) for term in sought]
    in_turn = [mark for turn in zip_longest(*finds) for mark in turn if mark]
    shown: list[Excerpt] = []
    for mark in sorted(in_turn, key=lambda mark: _is_aside(placed, mark)):
        if len(shown) == SHOWN:
            break
        if not any(each.start <= mark[0] < each.end for each in shown):
            shown += islice(_around(placed, mark, sought, fold=fold), 1)
    return sorted(shown, key=lambda each: each.start)


def _finds(folded: Folded, term: Term, *, fold: bool) -> Iterator[Mark]:
    text = simplified(folded.text) if fold else folded.text
    for match in pattern(term.normal).finditer(text):
        yield folded.span(*match.span())


def _around(
    placed: PlacedText, mark: Mark, sought: Sequence[Term], *, fold: bool
) -> Iterator[Excerpt]:
    """What surrounds a find within each of the passages that it lies in."""
    for span in placed.spans(*mark):
        passage = placed.passage_at(span.start)
        assert passage is not None
        start = max(passage.start, span.start - _AROUND)
        end = min(passage.end, span.end + _AROUND)
        text = placed.text[start:end]
        found = (span.start - start, span.end - start)
        yield Excerpt(
            at=span.at,
            start=start,
            end=end,
            text=text,
            marks=_joined((found, *marks(text, sought, fold=fold))),
            cut=(start > passage.start, end < passage.end),
        )


def _is_aside(placed: PlacedText, mark: Mark) -> bool:
    passage = placed.passage_at(mark[0])
    return passage is not None and (passage.at.part or "").startswith(_ASIDE)


def _joined(found: Iterable[Mark]) -> tuple[Mark, ...]:
    joined: list[Mark] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
