"""The one normalisation under which a quotation counts as exact, declared: `quote/1`.

- NFKC: full width and half width, ligatures, the forms of accents; but superscripts, subscripts,
  fractions and circled numbers stay, for 10² is not 102;
- format and control characters out: zero widths, direction marks, soft hyphens, variation selectors;
- all quotation marks and apostrophes are one, all dashes and hyphens are one;
- white space: none next to a Chinese character or a punctuation mark, else one space for any run.

Letters keep their case, and every other character stands for itself. `quote/1 hyphens` joins, besides,
words that a hyphen divides at the end of a line, as printed pages have them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

RECIPE = "quote/1"
HYPHENS = "quote/1 hyphens"
HAN = r"\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_MARKS = dict.fromkeys("\"'`´‘’‚‛“”„‟′″‵〝〞〟「」『』﹁﹂﹃﹄＂＇«»‹›", "'")
_DASHES = dict.fromkeys("-‐‑‒–—―−﹘﹣－⸺⸻", "-")
_ONE_FOR_ALL = {**_MARKS, **_DASHES}
_FORMS = ("<super>", "<sub>", "<fraction>", "<circle>")
"""Compatibility decompositions (UAX 44, 5.7.3) that would change what is said."""
_SELECTORS = frozenset(map(chr, (0x34F, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
_PLAIN = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]+")
_HAN = re.compile(f"[{HAN}]")
_DIVIDED = re.compile(r"(?<=[a-zà-ÿ])[-\u2010]\s*\n\s*(?=[a-zà-ÿ])")


@dataclass(frozen=True)
class Normalised:
    """A text under the recipe, and for each of its characters where in the raw text it began and ended."""

    text: str
    starts: list[int]
    ends: list[int]

    def raw(self, start: int, end: int) -> tuple[int, int]:
        """The place in the raw text of the characters from `start` to `end`, which are not none."""
        return self.starts[start], self.ends[end - 1]


def normalise(raw: str, *, hyphens: bool = False) -> Normalised:
    """The text under `RECIPE`, or under `HYPHENS`."""
    divided = [match.span() for match in _DIVIDED.finditer(raw)] if hyphens else []
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    gap: int | None = None
    for start, end, cluster in _clusters(raw, divided):
        folded = _folded(cluster)
        if folded.isspace() or (not folded and cluster.isspace()):
            gap = start if gap is None else gap
            continue
        if not folded:
            continue
        if gap is not None and characters and not (_drops(characters[-1]) or _drops(folded[0])):
            characters.append(" ")
            starts.append(gap)
            ends.append(start)
        gap = None
        characters += folded
        if folded == cluster:
            starts += range(start, end)
            ends += range(start + 1, end + 1)
        else:
            starts += [start] * len(folded)
            ends += [end] * len(folded)
    return Normalised("".join(characters), starts, ends)


def _clusters(raw: str, divided: list[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    """The text in pieces that are normalised by themselves: a run of plain characters, or one
    character with what combines with it.
    """
    cuts = dict(divided)
    at, length = 0, len(raw)
    while at < length:
        if at in cuts:
            at = cuts[at]
            continue
        run = _PLAIN.match(raw, at)
        end = run.end() if run else at + 1
        if run and end - at > 1 and end < length and _joins(raw[end]):
            end -= 1
            yield at, end, raw[at:end]
            at, end = end, end + 1
        while end < length and _joins(raw[end]):
            end += 1
        yield at, end, raw[at:end]
        at = end


def _joins(character: str) -> bool:
    """Whether it makes one character with the one before: accents, the parts of Hangul, and what is
    unseen, for an accent may follow it.
    """
    if character < "\u0300":
        return character == "\u00ad"
    return (
        unicodedata.combining(character) != 0
        or "\u1160" <= character <= "\u11ff"
        or unicodedata.category(character) in {"Mc", "Cf"}
    )


def _folded(cluster: str) -> str:
    if _PLAIN.fullmatch(cluster):
        return cluster
    if cluster.isspace():
        return " "
    seen = (c for c in cluster if c.isspace() or not _is_unseen(c))
    plain = "".join(_ONE_FOR_ALL.get(c, c) for c in seen)
    if not plain:
        return ""
    says = unicodedata.decomposition(plain[0]).startswith(_FORMS)
    folded = unicodedata.normalize("NFC" if says else "NFKC", plain)
    return "".join(_ONE_FOR_ALL.get(c, c) for c in folded if c.isspace() or not _is_unseen(c))


def _is_unseen(character: str) -> bool:
    return character in _SELECTORS or unicodedata.category(character) in {"Cf", "Cc", "Cs"}


def _drops(character: str) -> bool:
    """Whether white space beside it says nothing."""
    return bool(_HAN.match(character)) or unicodedata.category(character)[0] in "PS"
