"""In which script and language a text is written, as far as its letters and smallest words tell, so
that a quotation in another one is never called absent. Where they do not tell, nothing is assumed.
"""

from __future__ import annotations

import re
from collections import Counter

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
SAMPLE = 5_000
"""Characters of a text whose words are looked at."""
LEAST = 8
"""Words that it takes to tell the language by."""
TELLING = 0.15
"""Of the words, as many must be small words of the language, and twice as many as of any other."""
_SMALL = {
    name: frozenset(words.split())
    for name, words in {
        "en": "the of and to in is that for it was with as on be by at this are from which not have has",
        "fr": "la le les de des du et en un une est que pour dans qui sur au aux par plus ne pas ce",
        "es": "el la los las de del y en un una es que para por con se su al lo como más no",
        "pt": "o a os as de do da dos das e em um uma é que para por com se no na ao não",
        "de": "der die das und in den von zu mit dem ist im des auf für nicht ein eine als auch sich",
        "it": "il lo la i gli le di del della e in un una è che per con non sono da nel si",
        "ru": "и в не на что с по как это из для от за он она они к но а его же",
        "uk": "і в не на що з та до як це із для від за він вона вони але його",
        "kk": "және мен бір бұл үшін деп да де осы болып бойынша сол",
    }.items()
}
_WORD = re.compile(r"[^\W\d_]+")
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


def language(text: str) -> str | None:
    """The language by its small words, as ISO 639-1; `None` where they do not tell it from others."""
    words = _WORD.findall(text[:SAMPLE].lower())
    if len(words) < LEAST:
        return None
    counts = Counter({name: sum(word in small for word in words) for name, small in _SMALL.items()})
    (first, most), (_, second) = counts.most_common(2)
    return first if most >= TELLING * len(words) and most >= 2 * second else None


def may_be_translated(quote: str, text: str) -> bool:
    """Whether a quotation is surely in another script or language than the text, so that it can only
    be a translation.
    """
    script = main_script(quote)
    if script is None or not text.strip():
        return False
    if scripts(text).get(script, 0.0) < ENOUGH:
        return True
    told, other = language(quote), language(text)
    return told is not None and other is not None and told != other
