"""Traditional characters folded to simplified ones, each by itself: a part of a text stays a part.

OpenCC goes by words, which would make the same characters come out otherwise in another context.
So 乾隆 is found by 干隆 too; who asks for the folding asks for more, not for less.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files


def simplified(normal: str) -> str:
    """A text of `catalog.search.normal` in simplified characters; of the same length."""
    table, traditional, beyond = _table()
    if beyond.search(normal):
        return normal.translate(table)
    # Where few characters are traditional, as in most texts, this takes a fifth of the time.
    return traditional.sub(lambda found: table[ord(found[0])], normal)


@cache
def _table() -> tuple[dict[int, str], re.Pattern[str], re.Pattern[str]]:
    lines = files("catalog.search").joinpath("simplified.txt").read_text("utf-8").splitlines()
    pairs = [pair for line in lines if not line.startswith("#") for pair in line.split()]
    table = {ord(pair[0]): pair[1] for pair in pairs}
    plane = "".join(chr(code) for code in table if code < 0x10000)
    return table, re.compile(f"[{plane}]"), re.compile("[\U00010000-\U0010ffff]")
