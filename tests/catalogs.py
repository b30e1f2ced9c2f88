"""Catalogs to test with: a fresh one on each database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text
from sqlmodel import SQLModel

from catalog import holdings, inserts, premis
from catalog.database import open_catalog

__all__ = ["dump", "fresh_postgres", "fresh_sqlite", "holdings", "inserts", "premis", "rows"]


@contextmanager
def fresh_sqlite(folder: Path) -> Iterator[Engine]:
    engine = open_catalog(folder / "catalog.sqlite")
    yield engine
    engine.dispose()


@contextmanager
def fresh_postgres(server: str, name: str = "fresh") -> Iterator[Engine]:
    """A new database on that server, in place of an earlier one of its name."""
    admin = create_engine(
        make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine = open_catalog(make_url(server).set(database=name).render_as_string())
    yield engine
    engine.dispose()
    admin.dispose()


def dump(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, in an order that hangs on their values alone."""
    with engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(table.select())), key=repr)
            for table in SQLModel.metadata.sorted_tables
        }


def rows(engine: Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]
