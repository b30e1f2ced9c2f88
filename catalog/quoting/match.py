"""Finding a quotation in a text: exactly, under the declared normalisation, at every place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from catalog.quoting.normal import HYPHENS, RECIPE, Normalised, normalise
from catalog.quoting.segments import WIDEST, Segment, segments, unmarked

AROUND = 32
"""Characters of prefix and suffix (W3C Web Annotation, 4.2.4)."""
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
    """A text that quotations are looked for in."""

    def __init__(self, text: str) -> None:
        self.text = text

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
    begin, count = 0, 0
    while count < MOST:
        found = _chain(text.text, parts, begin)
        if found is None:
            return
        spans = tuple(text.raw(start, end) for start, end in found)
        yield Place(spans[0][0], spans[-1][1], spans)
        begin, count = found[0][0] + 1, count + 1


def _chain(text: str, parts: Sequence[Segment], begin: int) -> list[tuple[int, int]] | None:
    """The first place at or after `begin` where all parts follow one another within reach."""
    first, *others = parts
    while (start := text.find(first.text, begin)) >= 0:
        found = [(start, start + len(first.text))]
        for part in others:
            end = found[-1][1]
            at = text.find(part.text, end, end + WIDEST[part.after] + len(part.text))
            if at < 0:
                break
            found.append((at, at + len(part.text)))
        else:
            return found
        begin = start + 1
    return None
