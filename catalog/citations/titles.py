"""Titles: in the original, romanised and translated, and how they stand between quotation marks."""

from __future__ import annotations

import re
from dataclasses import dataclass

ENDS = ("?", "!", ".", "？", "！", "。", "…")
"""After these a full stop would be one too many."""
DOUBLE = re.compile(r"“([^“”]*)”|\"([^\"]*)\"")
SINGLE = re.compile(r"(?<!\w)‘([^‘]*)’(?!\w)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """A title, with what a person (or, where `machine` names it, a program) made of it."""

    original: str
    romanised: str | None = None
    translated: str | None = None
    machine: str | None = None
    """The program that romanised it."""
    where: str = "given"
    """What it was taken from: `posting`, `the file's properties`, `link text`, `file name`, `URL`."""

    @property
    def plain(self) -> str:
        """All of it without marks: `Guan yu … 关于… [On …]`."""
        return " ".join(filter(None, (self.romanised, self.original, self.gloss)))

    @property
    def gloss(self) -> str | None:
        return f"[{self.translated}]" if self.translated else None


def american(title: Title, end: str) -> str:
    """In double marks, a stop or comma within them: `“Visas.”`, `“Guan yu” 关于 [On].`

    A romanised title stands in the marks, the original after it (Chicago 11.90).
    """
    return _marked(title, end, "“", "”", within=True)


def british(title: Title) -> str:
    """In single marks, no stop within them: `‘Visas’`, `‘Guan yu’ 关于 [On]`."""
    return _marked(title, "", "‘", "’", within=False)


def ended(text: str, end: str = ".") -> str:
    """A text with its full stop, unless it ends in something as good."""
    return text if end == "." and text.rstrip("”’").endswith(ENDS) else text + end


def _marked(title: Title, end: str, opening: str, closing: str, *, within: bool) -> str:
    first = title.romanised or title.original
    inner = DOUBLE.sub(r"‘\1\2’", first) if opening == "“" else SINGLE.sub(r"“\1”", first)
    after = [title.original] if title.romanised else []
    after += [title.gloss] if title.gloss else []
    if after:
        return ended(" ".join([opening + inner + closing, *after]), end)
    return opening + (ended(inner, end) if within else inner) + closing
