"""What stands in a text where a quotation is not exact: the nearest passage, and the words that differ.

It never makes a quotation hold; it shows a person what was altered. Likeness is counted in words, in
Chinese in characters, the rarer the more.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from catalog.diffing import Run, runs, tokens

ALTERED = 0.32
"""Share of a quotation's words, in their order and weighed by their rarity, from which a passage is
taken for the one that was altered. Sentences that have nothing to do with each other share a fifth."""
STEM = 5
"""Characters of a word by which its forms are taken for one."""
ROOM = 1.6
"""How much longer than the quotation the passage may be."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The passage of a text that is most like a quotation."""

    start: int
    end: int
    likeness: float
    """From 0 to 1."""
    runs: tuple[Run, ...]
    """From the passage (`-`) to the quotation (`+`)."""


def nearest(text: str, quote: str) -> Nearest | None:
    """The nearest passage; `None` where the two share next to nothing."""
    words = list(tokens(text))
    asked = [_stem(word) for _, word in tokens(quote) if _says(word)]
    wanted = Counter(asked)
    if not words or not wanted:
        return None
    stems = [_stem(word) for _, word in words]
    counts = Counter(stems)
    weights = {word: math.log((len(words) + 2) / (counts[word] + 1)) for word in wanted}
    total = sum(weights[word] * count for word, count in wanted.items())
    if total <= 0:
        return None
    place, share = _window(stems, wanted, weights)
    if share / total < ALTERED:
        return None
    first, last = place
    share = min(share, _in_order(stems[first : last + 1], asked, weights))
    if share / total < ALTERED:
        return None
    start, end = words[first][0], words[last][0] + len(words[last][1])
    return Nearest(start, end, min(share / total, 1.0), runs(text[start:end], quote))


def _window(
    words: list[str], wanted: Counter[str], weights: dict[str, float]
) -> tuple[tuple[int, int], float]:
    """The shortest stretch of words that shares most with what is wanted, and how much."""
    width = max(int(sum(wanted.values()) * ROOM * 2), 4)  # spaces and punctuation are words too
    held: Counter[str] = Counter()
    share, best, place = 0.0, 0.0, (0, 0)
    for index, word in enumerate(words):
        if word in wanted:
            held[word] += 1
            if held[word] <= wanted[word]:
                share += weights[word]
        gone = index - width
        if gone >= 0 and words[gone] in wanted:
            if held[words[gone]] <= wanted[words[gone]]:
                share -= weights[words[gone]]
            held[words[gone]] -= 1
        if share > best + 1e-9:
            best, place = share, (max(gone + 1, 0), index)
    return _trimmed(words, wanted, place), best


def _in_order(words: list[str], asked: list[str], weights: dict[str, float]) -> float:
    """The weight of what two sequences share in one order (longest common subsequence)."""
    row = [0.0] * (len(asked) + 1)
    for word in (word for word in words if word in weights):
        before = 0.0
        for index, other in enumerate(asked, 1):
            above = row[index]
            row[index] = max(row[index - 1], above, before + weights[word] if word == other else 0)
            before = above
    return row[-1]


def _trimmed(words: list[str], wanted: Counter[str], place: tuple[int, int]) -> tuple[int, int]:
    """Without the words at its ends that the quotation has not, or has elsewhere in the stretch.

    It is looked at with what follows it: a word at its beginning may be of the sentence before, and
    stand again where the quotation has it.
    """
    first, last = place
    last = min(last + sum(wanted.values()), len(words) - 1)
    held = Counter(word for word in words[first : last + 1] if word in wanted)
    while first < last and (
        words[first] not in wanted or held[words[first]] > wanted[words[first]]
    ):
        held[words[first]] -= 1
        first += 1
    while last > first and words[last] not in wanted:
        last -= 1
    return first, last


def _stem(word: str) -> str:
    """What forms of one word have in common, roughly: governing, governed, governments."""
    return word.lower()[:STEM]


def _says(word: str) -> bool:
    return any(character.isalnum() for character in word)
