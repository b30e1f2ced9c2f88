"""The rows of a posting: what it states of itself, and which of it was chosen."""

from __future__ import annotations

from itertools import chain
from typing import Any

from catalog.postings.body import from_body
from catalog.postings.choice import choose
from catalog.postings.circumstances import from_circumstances
from catalog.postings.header import from_text
from catalog.postings.meta import from_properties
from catalog.postings.values import FIELDS
from catalog.text.extraction import Extraction

Row = dict[str, Any]


def posting_rows(
    version_id: str, extraction: Extraction, url: str, last_modified: str | None
) -> tuple[Row, list[Row]]:
    """The row of `posting`, and those of `stated`."""
    head = list(from_properties(extraction.properties))
    titles = (value.value for value in head if value.where == "title")
    values = chain(
        from_text(extraction.passages),
        head,
        from_body(extraction.passages, next(titles, None)),
        from_circumstances(url, last_modified),
    )
    posting: Row = {"version_id": version_id, **dict.fromkeys(FIELDS)}
    stated: list[Row] = []
    for choice in choose(values):
        value = choice.value
        if choice.chosen:
            posting[value.field] = value.value
        stated.append(
            {
                "version_id": version_id,
                "field": value.field,
                "rank": choice.rank,
                "value": value.value,
                "raw": value.raw,
                "place": value.place,
                "why": choice.why,
            }
        )
    return posting, stated
