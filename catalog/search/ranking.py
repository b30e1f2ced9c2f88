"""One statement that finds the texts of a query and puts the best first, alike on both databases.

A term gives the chunks in which it stands, all terms together the texts with what each has of every
term; AND, OR and NOT are those of SQL over whole texts. Points are whole numbers, so no database
rounds them otherwise:

- for each term, the rarer the more: 1 where a quarter of all texts hold it, one more with every
  further quartering;
- times 1,000 where the title holds it, and up to 1,000 by how many of a text's chunks do,
  as BM25 counts with k1 = 1.2 and b = 0.75 (a long text needs more of them).

What is no content (a page in its place) comes after what is; of equal points the later date comes
first, then the smaller id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Dialect,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    union_all,
)

from catalog.search.engines import engine_of
from catalog.search.index import SEARCHABLE
from catalog.search.query import And, Not, Or, Query, Term, terms, wanted
from catalog.search.tokens import phrase

_TEXT = SEARCHABLE.c
_TITLE = 1 << 20
"""What a term in the title adds to the number of chunks that it stands in."""
_QUARTERINGS = 7
_NONE = cast(null(), Integer)

Conditions = Sequence[ColumnElement[bool]]
Confirmed = Mapping[Term, list[int]]
"""The texts of those terms that the index alone does not decide."""


@dataclass(frozen=True)
class Ranked:
    """The texts of a query, to be joined with `SEARCHABLE`."""

    query: Query
    texts: CTE
    """A row for every text that holds any of the terms: its `number`, and in a column for each term
    the number of chunks that hold it, null where none does (see `_TITLE`)."""
    hits: Mapping[Term, ColumnElement[int]]
    where: Conditions

    @classmethod
    def of(
        cls, dialect: Dialect, query: Query, where: Iterable[ColumnElement[bool]],
        *, fold: bool, confirmed: Confirmed,
    ) -> Ranked:  # fmt: skip
        sought = list(dict.fromkeys(terms(query)))
        places = [
            _places(dialect, sought, each, fold=fold, confirmed=confirmed.get(each))
            for each in sought
        ]
        every = union_all(*places).subquery().c
        sums = [
            func.sum(every[f"hits_{place}"]).label(f"hits_{place}") for place in range(len(sought))
        ]
        texts = select(every.number, *sums).group_by(every.number).cte("texts")
        hits = {each: texts.c[f"hits_{place}"] for place, each in enumerate(sought)}
        return cls(query, texts, hits, tuple(where))

    def best_first(self, limit: int) -> Select[Any]:
        """`number` and `version_id` of the first texts, each with the `total` of all found."""
        content = case((_TEXT.outcome == "content", 1), else_=0)
        counted = select(func.count()).where(*self._conditions)
        total = counted.select_from(self._with_where if self.where else self.texts)
        return (
            select(_TEXT.number, _TEXT.version_id, total.scalar_subquery().label("total"))
            .select_from(self._with_where)
            .where(*self._conditions)
            .order_by(
                content.desc(),
                self._points().desc(),
                _TEXT.date.desc(),
                _TEXT.version_id,
                _TEXT.kind,
            )
            .limit(limit)
        )

    def numbers(self) -> Select[Any]:
        """The numbers of all texts that were found."""
        return select(_TEXT.number).select_from(self._with_where).where(*self._conditions)

    @property
    def _with_where(self) -> Any:
        return SEARCHABLE.join(self.texts, self.texts.c.number == _TEXT.number)

    @property
    def _conditions(self) -> Conditions:
        return (_condition(self.query, self.hits), *self.where)

    def _points(self) -> ColumnElement[int]:
        some = [self.hits[each] for each in dict.fromkeys(wanted(self.query))]
        every = select(func.count().label("texts")).select_from(SEARCHABLE).where(_TEXT.chunks > 0)
        of = select(every.cte("every").c.texts).scalar_subquery()
        weight = [_weight(func.count(hits), of).label(f"weight_{n}") for n, hits in enumerate(some)]
        weights = select(*weight).select_from(self.texts).cte("weights")
        told = [
            select(weight).scalar_subquery() * func.coalesce(_share(hits), 0)
            for weight, hits in zip(weights.c, some, strict=True)
        ]
        return reduce(add, told, literal(0))


def _places(
    dialect: Dialect, sought: Sequence[Term], term: Term, *, fold: bool, confirmed: list[int] | None
) -> Select[Any]:
    """The places of one term, in the columns of `Ranked.texts`."""
    value: ColumnElement[int]
    if confirmed is None:
        places = engine_of(dialect).places(phrase(term.normal), fold=fold).subquery().c
        number, value = places.number, case((places.chunk == 0, _TITLE), else_=1)
        found = select(number)
    else:
        value = literal(1)
        found = select(_TEXT.number).where(_TEXT.number.in_(confirmed))
    columns = (value if each == term else _NONE for each in sought)
    return found.add_columns(*(each.label(f"hits_{n}") for n, each in enumerate(columns)))


def _weight(texts: ColumnElement[int], every: ColumnElement[int]) -> ColumnElement[int]:
    """The more, the fewer of all texts hold a term."""
    rarer = [(texts * 4**times >= every, times) for times in range(1, _QUARTERINGS)]
    return case(*rarer, else_=_QUARTERINGS)


def _share(hits: ColumnElement[int]) -> ColumnElement[int]:
    chunks = hits.op("&")(literal_column(str(_TITLE - 1)))
    title = case((hits >= _TITLE, 1000), else_=0)
    return title + 10000 * chunks // (10 * chunks + 3 + 9 * _TEXT.chunks)


def _condition(query: Query, hits: Mapping[Term, ColumnElement[int]]) -> ColumnElement[bool]:
    match query:
        case Term():
            return hits[query].is_not(None)
        case Not(operand):
            return not_(_condition(operand, hits))
        case And(operands):
            return and_(*(_condition(each, hits) for each in operands))
        case Or(operands):
            return or_(*(_condition(each, hits) for each in operands))
