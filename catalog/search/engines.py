"""The two full-text indexes: FTS5 of SQLite, and `tsvector` with GIN of PostgreSQL.

Both hold the same chunks of the same tokens (catalog.search.tokens) under a text's number and the
chunk's; chunk 0 is the title. The second column is the chunk in simplified characters, where they
differ from it. Neither keeps the text itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, Protocol

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    Integer,
    Select,
    bindparam,
    cast,
    column,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from catalog.search.simplified import simplified
from catalog.search.tokens import CHUNK, OVERLAP, Phrase, tokens

_BITS = 20
"""Of a row's id in SQLite that are the chunk's number: no database holds a text of more."""


class Chunk(NamedTuple):
    """A part of a text, under `catalog.search.normal`."""

    number: int
    """Of the text (catalog.search.index)."""
    chunk: int
    normal: str


class Engine(Protocol):
    """What a full-text index has to do."""

    def add(self, connection: Connection, chunks: Sequence[Chunk]) -> None:
        """Index chunks, in rising order."""

    def remove(self, connection: Connection, chunks: Sequence[Chunk]) -> None:
        """Take out chunks, told exactly as they were added."""

    def clear(self, connection: Connection) -> None: ...

    def places(self, phrase: Phrase, *, fold: bool) -> Select[int, int]:
        """The columns `number` and `chunk` of all chunks in which the phrase stands."""


def engine_of(dialect: Dialect) -> Engine:
    return _PostgreSQL() if dialect.name == "postgresql" else _SQLite()


class _SQLite:
    """FTS5 without content: it is told again what it is to forget (FTS5, 4.4.3)."""

    _ADD = "INSERT INTO search_index (rowid, plain, simplified) VALUES (?, ?, ?)"
    _REMOVE = (
        "INSERT INTO search_index (search_index, rowid, plain, simplified) "
        "VALUES ('delete', ?, ?, ?)"
    )
    _CLEAR = "INSERT INTO search_index (search_index) VALUES ('delete-all')"

    def add(self, connection: Connection, chunks: Sequence[Chunk]) -> None:
        self._run(connection, self._ADD, chunks)

    def remove(self, connection: Connection, chunks: Sequence[Chunk]) -> None:
        self._run(connection, self._REMOVE, chunks)

    def clear(self, connection: Connection) -> None:
        connection.exec_driver_sql(self._CLEAR)

    def places(self, phrase: Phrase, *, fold: bool) -> Select[int, int]:
        quoted = f'"{" ".join(phrase.tokens)}"{" *" if phrase.open else ""}'
        row: ColumnElement[int] = literal_column("rowid")
        return (
            select(
                row.op(">>")(literal_column(str(_BITS))).label("number"),
                row.op("&")(literal_column(str((1 << _BITS) - 1))).label("chunk"),
            )
            .select_from(table("search_index"))
            .where(
                literal_column("search_index").op("MATCH")(
                    bindparam(None, quoted if fold else f"plain : {quoted}")
                )
            )
        )

    @staticmethod
    def _run(connection: Connection, sql: str, chunks: Iterable[Chunk]) -> None:
        rows = [
            (number << _BITS | chunk, tokens(plain), tokens(simple) if simple != plain else None)
            for number, chunk, plain in chunks
            for simple in (simplified(plain),)
        ]
        if rows:
            connection.exec_driver_sql(sql, rows)


class _PostgreSQL:
    """Casts from literals, which go past every parser, dictionary and locale of the server."""

    _ADD = "INSERT INTO search_index VALUES (%s, %s, %s, %s::tsvector, %s::tsvector)"
    _REMOVE = "DELETE FROM search_index WHERE number = %s"
    _CLEAR = "DELETE FROM search_index"
    _MOST_OF_ONE = 255
    """Positions of one lexeme that a `tsvector` keeps, without a word on the rest."""

    def add(self, connection: Connection, chunks: Sequence[Chunk]) -> None:
        rows = [
            (number, chunk, part, _literal(plain), _literal(simple) if simple != plain else None)
            for number, chunk, whole in chunks
            for part, plain in enumerate(self._parts(whole))
            for simple in (simplified(plain),)
        ]
        if rows:
            connection.exec_driver_sql(self._ADD, rows)

    def remove(self, connection: Connection, chunks: Sequence[Chunk]) -> None:
        numbers = sorted({chunk.number for chunk in chunks})
        if numbers:
            connection.exec_driver_sql(self._REMOVE, [(number,) for number in numbers])

    def clear(self, connection: Connection) -> None:
        connection.exec_driver_sql(self._CLEAR)

    def places(self, phrase: Phrase, *, fold: bool) -> Select[int, int]:
        quoted = " <-> ".join(f"'{token}'" for token in phrase.tokens)
        wanted = cast(bindparam(None, quoted + (":*" if phrase.open else "")), TSQUERY)
        plain, simple = column("plain").op("@@")(wanted), column("simplified").op("@@")(wanted)
        number, chunk = column("number", BigInteger), column("chunk", Integer)
        holding = select(number, chunk).select_from(table("search_index"))
        return holding.where(or_(plain, simple) if fold else plain).distinct()

    def _parts(self, normal: str) -> Iterator[str]:
        """A chunk, halved until no token stands in it too often."""
        if len(normal) <= self._MOST_OF_ONE or self._fits(normal):
            yield normal
            return
        half = len(normal) // 2
        yield from self._parts(normal[: half + OVERLAP])
        yield from self._parts(normal[half:])

    def _fits(self, normal: str) -> bool:
        for form in {normal, simplified(normal)}:
            ((_, most),) = Counter(tokens(form).split()).most_common(1)
            if most > self._MOST_OF_ONE:
                return False
        return True


_POSITIONS = [f"':{place} '" for place in range(1, CHUNK + 1)]


def _literal(normal: str) -> str:
    """Tokens as a `tsvector` is written: `'商':1 '务':2`."""
    told = chain.from_iterable(zip(tokens(normal).split(), _POSITIONS, strict=False))
    return "'" + "".join(told)[:-1]
