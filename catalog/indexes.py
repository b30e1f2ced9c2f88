"""Indexes, made after the rows where there are many: sorting once is far quicker than a million
searches for a place.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Index, func, select
from sqlalchemy.schema import CreateIndex, DropIndex
from sqlmodel import SQLModel

from catalog import collections, holdings, premis, publications, quotes, texts  # noqa: F401 - they define the tables


def leave_indexes_for_last(connection: Connection) -> None:
    """Drop the indexes of a catalog that holds nothing yet, for `make_indexes` to make again.

    A crash in between leaves a catalog that is right and slow, until the next ingest.
    """
    files = SQLModel.metadata.tables["warc_file"]
    with connection.begin():
        if connection.scalar(select(func.count()).select_from(files)) == 0:
            for index in _indexes():
                connection.execute(DropIndex(index, if_exists=True))


def make_indexes(connection: Connection) -> None:
    """Make those that are missing."""
    for index in _indexes():
        connection.execute(CreateIndex(index, if_not_exists=True))


def _indexes() -> Iterator[Index]:
    """All but those of the primary keys, which tell one row from another."""
    for table in SQLModel.metadata.sorted_tables:
        yield from sorted(table.indexes, key=lambda index: str(index.name))
