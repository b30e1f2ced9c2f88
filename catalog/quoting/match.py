"""Finding a quotation in a text: exactly, under the declared normalisation, at every place."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from catalog.quoting.normal import HAN, HYPHENS, RECIPE, Normalised, normalise
from catalog.quoting.segments import WIDEST, Segment, segments, unmarked
from catalog.text.placed import PlacedText

Span = tuple[int, int]
"""Characters of a text, from and up to."""
AROUND = 32
"""Characters of prefix and suffix (W3C Web Annotation, 4.2.4)."""
_LETTER = re.compile(rf"(?![{HAN}])[^\W_]")
"""Of a script that puts spaces between words; a digit too."""
UNSEEN = frozenset({"invisible text", "outside the page"})
"""Parts of a PDF that are in its text and not on its pages (catalog.text.pdf_page)."""
MOST = 100
"""Places that are told of; of a quotation of one word there may be thousands."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a quotation stands in the raw text: the whole of it, and each of its parts."""

    start: int
    end: int
    parts: tuple[tuple[int, int], ...]

    def selectors(self, text: str) -> list[dict[str, object]]:
        """The W3C's TextQuoteSelector and TextPositionSelector of the whole."""
        return [
            {
                "type": "TextQuoteSelector",
                "exact": text[self.start : self.end],
                "prefix": text[max(self.start - AROUND, 0) : self.start],
                "suffix": text[self.end : self.end + AROUND],
            },
            {"type": "TextPositionSelector", "start": self.start, "end": self.end},
        ]


def cut_words(text: str, place: Place) -> list[str]:
    """The words of a text that a place begins or ends inside of: `unlawful` for `lawful`."""
    words = []
    for edge in (place.start, place.end):
        if 0 < edge < len(text) and _LETTER.match(text, edge - 1) and _LETTER.match(text, edge):
            start = end = edge
            while start > 0 and _LETTER.match(text, start - 1):
                start -= 1
            while end < len(text) and _LETTER.match(text, end):
                end += 1
            words.append(text[start:end])
    return list(dict.fromkeys(words))


@dataclass(frozen=True)
class Quote:
    """A quotation, ready to be looked for."""

    raw: str

    @cached_property
    def whole(self) -> str:
        """Normalised, as it stands between its quotation marks."""
        return normalise(unmarked(self.raw)).text

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        return tuple(segments(unmarked(self.raw)))

    @property
    def has_words(self) -> bool:
        """Whether there is anything in it but marks."""
        return any(character.isalnum() for character in self.whole)

    @property
    def is_divided(self) -> bool:
        """Whether it says that something is left out or put in."""
        return [segment.text for segment in self.segments] != [self.whole]


@dataclass(frozen=True, slots=True)
class Match:
    """Where a quotation was found, and under which recipe."""

    places: tuple[Place, ...]
    recipe: str
    declared: bool
    """Whether it was found part by part, with what it declares to leave out or put in."""


class Searched:
    """A text that quotations are looked for in. `unseen` are its stretches that no reader sees."""

    def __init__(self, text: str, unseen: Sequence[tuple[int, int]] = ()) -> None:
        self.text = text
        self._unseen = unseen

    @classmethod
    def of(cls, placed: PlacedText) -> Searched:
        """A text by its passages: a scanner's letters behind the image of a page are unseen."""
        spans = placed.spans(0, len(placed.text))
        return cls(placed.text, [(s.start, s.end) for s in spans if s.at.part in UNSEEN])

    def is_seen(self, place: Place) -> bool:
        """Whether a reader sees the whole of what stands at a place."""
        return not any(
            start < end_ and begin < end
            for begin, end_ in self._unseen
            for start, end in place.parts
        )

    @cached_property
    def normalised(self) -> Normalised:
        return normalise(self.text)

    @cached_property
    def joined(self) -> Normalised:
        """With the words joined that are divided at the ends of lines."""
        return normalise(self.text, hyphens=True)

    def find(self, quote: Quote) -> Match | None:
        """Every place of a quotation; `None` where it does not stand in the text.

        As it is first; then with words joined that line ends divide; then part by part.
        """
        if not quote.whole:
            return None
        for declared in (False, True):
            parts = quote.segments if declared else (Segment(quote.whole, "start"),)
            if declared and (not quote.is_divided or not parts):
                return None
            for recipe, text in ((RECIPE, self.normalised), (HYPHENS, self.joined)):
                places = tuple(_places(text, parts))
                if places:
                    return Match(places, recipe, declared)
        return None


def _places(text: Normalised, parts: Sequence[Segment]) -> Iterator[Place]:
    found = [list(_all(part.text, text.text)) for part in parts]
    nexts = _nexts(found, [WIDEST[part.after] for part in parts[1:]])
    chains = [_chain(first, found, nexts) for first in nexts[0]]
    # Of chains that go on alike the last one is the tightest.
    tightest = {tuple(chain[1:]) or chain[0]: chain for chain in chains}
    for chain in islice(tightest.values(), MOST):
        spans = tuple(text.raw(start, end) for start, end in chain)
        yield Place(spans[0][0], spans[-1][1], spans)


def _all(part: str, text: str) -> Iterator[Span]:
    at = text.find(part)
    while at >= 0:
        yield at, at + len(part)
        at = text.find(part, at + 1)


def _nexts(found: Sequence[list[Span]], reaches: Sequence[int]) -> list[dict[int, int]]:
    """For each part the numbers of its places from which all later parts are within reach, each with
    the number of the nearest place of the next part.
    """
    ways = [dict.fromkeys(range(len(found[-1])), -1)]
    for number in reversed(range(len(found) - 1)):
        numbers = list(ways[0])
        later = [found[number + 1][other][0] for other in numbers]
        way = {}
        for place, (_, end) in enumerate(found[number]):
            at = bisect_left(later, end)
            if at < len(later) and later[at] <= end + reaches[number]:
                way[place] = numbers[at]
        ways.insert(0, way)
    return ways


def _chain(first: int, found: Sequence[list[Span]], nexts: Sequence[dict[int, int]]) -> list[Span]:
    chain, place = [], first
    for spans, way in zip(found, nexts, strict=True):
        chain.append(spans[place])
        place = way[place]
    return chain
