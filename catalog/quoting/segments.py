"""A quotation in parts: what its author left out (`…`), and what is put in between (`[ ]`)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from catalog.quoting.normal import normalise

_OMISSION = r"[\[(（［]\s*(?:…+|\.{3}|\.\s\.\s\.|⋯+)\s*[\])）］]|…+|⋯+|\.{3,}|\.(?:\s\.){2,}"
_INSERTION = r"[\[［](?![\[［]|\d{4}[\]］]\s*第?\s*\d+\s*号)[^\[\]［］]*[\]］]"
"""Words in square brackets; the year of a document number, 商援函[2021]12号, is no insertion."""
_BREAK = re.compile(f"(?P<omission>{_OMISSION})|(?P<insertion>{_INSERTION})")
_OUTER = (("“", "”"), ("「", "」"), ("『", "』"), ('"', '"'), ("‘", "’"), ("«", "»"), ("'", "'"))
OMISSION, INSERTION, START = "omission", "insertion", "start"
WIDEST = {OMISSION: 3_000, INSERTION: 120, START: 0}
"""How far apart, in characters of the normalised text, the parts before and after may stand."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Words that must stand in the text as they are, and what stands before them in the quotation."""

    text: str
    """Normalised."""
    after: str
    """`start`, `omission` or `insertion`."""


def unmarked(quote: str) -> str:
    """A quotation without the quotation marks around the whole of it."""
    text = quote.strip()
    for left, right in _OUTER:
        inner = text[len(left) : -len(right)]
        around = len(text) > 2 and text.startswith(left) and text.endswith(right)
        if around and left not in inner and right not in inner:
            # `“among experts,” she said`: that comma is hers.
            return inner.strip().removesuffix(",").rstrip()
    return text


def segments(quote: str) -> list[Segment]:
    """The parts of a quotation in their order; one where nothing is left out or put in."""
    found: list[Segment] = []
    at, after = 0, START
    for match in _BREAK.finditer(quote):
        after = _add(found, quote[at : match.start()], after)
        kind = OMISSION if match["omission"] else INSERTION
        after = OMISSION if OMISSION in {kind, after} else kind
        at = match.end()
    _add(found, quote[at:], after)
    return found


def _add(found: list[Segment], raw: str, after: str) -> str:
    """Enter a part, unless nothing is in it; what then stands before the next one."""
    text = normalise(raw).text
    if not text:
        return after
    found.append(Segment(text, after if found else START))
    return START
