"""Markdown: a bracket behind the link. Front matter and code are left alone: they mean something."""

from __future__ import annotations

import re

from catalog.bibliography.durable import Insertion
from catalog.bibliography.entry import Entry

_FRONT = re.compile(r"\ufeff?---[ \t]*\r?\n.*?^(?:---|\.\.\.)[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)


def insertion(text: str, entry: Entry, note: str) -> Insertion | None:
    assert entry.span is not None
    start, end = entry.span
    front = _FRONT.match(text)
    if front and start < front.end():
        return None
    if len(_FENCE.findall(text, 0, start)) % 2:
        return None
    if text[start : start + 2].lower() == "<a":
        closing = text.lower().find("</a>", end)
        if closing < 0:
            return None
        end = closing + len("</a>")
    return end, f" ({note[:1].lower()}{note[1:]})"
