"""Chinese titles in Latin letters, where nobody gave a romanised one: made by a program, and said so."""

from __future__ import annotations

import re
import unicodedata
from importlib.metadata import version

from catalog.citations.names import HAN

AFTER_OPENING = re.compile(r"(?<=[“‘(\[{《〈「『]) ")
BEFORE_CLOSING = re.compile(r" (?=[”’)\]}》〉」』,.;:!?、。])")
LETTER = re.compile(r"[^\W\d_]")


def romanised(title: str) -> tuple[str, str] | None:
    """The title in pinyin, syllable by syllable without tones, as library catalogues write it, and
    the program that made it; `None` where there is nothing Chinese in it.

    A character of several readings gets the one of the words around it, which may be wrong.
    """
    if not HAN.search(title):
        return None
    from pypinyin import lazy_pinyin  # noqa: PLC0415 -- its tables take longer to load than all else

    parts = lazy_pinyin(unicodedata.normalize("NFKC", title), v_to_u=True, errors=str.strip)
    made = AFTER_OPENING.sub("", BEFORE_CLOSING.sub("", " ".join(filter(None, parts))))
    made = LETTER.sub(lambda found: found.group().upper(), made, count=1)
    return made, f"pypinyin {version('pypinyin')}"
