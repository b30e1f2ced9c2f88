"""A text with its places, as the catalog keeps it: which passage a character belongs to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

from catalog.text.extraction import JOINT, Locator, Passage


class Span(NamedTuple):
    """Characters of a text that lie in one passage: from `start` up to and without `end`."""

    start: int
    end: int
    at: Locator


@dataclass(frozen=True)
class PlacedText:
    """The whole text of a file, and the length and locator of each of its passages, in order."""

    text: str
    passages: tuple[tuple[int, Locator], ...]

    @classmethod
    def of(cls, passages: Iterable[Passage]) -> PlacedText:
        told = tuple(passages)
        text = JOINT.join(passage.text for passage in told)
        return cls(text, tuple((len(passage.text), passage.at) for passage in told))

    @classmethod
    def from_json(cls, text: str, told: list[Any]) -> PlacedText:
        """The passages of `to_json` over their text again."""
        return cls(text, tuple((length, Locator.from_json(at)) for length, at in told))

    def to_json(self) -> list[Any]:
        return [[length, at.to_json()] for length, at in self.passages]

    def without(self, parts: Container[str | None]) -> str:
        """The text without the passages of these parts, as what leads around a page."""
        if all(at.part not in parts for _, at in self.passages):
            return self.text
        placed = zip(self._starts, self.passages, strict=True)
        return JOINT.join(
            self.text[start : start + length]
            for start, (length, at) in placed
            if at.part not in parts
        )

    @cached_property
    def _starts(self) -> list[int]:
        return list(accumulate((n + len(JOINT) for n, _ in self.passages), initial=0))[:-1]

    def spans(self, start: int, end: int) -> Iterator[Span]:
        """The parts of `text[start:end]` by passage; line ends between passages are in none."""
        for place in range(max(bisect_right(self._starts, start) - 1, 0), len(self.passages)):
            begun = self._starts[place]
            if begun >= end:
                return
            length, at = self.passages[place]
            first, last = max(begun, start), min(begun + length, end)
            if first < last:
                yield Span(first, last, at)

    def passage_at(self, position: int) -> Span | None:
        """The whole passage that a character is of; `None` for a line end between two."""
        place = bisect_right(self._starts, position) - 1
        if place < 0:
            return None
        begun, (length, at) = self._starts[place], self.passages[place]
        return Span(begun, begun + length, at) if position < begun + length else None
