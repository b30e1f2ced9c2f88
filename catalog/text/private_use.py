"""Characters that mean nothing outside their own font: fonts cut down to a file often renumber theirs.

What they show can be seen on the page, and is not in the text: no search and no quotation finds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from catalog.text.extraction import Passage

_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd\ufffd]")
SHARE = 0.02
"""Of all characters: a few are bullets, which many fonts have there."""


def unreadable(passages: Iterable[Passage]) -> str | None:
    """A sentence where more than a few characters say nothing of what they show; else `None`."""
    total = private = 0
    for passage in passages:
        total += len(passage.text)
        private += len(_PRIVATE.findall(passage.text))
    if private <= SHARE * total:
        return None
    return f"{private:,} of {total:,} characters do not say what they show, only their font does"
