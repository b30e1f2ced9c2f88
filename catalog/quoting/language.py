"""In which script a text is written, so that a quotation in another one is never called absent."""

from __future__ import annotations

import re

_SCRIPTS = {
    "Han": re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"),
    "kana": re.compile(r"[\u3040-\u30ff]"),
    "Hangul": re.compile(r"[\u1100-\u11ff\uac00-\ud7af]"),
    "Latin": re.compile(r"[A-Za-z\u00c0-\u024f]+"),
    "Cyrillic": re.compile(r"[\u0400-\u04ff]+"),
    "Arabic": re.compile(r"[\u0600-\u06ff\u0750-\u077f]+"),
    "Tibetan": re.compile(r"[\u0f00-\u0fff]+"),
    "Greek": re.compile(r"[\u0370-\u03ff]+"),
    "Hebrew": re.compile(r"[\u0590-\u05ff]+"),
    "Thai": re.compile(r"[\u0e00-\u0e7f]+"),
    "Devanagari": re.compile(r"[\u0900-\u097f]+"),
}
"""Scripts; a word of an alphabet counts once, as a character does of those that write words."""
ENOUGH = 0.2
"""Share of a text's words from which it is also written in a script."""


def scripts(text: str) -> dict[str, float]:
    """The share of each script among the words of a text."""
    counts = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()}
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items() if count} if total else {}


def main_script(text: str) -> str | None:
    """The script of most words; `None` of a text without any."""
    found = scripts(text)
    return max(found, key=lambda name: found[name]) if found else None


def may_be_translated(quote: str, text: str) -> bool:
    """Whether a quotation is in another script than the text, so that it can only be a translation."""
    script = main_script(quote)
    return script is not None and bool(text.strip()) and scripts(text).get(script, 0.0) < ENOUGH
