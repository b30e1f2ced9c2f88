"""Which of several values is the one to show: by where they stand, and said in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from catalog.postings.values import FIELDS, Value

ORDER = {
    "header block": "the header block of information disclosure states it",
    "government meta": "the tags of government sites state it",
    "line": "the line under the title states it",
    "signature": "it stands at the end, as a signature does",
    "heading": "it is the heading of the page, with which the page's title begins",
    "meta": "a tag of the page's head states it",
    "title": "it is the title of the page or file",
    "body": "it stands where such a thing stands, without a label",
    "address": "the address holds it, which is what the site's software was told",
    "file name": "it looks like the name of a file",
    "server": "it says when the server last wrote the file, not when anything was posted",
}
"""Kinds of places, the best first, each with the reason to believe it."""
NEVER = frozenset({"server"})
"""Kept for comparison, and never chosen."""
DATES = frozenset({"written", "posted"})
_RANK = {where: rank for rank, where in enumerate(ORDER)}


class Choice(NamedTuple):
    """A value with its rank among those of its field, and why it has it."""

    value: Value
    rank: int
    why: str
    chosen: bool


def choose(values: Iterable[Value]) -> Iterator[Choice]:
    """All distinct values by field, the best first; of one kind of place, the first that was found."""
    by_field: dict[str, list[Value]] = {name: [] for name in FIELDS}
    for value in values:
        if not any(
            value.place == other.place and value.value == other.value
            for other in by_field[value.field]
        ):
            by_field[value.field].append(value)
    for found in by_field.values():
        ranked = sorted(found, key=lambda value: _RANK[value.where])
        for rank, value in enumerate(ranked, 1):
            chosen = rank == 1 and value.where not in NEVER
            yield Choice(value, rank, _why(value, ranked[0], chosen=chosen), chosen)


def _why(value: Value, best: Value, *, chosen: bool) -> str:
    if chosen or value.where in NEVER:
        return ORDER[value.where]
    if value.value == best.value:
        return f"says the same as {best.place}"
    if value.field in DATES and value.value.startswith(best.value):
        return f"agrees with {best.place}, and is more exact"
    if value.field in DATES and best.value.startswith(value.value):
        return f"agrees with {best.place}, and is less exact"
    if value.where == best.where:
        return f"disagrees with {best.place}, which stands first"
    return f"differs from {best.place}: {ORDER[best.where]}"
