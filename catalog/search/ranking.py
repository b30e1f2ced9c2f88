"""One statement that finds the texts of a query and puts the best first, alike on both databases.

A term gives the texts in which it stands; AND, OR and NOT are those of SQL over whole texts. Points
are whole numbers, so no database rounds them otherwise:

- for each term, the rarer the more: 1 where most texts hold it, one more with every halving;
- times 1,000 where the title holds it, and up to 1,000 by how many of a text's chunks do,
  as BM25 counts with k1 = 1.2 and b = 0.75 (a long text needs more of them).

What is no content (a page in its place) comes after what is; of equal points the later date comes
first, then the smaller id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Dialect,
    FromClause,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.types import BigInteger

from catalog.search.engines import engine_of
from catalog.search.index import SEARCHABLE
from catalog.search.query import And, Not, Or, Query, Term, terms, wanted
from catalog.search.tokens import phrase

_TEXT = SEARCHABLE.c
_HALVINGS = 20


def found_texts(
    dialect: Dialect,
    query: Query,
    where: Iterable[ColumnElement[bool]],
    *,
    fold: bool,
    confirmed: Mapping[Term, list[int]],
) -> CTE:
    """The texts that answer to a query and fulfil conditions: `number`, `points`, and the rest of
    what they are ordered by (`best_first`).

    `confirmed` gives the texts of those terms that the index alone does not decide.
    """
    hits = {
        each: _hits(dialect, each, f"hits_{place}", fold=fold, confirmed=confirmed.get(each))
        for place, each in enumerate(dict.fromkeys(terms(query)))
    }
    needed = _needed(query)
    source: FromClause = SEARCHABLE
    for each, hit in sorted(hits.items(), key=lambda item: item[0] not in needed):
        source = source.join(hit, hit.c.number == _TEXT.number, isouter=each not in needed)
    told = [_points(hits[each], place) for place, each in enumerate(dict.fromkeys(wanted(query)))]
    return (
        select(
            _TEXT.number,
            reduce(add, told, literal(0)).label("points"),
            case((_TEXT.outcome == "content", 1), else_=0).label("content"),
            _TEXT.date,
            _TEXT.version_id,
            _TEXT.kind,
        )
        .select_from(source)
        .where(_condition(query, hits), *where)
        .cte("found")
    )


def best_first(found: CTE) -> Select[Any]:
    """The rows of `found_texts` in their order, each with the number of all of them."""
    total = select(func.count()).select_from(found).scalar_subquery()
    columns = found.c
    return select(columns.number, total.label("total")).order_by(
        columns.content.desc(),
        columns.points.desc(),
        columns.date.desc(),
        columns.version_id,
        columns.kind,
    )


def _hits(
    dialect: Dialect, term: Term, name: str, *, fold: bool, confirmed: list[int] | None
) -> CTE:
    """The texts in which a term stands, in how many chunks, and whether in the title."""
    if confirmed is not None:
        one = (literal(1).label("chunks"), literal(0).label("titles"))
        return select(_TEXT.number, *one).where(_TEXT.number.in_(confirmed)).cte(name)
    places = engine_of(dialect).places(phrase(term.normal), fold=fold).subquery().c
    titles = case((func.min(places.chunk) == 0, 1), else_=0)
    grouped = select(places.number, (func.count() - titles).label("chunks"), titles.label("titles"))
    return grouped.group_by(places.number).cte(name)


def _points(hits: CTE, place: int) -> ColumnElement[int]:
    texts = select(func.count().label("texts")).select_from(SEARCHABLE).where(_TEXT.chunks > 0)
    holding = select(func.count().label("texts")).select_from(hits)
    all_, some = texts.subquery(), holding.subquery()
    rarer = [
        (some.c.texts * (1 << halving) >= all_.c.texts, halving) for halving in range(1, _HALVINGS)
    ]
    both = some.join(all_, true())
    weight = select(case(*rarer, else_=_HALVINGS)).select_from(both).cte(f"weight_{place}")
    share = 10000 * hits.c.chunks // (10 * hits.c.chunks + 3 + 9 * _TEXT.chunks)
    return func.coalesce(
        select(weight).scalar_subquery() * cast(1000 * hits.c.titles + share, BigInteger), 0
    )


def _needed(query: Query) -> set[Term]:
    """Terms without which no text is found."""
    match query:
        case Term():
            return {query}
        case And(operands):
            return set().union(*map(_needed, operands))
    return set()


def _condition(query: Query, hits: Mapping[Term, CTE]) -> ColumnElement[bool]:
    match query:
        case Term():
            return hits[query].c.number.is_not(None)
        case Not(operand):
            return not_(_condition(operand, hits))
        case And(operands):
            return and_(*(_condition(each, hits) for each in operands))
        case Or(operands):
            return or_(*(_condition(each, hits) for each in operands))
