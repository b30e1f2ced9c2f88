"""The inserts of ingest: SQL compiled once for a dialect, filled with tuples.

A row that is there already stays, so ingest can be given again. Where two groups speak of the same
row, what counts does not depend on the order in which they come: the latest statement, or the first
place in the archive. Two different things under one id are refused by a NOT NULL, never mixed up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from sqlalchemy import Column, Dialect, and_, case, null, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel

from archive.times import to_text
from catalog import collections, holdings, premis, publications, quotes, texts  # noqa: F401 - defining the tables is what they do
from catalog.types import Instant, Json, Outside, visible

Row = tuple[Any, ...]
Columns = list[Column[Any]]
_Upsert = Any
"""`sqlite.Insert` or `postgresql.Insert`: the same methods without a class in common."""
_Bind = Callable[[Row], Row]
"""Makes the values of a column what the driver takes."""
_Settle = Callable[[_Upsert, Columns], _Upsert]

_PLAN = "id source_id source started operator_id software_id configuration settings file offset"
_CLOSE = "id close_id ended end counts not_requested queued complete shortfall"


@dataclass(frozen=True)
class Insert:
    """One statement and how tuples become its parameters, which are numbers, text and bytes."""

    sql: str
    binds: tuple[tuple[int, _Bind], ...]

    def parameters(self, rows: Sequence[Row]) -> list[Row]:
        """The rows as the driver takes them: text made storable, instants and JSON encoded.

        It goes by columns, for a column of text seldom holds anything that must be changed.
        """
        columns: list[Row] = list(zip(*rows, strict=True))
        for place, bind in self.binds:
            columns[place] = bind(columns[place])
        return list(zip(*columns, strict=True))


@cache
def inserts(dialect: Dialect) -> dict[str, Insert]:
    """The inserts by name, in the order in which they are run."""
    make = partial(_insert, dialect)
    return {
        "agent": make("agent", _stay),
        "agency": make("agency", partial(_latest, by="time", tie="crawl_id")),
        "source": make("source", partial(_latest, by="time", tie="crawl_id")),
        "crawl": make("crawl", _plan, _PLAN),
        "close": make("crawl", partial(_latest, by="ended", tie="close_id"), _CLOSE),
        "run": make("run", _plan, "id kind source_id started"),
        "run_end": make(
            "run", partial(_latest, by="ended", tie="outcome"), "id kind ended outcome"
        ),
        "document": make("document", partial(_least, of="url")),
        "version": make("version", partial(_refuse_other, told_by="sha256")),
        "capture": make("capture", partial(_first_place, told_by="url")),
        "event": make("event", partial(_first_place, told_by="type")),
        "event_object": make("event_object", _stay),
        "record": make("record", _stay),
        "warc_file": make("warc_file", _stay),
    }


def _insert(dialect: Dialect, table_name: str, settle: _Settle, names: str = "") -> Insert:
    table = SQLModel.metadata.tables[table_name]
    columns = [column for column in table.columns if not names or column.name in names.split()]
    upsert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    compiled = settle(upsert(table), columns).compile(
        dialect=dialect, column_keys=[column.name for column in columns]
    )
    binds = tuple(
        (place, _bind(column.type))
        for place, column in enumerate(columns)
        if isinstance(column.type, Outside | Instant | Json)
    )
    return Insert(str(compiled), binds)


def _stay(statement: _Upsert, _: Columns) -> _Upsert:
    return statement.on_conflict_do_nothing()


def _plan(statement: _Upsert, columns: Columns) -> _Upsert:
    """A crawl's plan fills the row that its close may have made already."""
    new = {column.name: statement.excluded[column.name] for column in columns}
    return statement.on_conflict_do_update(index_elements=["id"], set_=new)


def _latest(statement: _Upsert, columns: Columns, by: str, tie: str) -> _Upsert:
    """The latest statement counts; `tie` decides between two of one instant."""
    old, new = statement.table.c, statement.excluded
    later = or_(
        old[by].is_(None),
        old[by] < new[by],
        and_(old[by] == new[by], old[tie] < new[tie]),
    )
    values = {column.name: new[column.name] for column in columns}
    return statement.on_conflict_do_update(index_elements=["id"], set_=values, where=later)


def _least(statement: _Upsert, _: Columns, of: str) -> _Upsert:
    """Of several values for one id the least one stands, whichever comes first."""
    new = statement.excluded[of]
    return statement.on_conflict_do_update(
        index_elements=["id"], set_={of: new}, where=new < statement.table.c[of]
    )


def _refuse_other(statement: _Upsert, _: Columns, told_by: str) -> _Upsert:
    """The row stays; another thing under its id breaks on the NOT NULL of `told_by`."""
    other = statement.table.c[told_by] != statement.excluded[told_by]
    return statement.on_conflict_do_update(
        index_elements=["id"], set_={told_by: null()}, where=other
    )


def _first_place(statement: _Upsert, columns: Columns, told_by: str) -> _Upsert:
    """A group copied into a second file counts where it lies first; see `_refuse_other`."""
    old, new = statement.table.c, statement.excluded
    same = old[told_by] == new[told_by]
    values: dict[str, Any] = {told_by: case((same, old[told_by]), else_=null())}
    for column in columns:
        if column.name in {"file", "offset", "length"}:
            values[column.name] = new[column.name]
    return statement.on_conflict_do_update(
        index_elements=["id"], set_=values, where=or_(~same, new.file < old.file)
    )


def _bind(kind: Outside | Instant | Json) -> _Bind:
    if isinstance(kind, Outside):
        return _all_visible
    return partial(_each, to_text if isinstance(kind, Instant) else Json.dumps)


def _all_visible(column: Row) -> Row:
    together = "".join(filter(None, column))
    return column if visible(together) == together else _each(visible, column)


def _each(bind: Callable[[Any], Any], column: Row) -> Row:
    return tuple([None if value is None else bind(value) for value in column])
