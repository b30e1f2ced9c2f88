"""A value that a posting states of itself."""

from __future__ import annotations

from typing import NamedTuple

FIELDS = ("title", "number", "index_number", "agency", "source", "written", "posted")
"""The columns of `catalog.texts.Posting`."""


class Value(NamedTuple):
    """What is said of one field, and where.

    `where` is the kind of place, by which `catalog.postings.choice` ranks; `place` is for a reader.
    """

    field: str
    value: str
    raw: str
    where: str
    place: str
