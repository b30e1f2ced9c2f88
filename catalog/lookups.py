"""The selects of look-ups: SQL compiled once for a dialect, whose rows come as plain values.

Before SQLAlchemy runs a select for the first time it makes ready for whatever may be asked of its
result, which takes longer than to open the catalog and find the row. A command asks but once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Generic

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Select,
    TextClause,
    literal_column,
    select,
)
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from catalog.values import Model, table_of, values

Condition = ColumnElement[bool] | TextClause
Convert = Callable[[Any], Any]


@dataclass(frozen=True, eq=False)
class Lookup(Generic[Model]):
    """A select of whole rows of one table, built once and run often."""

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
        rows = connection.exec_driver_sql(compiled.sql, compiled.parameters(parameters))
        return list(values(self.model, compiled.converted(rows.all())))


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
    binds = compiled.binds
    columns = table_of(lookup.model).columns
    converts = (_kind(column.type, dialect).result_processor(dialect, None) for column in columns)
    return _Compiled(
        sql=str(compiled),
        fixed={name: binds[name].value for name in names if not binds[name].required},
        binds=tuple(
            (name, _kind(binds[name].type, dialect).bind_processor(dialect)) for name in names
        ),
        results=tuple((place, convert) for place, convert in enumerate(converts) if convert),
    )


def _kind(kind: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    """A type as this dialect has it."""
    return kind.dialect_impl(dialect)
