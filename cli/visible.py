"""Text from outside, made safe for a terminal.

A server chooses its URLs, reason phrases and link texts; none of them may move the cursor, change
colours, turn the writing direction or end a line here.
"""

from __future__ import annotations

import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
"""Needed to write Persian and several Indian scripts; they move nothing."""


def visible(text: object) -> str:
    """The text with each control, direction mark, lone surrogate or unassigned character escaped."""
    plain = str(text)
    if plain.isascii() and plain.isprintable():
        return plain
    return "".join(map(_escaped, plain))


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN or character in _JOINERS:
        return character
    return repr(character)[1:-1]
