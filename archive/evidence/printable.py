"""Text from outside, made fit for paper: nothing invisible, nothing without end.

The exact strings are in the JSON; on paper a character that has no visible form of its own
(controls, direction marks, spaces that are not spaces) stands as its escape, `\\u202e`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Set as AbstractSet

from archive.evidence.document import Style

SHOWN = 2000
"""Characters of one string that are printed; the rest is in the JSON."""
LONGEST_WORD = 24
"""Characters after which a word may break, so that none runs over the edge of its column."""
BREAK_AFTER = frozenset("/?&=._-+#:;,@~ ")
GROUP = 8


def visible(text: str, unprintable: AbstractSet[str] = frozenset()) -> str:
    """The text with all that cannot be seen, and what is in `unprintable`, as escapes."""
    shown = "".join(
        c if c.isprintable() and c not in unprintable else _escape(c) for c in text[:SHOWN]
    )
    if len(text) > SHOWN:
        shown += f" … ({len(text):,} characters; all of them are in certification.json)"
    return shown


def pieces(text: str, style: Style = Style.TEXT) -> list[str]:
    """The text in pieces between which a line may break; joined, they are the text again."""
    if style is Style.HASH:
        return [text[start : start + GROUP] for start in range(0, len(text), GROUP)]
    found: list[str] = [""]
    run = 0
    for c in text:
        full = run >= LONGEST_WORD or (
            style is Style.CODE and found[-1][-1:] in BREAK_AFTER and c not in BREAK_AFTER
        )
        if full and not c.isspace() and not unicodedata.category(c).startswith("M"):
            found.append("")
            run = 0
        found[-1] += c
        run = 0 if c.isspace() else run + 1
    return found


def _escape(c: str) -> str:
    return f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"
