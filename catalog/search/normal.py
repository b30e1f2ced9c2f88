"""The form of a text under which search compares it: the recipe `search/1`.

1. Compatibility decomposition (NFKD, Unicode TR 15): full-width and half-width forms, ligatures and
   circled numbers become plain ones, `é` becomes `e` and its accent. A character is decomposed by
   itself, whatever stands beside it. Spacing accents (`´ ¨ ￣`) stay.
2. Invisible characters go (controls, Cf, variation selectors, fillers); so do the accents of Latin,
   Greek and Cyrillic and the points of Hebrew and Arabic, which are not always written.
3. Case folding.
4. A run of white space counts only between two characters of scripts that are written with spaces,
   there as one space: `公 告` is 公告, `2023 年` is 2023年.

Steps 1 to 3 treat every character alone, so what they make of a part of a text is a part of what
they make of the whole: search finds every part of a text, wherever it begins and ends.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate
from unicodedata import normalize

RECIPE = f"search/1 unicode/{unicodedata.unidata_version}"
"""What an index was made by; one made by another is made again."""

SPACED = (
    "0-9a-z\u0080-\u1fff\u2100-\u218f\u2c00-\u2dff\ua4d0-\ud7ff\ufb00-\ufdff\U00010000-\U0001efff"
)
"""Characters of scripts that are written with spaces, as a class of a regular expression. All
others (Han, kana, punctuation, symbols) stand for themselves."""

_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08ca-\u08e1"
    "\u08e3-\u08ff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_INVISIBLE = (
    "\\x00-\\x08\\x0e-\\x1b\\x7f-\\x84\\x86-\\x9f\\xad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
)
_GONE = re.compile(f"[{_MARKS}{_INVISIBLE}]+")
_GONE_BEYOND = re.compile(
    "[\U00013430-\U00013438\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
"""The same beyond the Basic Multilingual Plane, where a class of both would be slow."""
_SPACING_ACCENTS = (
    "\xa8\xaf\xb4\xb8\u02d8-\u02dd\u037a\u0384\u0385\u1fbd\u1fbf-\u1fc1\u1fcd-\u1fcf\u1fdd-\u1fdf"
    "\u1fed\u1fee\u1ffd\u1ffe\u2017\u203e\ufc5e-\ufc63\ufe49-\ufe4c\ufe70\ufe72\ufe74\ufe76\ufe78"
    "\ufe7a\ufe7c\ufe7e\uffe3"
)
"""What NFKD makes a space and a mark of, so that nothing would be left."""
_SORTED_MARKS = (
    "\u0711\u0730-\u109f\u135d-\u135f\u1700-\u1cff\u2cef-\u2cf1\u2d7f\u2de0-\u2dff\u302a-\u302f"
    "\ua66f-\uabff\ufb1e"
)
"""Scripts with marks that stay, and that NFKD sorts by what stands beside them."""
_ONE_BY_ONE = re.compile(f"[{_SPACING_ACCENTS}{_SORTED_MARKS}]")
_BEYOND = re.compile("[\U00010000-\U0010ffff]")
_ACCENT = re.compile(f"[{_SPACING_ACCENTS}]")
_IDLE_SPACE = re.compile(f" (?:(?![{SPACED}])|(?<=[^{SPACED}] ))")


def fold(text: str) -> str:
    """Steps 1 to 3, character by character; white space stays."""
    if text.isascii():
        return _GONE.sub("", text).lower()
    if _ONE_BY_ONE.search(text) or _BEYOND.search(text):
        return "".join(map(_folded, text))
    return _GONE.sub("", normalize("NFKD", text)).casefold()


@lru_cache(maxsize=1 << 14)
def _folded(character: str) -> str:
    if _ACCENT.match(character):
        return character
    plain = _GONE.sub("", normalize("NFKD", character))
    return _GONE_BEYOND.sub("", plain).casefold()


def normal(text: str) -> str:
    """The text under the whole recipe, without space at its ends."""
    return _IDLE_SPACE.sub("", " ".join(fold(text).split()))


def pattern(normal_text: str) -> re.Pattern[str]:
    """Finds a text of `normal` in one of `fold`, whose spaces are still there."""
    spaced = re.compile(f"[{SPACED}]").match
    parts: list[str] = []
    before = " "
    for character in normal_text:
        if character == " ":
            parts.append(r"\s+")
        else:
            if before != " " and not (spaced(before) and spaced(character)):
                parts.append(r"\s*")
            parts.append(re.escape(character))
        before = character
    return re.compile("".join(parts))


class Folded:
    """A text under steps 1 to 3, and from which characters each of its parts comes.

    That is counted in blocks, and no farther into the text than is asked for.
    """

    _BLOCK = 256

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.text = fold(raw)
        self._starts = [0]
        self._known: dict[int, list[int]] = {}

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The characters of the raw text that `text[start:end]`, which is not empty, comes from."""
        return self._place(start), self._place(end - 1) + 1

    def _place(self, position: int) -> int:
        while self._starts[-1] <= position:
            folded = fold(self._raw_block(len(self._starts) - 1))
            self._starts.append(self._starts[-1] + len(folded))
        block = bisect_right(self._starts, position) - 1
        return block * self._BLOCK + bisect_right(self._ends(block), position - self._starts[block])

    def _ends(self, block: int) -> list[int]:
        """Where what each character of a block gives ends in the block."""
        if block not in self._known:
            widths = map(len, map(_folded, self._raw_block(block)))
            self._known[block] = list(accumulate(widths))
        return self._known[block]

    def _raw_block(self, block: int) -> str:
        return self.raw[block * self._BLOCK : (block + 1) * self._BLOCK]
