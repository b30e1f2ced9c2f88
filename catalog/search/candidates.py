"""The texts in which a quotation may stand, and those in which something like it may, by the index.

A quotation's own check decides; here is only found where to look. Every text that holds the quotation
under its recipe holds all its pieces, for these are parts of words that no recipe changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import ColumnElement, Engine, Select

from archive.errors import UsageError
from catalog.search.index import SEARCHABLE
from catalog.search.query import And, Or, Query, Term, term
from catalog.search.ranking import Ranked

HAN = 4
"""Characters of a piece of Chinese."""
LETTERS = 32
"""At most of another one: what is longer may lie in no chunk whole (catalog.search.tokens)."""
PIECES = 12
"""Pieces that are asked for at most, those spread over the whole quotation."""
MOST_EXACT, MOST_LIKE = 2_000, 60
_RUN = re.compile(r"[\u3400-\u9fff]+|[^\W\d_\u3400-\u9fff]{4,}|\d{3,}")

_ROW = SEARCHABLE.c


def holding(
    engine: Engine, quotation: str, among: Select[tuple[str]] | None = None
) -> list[str] | None:
    """The ids of versions whose texts hold all pieces of a quotation; `None` where it has none."""
    terms = pieces(quotation)
    return _versions(engine, And(terms), MOST_EXACT, among) if terms else None


def like(engine: Engine, quotation: str, among: Select[tuple[str]] | None = None) -> list[str]:
    """The ids of versions whose texts hold most of its pieces, the best first."""
    terms = pieces(quotation)
    return _versions(engine, Or(terms), MOST_LIKE, among) if terms else []


def pieces(quotation: str) -> tuple[Term, ...]:
    """Parts of words of a quotation."""
    found: list[Term] = []
    for run in _RUN.findall(quotation):
        parts = (
            [run[at : at + HAN] for at in range(0, len(run), HAN)]
            if "\u3400" <= run[0] <= "\u9fff"
            else [run[:LETTERS]]
        )
        found += filter(None, map(_term, parts))
    step = max(len(found) // PIECES, 1)
    return tuple(dict.fromkeys(found[::step][:PIECES]))


def _term(part: str) -> Term | None:
    try:
        return term(part)
    except UsageError:
        return None


def _versions(
    engine: Engine, query: Query, most: int, among: Select[tuple[str]] | None
) -> list[str]:
    conditions: Iterable[ColumnElement[bool]] = (
        _ROW.kind == "text",
        _ROW.outcome == "content",
        *([_ROW.version_id.in_(among)] if among is not None else []),
    )
    with engine.connect() as connection:
        ranked = Ranked.of(connection.dialect, query, conditions, fold=False, confirmed={})
        return [row.version_id for row in connection.execute(ranked.best_first(most))]
