"""Rows as plain values: what somebody who asks the catalog is handed.

The models of `catalog.holdings` and `catalog.premis` define the tables and name and type their
columns. Nobody who reads a row changes it, so it is not made into a mapped object, which takes ten
times as long as to find the row.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import starmap
from typing import Any, TypeVar, cast

from sqlalchemy import Table
from sqlmodel import SQLModel

Model = TypeVar("Model", bound=SQLModel)


def table_of(model: type[SQLModel]) -> Table:
    return SQLModel.metadata.tables[str(model.__tablename__)]


@cache
def plain(model: type[Model]) -> Callable[..., Model]:
    """Makes named tuples with the fields of a model, given in the order of its table's columns.

    To a type checker they are of the model: what reads one, reads the other. They are not to be
    written to, nor is anything else of a model there.
    """
    names = [column.name for column in table_of(model).columns]
    return cast("Callable[..., Model]", namedtuple(model.__name__, names))  # noqa: PYI024 -- no second list of fields


def values(model: type[Model], rows: Iterable[Sequence[Any]]) -> Iterator[Model]:
    """Whole rows of a model's table as values."""
    return starmap(plain(model), rows)
