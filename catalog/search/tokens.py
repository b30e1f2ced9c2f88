"""Texts as tokens of our own, so that no database's tokenizer and no locale decides what is found.

A character that stands for itself (Han, kana, punctuation) is one token. In a run of characters of
scripts written with spaces each place gives the run's next three characters, fewer at its end:
`china 商` is `chi hin ina na a 商`. Whatever part of a text is looked for is then a phrase, also one
that begins or ends within a word, or is one character.

ASCII punctuation stands in its full-width form, for SQLite's tokenizer passes over it, and a quote
means something to both databases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from catalog.search.normal import SPACED

CHUNK = 1500
"""Characters of a chunk. PostgreSQL keeps no position after 16,383, and no more than 255 of one
token."""
OVERLAP = 64
"""Characters that a chunk shares with the next: a phrase as long as this lies whole in one."""
_GRAM = 3
_PIECES = 8

_RUN = re.compile(f"([{SPACED}]+)")
_SPELLED = 24
"""Longer runs are no words that come again."""
_PUNCTUATION = [
    (chr(code), chr(code + 0xFEE0)) for code in range(0x21, 0x7F) if not chr(code).isalnum()
]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Tokens that follow each other; the last one may be but the beginning of a token."""

    tokens: tuple[str, ...]
    open: bool


def chunks(normal: str) -> Iterator[str]:
    """A text of `catalog.search.normal` in overlapping parts, small enough for both databases."""
    normal = _widened(normal)
    last = max(len(normal) - OVERLAP, min(len(normal), 1))
    for start in range(0, last, CHUNK - OVERLAP):
        yield normal[start : start + CHUNK]


def tokens(chunk: str) -> str:
    """The tokens of a chunk, separated by spaces."""
    parts = _RUN.split(chunk)
    parts[::2] = map(" ".join, parts[::2])
    parts[1::2] = [_grams(run) if len(run) <= _SPELLED else _cut(run) for run in parts[1::2]]
    return " ".join(parts)


def phrase(normal: str) -> Phrase:
    """What finds a text as part of another: its last run may go on there."""
    told = tokens(_widened(normal)).split()
    last = _RUN.split(normal)[-2:]
    if last[-1] or len(last) < 2:
        return Phrase(tuple(told), open=False)
    # The tokens at the end of a run say that it ends there.
    short = min(len(last[0]), _GRAM - 1)
    if len(last[0]) >= _GRAM:
        return Phrase(tuple(told[:-short]), open=False)
    return Phrase(tuple(told[: len(told) - short + 1]), open=True)


def pieces(normal: str) -> list[str]:
    """Some parts of a text, spread over it, that each lie whole in one chunk of any text with it."""
    step = max(len(normal) // _PIECES, OVERLAP)
    parts = [normal[start : start + OVERLAP].strip() for start in range(0, len(normal), step)]
    return [part for part in parts if part]


def _widened(normal: str) -> str:
    for plain, wide in _PUNCTUATION:
        if plain in normal:
            normal = normal.replace(plain, wide)
    return normal


def _cut(run: str) -> str:
    return " ".join([run[place : place + _GRAM] for place in range(len(run))])


_grams = lru_cache(maxsize=1 << 16)(_cut)
