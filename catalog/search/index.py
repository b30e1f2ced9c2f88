"""Keeping the search index beside the texts: entered with them, in their transaction.

The index is no part of the catalog's rows. It says nothing that the table `text` does not say, under
numbers that hang on the order of entry; one that another recipe made is made again from the texts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, chain, islice
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    MetaData,
    Table,
    delete,
    func,
    insert,
    select,
)

from catalog.database import writing
from catalog.holdings import Capture
from catalog.search.engines import Chunk, engine_of
from catalog.search.normal import RECIPE, normal
from catalog.search.tokens import chunks
from catalog.texts import Posting, Text
from catalog.types import Key, Outside
from catalog.values import table_of

BATCH = 500
CHARACTERS = 4_000_000
"""Contents of one transaction where the index is made again, and of their texts; one may be longer."""

INDEX = MetaData()
SEARCHABLE = Table(
    "searchable",
    INDEX,
    Column(
        "number",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("version_id", Key, nullable=False),
    Column("kind", Key, nullable=False),
    Column("recipe", Key, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("title", Outside),
    Column("date", Key, nullable=False),
    Column("outcome", Key, nullable=False),
    Column("type", Key, nullable=False),
    Column("code", Key),
    Index("searchable_text", "version_id", "kind", unique=True),
)
"""A row for every text of the catalog, also for those that hold nothing to look for.

Under its `number` are the text's `chunks` indexed, besides its title; of no text there are none.
Numbers rise, for FTS5 writes out what it has in memory where they do not. `date` is when it was
posted, else written, else captured.
"""

Row = dict[str, Any]
_ROW, _TEXT = SEARCHABLE.c, table_of(Text).c
_POSTING, _CAPTURE = table_of(Posting).c, table_of(Capture).c
_READ = ("version_id", "kind", "body", "properties", "outcome", "real_type", "code")
_LOCK = 0x73656172


@contextmanager
def reindexing(connection: Connection, version_ids: Sequence[str]) -> Iterator[None]:
    """Around what writes the texts of these contents: the index then holds what they are after it."""
    _remove(connection, version_ids)
    yield
    _enter(connection, version_ids)


def clear(connection: Connection) -> None:
    """Forget everything, in the transaction in which the texts go."""
    connection.execute(delete(SEARCHABLE))
    engine_of(connection.dialect).clear(connection)


def catch_up(engine: Engine) -> None:
    """Enter the texts that the index lacks; all of them where it was made by another recipe."""
    with writing(engine) as connection:
        with connection.begin():
            recipe = connection.scalar(select(_ROW.recipe).limit(1))
            if recipe not in {None, RECIPE}:
                clear(connection)
        after = ""
        while missing := _missing(connection, after):
            with connection.begin(), reindexing(connection, missing):
                after = missing[-1]


def _missing(connection: Connection, after: str) -> list[str]:
    """Some of the contents that have a text which the index lacks, in the order of their ids."""
    with connection.begin():
        texts, entered = (
            connection.scalar(select(func.count()).select_from(table))
            for table in (table_of(Text), SEARCHABLE)
        )
        if texts == entered:
            return []
        known = select(_ROW.number).where(
            _ROW.version_id == _TEXT.version_id, _ROW.kind == _TEXT.kind
        )
        lacking = (
            select(_TEXT.version_id, func.sum(_TEXT.characters))
            .where(_TEXT.version_id > after, ~known.exists())
            .group_by(_TEXT.version_id)
            .order_by(_TEXT.version_id)
            .limit(BATCH)
        )
        rows = connection.execute(lacking).all()
        room = sum(total <= CHARACTERS for total in accumulate(length for _, length in rows))
        return [id_ for id_, _ in rows[: max(room, 1)]]


def _remove(connection: Connection, version_ids: Collection[str]) -> None:
    """Take out texts that were entered, while they can still be read: FTS5 must be told them."""
    query = (
        select(_ROW.number, _ROW.title, _ROW.recipe, _TEXT.body)
        .join(table_of(Text), (_TEXT.version_id == _ROW.version_id) & (_TEXT.kind == _ROW.kind))
        .where(_ROW.version_id.in_(version_ids))
        .order_by(_ROW.number)
    )
    rows = connection.execute(query).all()
    if not rows:
        return
    if any(row.recipe != RECIPE for row in rows):
        # Its tokens are not those that we would name; `catch_up` enters all of them again.
        clear(connection)
        return
    told = [_chunks(row.number, row.title, row.body) for row in rows]
    engine_of(connection.dialect).remove(connection, list(chain.from_iterable(told)))
    connection.execute(delete(SEARCHABLE).where(_ROW.version_id.in_(version_ids)))


def _enter(connection: Connection, version_ids: Collection[str]) -> None:
    posting = (_POSTING.title, _POSTING.posted, _POSTING.written)
    query = (
        select(*(_TEXT[name] for name in _READ), *posting, _CAPTURE.time)
        .outerjoin(table_of(Posting), _POSTING.version_id == _TEXT.version_id)
        .outerjoin(table_of(Capture), _CAPTURE.id == _TEXT.capture_id)
        .where(_TEXT.version_id.in_(version_ids))
        .order_by(_TEXT.version_id, _TEXT.kind)
    )
    rows: list[Row] = []
    told: list[Chunk] = []
    number = _last_number(connection)
    for text in connection.execute(query):
        number += 1
        title = text.title or dict(text.properties).get("title")
        parts = _chunks(number, title, text.body)
        told += parts
        rows.append(
            {
                "number": number,
                "version_id": text.version_id,
                "kind": text.kind,
                "recipe": RECIPE,
                "chunks": sum(part.chunk > 0 for part in parts),
                "title": title,
                "date": text.posted or text.written or (text.time and text.time.isoformat()) or "",
                "outcome": text.outcome,
                "type": text.real_type,
                "code": text.code,
            }
        )
    if rows:
        connection.execute(insert(SEARCHABLE), rows)
        engine_of(connection.dialect).add(connection, told)


def _chunks(number: int, title: str | None, body: str) -> list[Chunk]:
    """Chunk 0 is the title (what is longer than a chunk is none), the others are the text."""
    titles = islice(enumerate(chunks(normal(title or ""))), 1)
    parts = chain(titles, enumerate(chunks(normal(body)), 1))
    return [Chunk(number, place, part) for place, part in parts]


def _last_number(connection: Connection) -> int:
    if connection.dialect.name == "postgresql":  # SQLite has one writer anyway
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    return connection.scalar(select(func.max(_ROW.number))) or 0
