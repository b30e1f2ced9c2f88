"""The forms of citation by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from catalog.citations import (
    apa,
    bibtex,
    bluebook,
    chicago,
    csl_json,
    gbt7714,
    html,
    mla,
    oscola,
    ris,
    text,
)
from catalog.citations.facts import Facts

FORMS: dict[str, Callable[[Facts], str]] = {
    "text": text.cite,
    "bibtex": bibtex.cite,
    "ris": ris.cite,
    "csl-json": csl_json.cite,
    "chicago": chicago.cite,
    "apa": apa.cite,
    "mla": mla.cite,
    "bluebook": bluebook.cite,
    "oscola": oscola.cite,
    "gbt7714": gbt7714.cite,
    "html": html.cite,
}
BLOCKS = frozenset({"text", "bibtex", "ris"})
"""Forms whose entries have several lines each, and an empty one between them."""


def together(form: str, citations: Iterable[str]) -> str:
    """Citations of one form as one text that its readers take."""
    if form == "csl-json":
        return csl_json.together(list(citations))
    return ("\n\n" if form in BLOCKS else "\n").join(citations)
