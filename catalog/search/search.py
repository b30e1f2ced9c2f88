"""Search: the texts that answer to a query, the best first, with the passages that show why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, case, func, select

from catalog.holdings import Capture, Version
from catalog.search.filters import Filter, conditions, undated, within
from catalog.search.index import SEARCHABLE
from catalog.search.passages import Excerpt, Mark, excerpts, marks, stands_in
from catalog.search.query import And, Query, Term, terms, wanted
from catalog.search.ranking import Confirmed, Ranked
from catalog.search.tokens import OVERLAP, pieces
from catalog.text.placed import PlacedText
from catalog.texts import Posting, Text
from catalog.values import table_of, values

_ROW, _TEXT, _POSTING = SEARCHABLE.c, table_of(Text).c, table_of(Posting).c
_CAPTURE, _VERSION = table_of(Capture).c, table_of(Version).c
_SHOWN = ("number", "version_id", "kind", "title", "outcome", "type", "code")


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
    """The media type that its bytes are of."""
    code: str | None
    """Why the text is not whole: `over-limit`."""
    posted: str | None
    written: str | None
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
        ranked = _ranked(connection, query, (*conditions(where), *within(where)), fold=fold)
        rows = connection.execute(ranked.best_first(limit)).all()
        told = _told(connection, [row.number for row in rows])
    sought = list(dict.fromkeys(wanted(query)))
    hits = [_hit(told[row.number], sought, fold=fold) for row in rows]
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
            found = _ranked(connection, query, (*conditions(where), undated(where)), fold=fold)
            count = select(func.count()).select_from(found.numbers().subquery())
            without_date = connection.scalar(count) or 0
        return Gaps(
            without_text={code: count - cut for code, count, cut in counts if count > cut},
            cut=sum(cut for _, _, cut in counts),
            unread=connection.scalar(unread) or 0,
            undated=without_date,
        )


def _ranked(
    connection: Connection, query: Query, where: Iterable[ColumnElement[bool]], *, fold: bool
) -> Ranked:
    confirmed = _confirmed(connection, query, fold=fold)
    return Ranked.of(connection.dialect, query, where, fold=fold, confirmed=confirmed)


def _confirmed(connection: Connection, query: Query, *, fold: bool) -> Confirmed:
    """The texts of the terms that are too long for one chunk: those that hold all their pieces, and
    then the whole.
    """
    confirmed: dict[Term, list[int]] = {}
    for term in terms(query):
        if len(term.normal) <= OVERLAP or term in confirmed:
            continue
        parts = And(tuple(dict.fromkeys(map(Term, pieces(term.normal)))))
        holding = Ranked.of(connection.dialect, parts, (), fold=fold, confirmed={}).numbers()
        texts = (
            select(_ROW.number, _ROW.title, _TEXT.body)
            .join(table_of(Text), _same_text())
            .where(_ROW.number.in_(holding))
        )
        confirmed[term] = [
            number
            for number, title, body in connection.execute(texts)
            if any(stands_in(raw, term, fold=fold) for raw in (title or "", body))
        ]
    return confirmed


def _told(connection: Connection, numbers: Iterable[int]) -> dict[int, Any]:
    """What the catalog says of texts and of the last captures that saw them, by their numbers."""
    seen = table_of(Capture).alias("seen")
    sightings = select(seen.c.id).where(seen.c.version_id == _ROW.version_id)
    last = sightings.order_by(seen.c.time.desc(), seen.c.id).limit(1).scalar_subquery()
    first = select(func.min(seen.c.time)).where(seen.c.version_id == _ROW.version_id)
    query = (
        select(
            table_of(Capture),
            *(_ROW[name].label(f"row_{name}") for name in _SHOWN),
            *(_TEXT.body, _TEXT.passages, _POSTING.posted, _POSTING.written),
            first.scalar_subquery().label("first"),
        )
        .select_from(SEARCHABLE)
        .join(table_of(Text), _same_text())
        .join(table_of(Capture), _CAPTURE.id == func.coalesce(last, _TEXT.capture_id))
        .outerjoin(table_of(Posting), _POSTING.version_id == _ROW.version_id)
        .where(_ROW.number.in_(list(numbers)))
    )
    return {row.row_number: row for row in connection.execute(query)}


def _hit(row: Any, sought: Sequence[Term], *, fold: bool) -> Hit:
    capture = next(values(Capture, [row[: len(_CAPTURE)]]))
    placed = PlacedText.from_json(row.body, row.passages)
    return Hit(
        version_id=row.row_version_id,
        kind=row.row_kind,
        title=row.row_title,
        title_marks=marks(row.row_title or "", sought, fold=fold),
        outcome=row.row_outcome,
        type=row.row_type,
        code=row.row_code,
        posted=row.posted,
        written=row.written,
        capture=capture,
        first=row.first or capture.time,
        last=capture.time,
        excerpts=excerpts(placed, sought, fold=fold),
    )


def _same_text() -> ColumnElement[bool]:
    return and_(_TEXT.version_id == _ROW.version_id, _TEXT.kind == _ROW.kind)
