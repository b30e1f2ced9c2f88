"""Search: the texts that answer to a query, the best first, with the passages that show why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, and_, case, func, select

from catalog.holdings import Capture, Version
from catalog.search.filters import Filter, conditions, undated, within
from catalog.search.index import SEARCHABLE
from catalog.search.passages import Excerpt, Mark, excerpts, marks, stands_in
from catalog.search.query import And, Query, Term, terms, wanted
from catalog.search.ranking import best_first, found_texts
from catalog.search.tokens import OVERLAP, pieces
from catalog.text.placed import PlacedText
from catalog.texts import Posting, Text
from catalog.values import table_of, values

_ROW, _TEXT, _POSTING = SEARCHABLE.c, table_of(Text).c, table_of(Posting).c
_CAPTURE, _VERSION = table_of(Capture).c, table_of(Version).c
_SHOWN = ("version_id", "kind", "title", "outcome", "type", "code")


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A text that was found."""

    version_id: str
    kind: str
    """`text`, or `ocr` where a machine read it off images."""
    title: str | None
    title_marks: tuple[Mark, ...]
    outcome: str
    """What the content is: `content`, or a page in its place."""
    type: str
    posted: str | None
    written: str | None
    is_version: bool
    """Not so where what was read was sent with a refusal or an error."""
    capture: Capture
    """The last that saw it."""
    first: datetime
    last: datetime
    excerpts: list[Excerpt]


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """What a search could not look in, so that nothing found is not taken for nothing there."""

    without_text: dict[str, int] = field(default_factory=dict)
    """Contents of which nothing could be read, by code."""
    cut: int = 0
    """Texts that are not whole: a limit cut them."""
    unread: int = 0
    """Versions that no text has been read of yet."""
    undated: int = 0
    """Texts that were found but state no date of the kind that was asked for."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What came of a search: the first of the hits, and how many there are in all."""

    total: int
    hits: list[Hit]


def search(
    engine: Engine,
    query: Query,
    where: Filter | None = None,
    *,
    fold: bool = False,
    limit: int = 20,
) -> Found:
    """The texts that answer to a query (catalog.search.query), the best first.

    With `fold` simplified and traditional characters count as the same; the query was parsed so too.
    """
    where = where or Filter()
    with engine.connect() as connection:
        found = found_texts(
            connection.dialect,
            query,
            (*conditions(where), *within(where)),
            fold=fold,
            confirmed=_confirmed(connection, query, fold=fold),
        )
        rows = connection.execute(best_first(found).limit(limit)).all()
        told = _told(connection, [row.number for row in rows])
        sought = list(dict.fromkeys(wanted(query)))
        hits = [_hit(connection, told[row.number], sought, fold=fold) for row in rows]
    return Found(total=rows[0].total if rows else 0, hits=hits)


def gaps(engine: Engine, query: Query, where: Filter | None = None, *, fold: bool = False) -> Gaps:
    """What `search` with the same arguments could not look in."""
    where = where or Filter()
    with_text = func.sum(case((_ROW.chunks > 0, 1), else_=0))
    coded = (
        select(_ROW.code, func.count(), with_text)
        .where(_ROW.code.is_not(None), *conditions(where))
        .group_by(_ROW.code)
    )
    read = select(_ROW.number).where(_ROW.version_id == _VERSION.id)
    unread = select(func.count()).select_from(table_of(Version)).where(~read.exists())
    with engine.connect() as connection:
        counts = [tuple(row) for row in connection.execute(coded)]
        without_date = 0
        if where.dated:
            found = found_texts(
                connection.dialect,
                query,
                (*conditions(where), undated(where)),
                fold=fold,
                confirmed=_confirmed(connection, query, fold=fold),
            )
            without_date = connection.scalar(select(func.count()).select_from(found)) or 0
        return Gaps(
            without_text={code: count - cut for code, count, cut in counts if count > cut},
            cut=sum(cut for _, _, cut in counts),
            unread=connection.scalar(unread) or 0,
            undated=without_date,
        )


def _confirmed(connection: Connection, query: Query, *, fold: bool) -> dict[Term, list[int]]:
    """The texts of the terms that are too long for one chunk: those that hold all their pieces, and
    then the whole.
    """
    confirmed = {}
    for term in terms(query):
        if len(term.normal) <= OVERLAP or term in confirmed:
            continue
        parts = And(tuple(dict.fromkeys(map(Term, pieces(term.normal)))))
        holding = found_texts(connection.dialect, parts, (), fold=fold, confirmed={})
        confirmed[term] = [
            number
            for number, title, body in connection.execute(
                select(_ROW.number, _ROW.title, _TEXT.body)
                .join(holding, holding.c.number == _ROW.number)
                .join(table_of(Text), _same_text())
            )
            if any(stands_in(raw, term, fold=fold) for raw in (title or "", body))
        ]
    return confirmed


def _told(connection: Connection, numbers: Iterable[int]) -> dict[int, Any]:
    """What the catalog says of texts, by their numbers."""
    query = (
        select(
            _ROW.number,
            *(_ROW[name] for name in _SHOWN),
            *(_TEXT.body, _TEXT.passages, _TEXT.capture_id, _POSTING.posted, _POSTING.written),
        )
        .join(table_of(Text), _same_text())
        .outerjoin(table_of(Posting), _POSTING.version_id == _ROW.version_id)
        .where(_ROW.number.in_(list(numbers)))
    )
    return {row.number: row for row in connection.execute(query)}


def _hit(connection: Connection, row: Any, sought: Sequence[Term], *, fold: bool) -> Hit:
    capture, first = _sightings(connection, row)
    return Hit(
        version_id=row.version_id,
        kind=row.kind,
        title=row.title,
        title_marks=marks(row.title or "", sought, fold=fold),
        outcome=row.outcome,
        type=row.type,
        posted=row.posted,
        written=row.written,
        is_version=capture.version_id == row.version_id,
        capture=capture,
        first=first,
        last=capture.time,
        excerpts=excerpts(PlacedText.from_json(row.body, row.passages), sought, fold=fold),
    )


def _sightings(connection: Connection, row: Any) -> tuple[Capture, datetime]:
    """The last capture that saw a content, and when it was first seen."""
    seen = select(table_of(Capture)).where(_CAPTURE.version_id == row.version_id)
    last = seen.order_by(_CAPTURE.time.desc(), _CAPTURE.id).limit(1)
    for capture in values(Capture, connection.execute(last)):
        first = connection.scalar(
            select(func.min(_CAPTURE.time)).where(_CAPTURE.version_id == row.version_id)
        )
        return capture, first
    alone = select(table_of(Capture)).where(_CAPTURE.id == row.capture_id)
    (capture,) = islice(values(Capture, connection.execute(alone)), 1)
    return capture, capture.time


def _same_text() -> Any:
    return and_(_TEXT.version_id == _ROW.version_id, _TEXT.kind == _ROW.kind)
