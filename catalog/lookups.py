"""The selects of look-ups: SQL compiled once for a dialect, whose rows come as plain values.

SQLAlchemy compiles them; the driver runs them. Before SQLAlchemy itself runs a select it makes ready
for whatever may be asked of the result, which takes longer than to open the catalog and find the
row, and a command asks but once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Select,
    Table,
    TextClause,
    literal_column,
    select,
)
from sqlalchemy.sql.compiler import SQLCompiler

from catalog.values import Model, table_of, values

Condition = ColumnElement[bool] | TextClause
Convert = Callable[[Any], Any]


@dataclass(frozen=True, eq=False)
class Lookup(Generic[Model]):
    """A select of whole rows of one table, built once and run often; its transaction is the driver's."""

    model: type[Model]
    select: Select[Any]

    @classmethod
    def of(cls, model: type[Model], *conditions: Condition) -> Lookup[Model]:
        # To compile the columns one by one takes longer than all the rest.
        columns = ", ".join(f'"{column.name}"' for column in table_of(model).columns)
        query: Select[Any] = select(literal_column(columns)).select_from(table_of(model))
        return cls(model, query.where(*conditions))

    def order_by(self, *columns: ColumnElement[Any]) -> Lookup[Model]:
        return Lookup(self.model, self.select.order_by(*columns))

    def limit(self, most: ColumnElement[int] | int | None) -> Lookup[Model]:
        return Lookup(self.model, self.select.limit(most))

    def __call__(self, connection: Connection, **parameters: Any) -> list[Model]:
        """The rows; each parameter that the select names must be among those given."""
        compiled = _compiled(self, connection.dialect)
        with closing(connection.connection.cursor()) as cursor:
            cursor.execute(compiled.sql, compiled.parameters(parameters))
            return list(values(self.model, compiled.converted(cursor.fetchall())))


@dataclass(frozen=True)
class _Compiled:
    """The SQL of a look-up, how its parameters become the driver's, and the driver's values ours."""

    sql: str
    fixed: dict[str, Any]
    binds: tuple[tuple[str, Convert | None], ...]
    results: tuple[tuple[int, Convert], ...]

    def parameters(self, given: dict[str, Any]) -> tuple[Any, ...]:
        found = {**given, **self.fixed}
        return tuple([bind(found[name]) if bind else found[name] for name, bind in self.binds])

    def converted(self, rows: Sequence[Sequence[Any]]) -> Iterator[Sequence[Any]]:
        for row in rows:
            fields = list(row)
            for place, convert in self.results:
                fields[place] = convert(fields[place])
            yield fields


@lru_cache(maxsize=128)
def _compiled(lookup: Lookup[Any], dialect: Dialect) -> _Compiled:
    compiled = lookup.select.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    names = compiled.positiontup
    assert names is not None, "both drivers are given tuples"
    named = {name: compiled.binds[name] for name in names}
    return _Compiled(
        sql=str(compiled),
        fixed={name: bind.value for name, bind in named.items() if not bind.required},
        binds=tuple(
            (name, named[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in names
        ),
        results=_results(table_of(lookup.model), dialect),
    )


@lru_cache(maxsize=128)
def _results(table: Table, dialect: Dialect) -> tuple[tuple[int, Convert], ...]:
    """The columns of a table that are not as the driver gives them, and what makes them so."""
    kinds = [column.type for column in table.columns]
    # Types of one class convert alike, and to ask each of them takes longer than to ask the database.
    converts = {
        type(kind): kind.dialect_impl(dialect).result_processor(dialect, None)
        for kind in {type(kind): kind for kind in kinds}.values()
    }
    return tuple(
        (place, convert) for place, kind in enumerate(kinds) if (convert := converts[type(kind)])
    )
