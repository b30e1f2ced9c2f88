"""Opening the catalog: SQLite in a file by default, PostgreSQL by URL, one code for both."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError

from archive.errors import StorageError, UsageError, Where

REVISION = "0001"
"""The newest migration, so that an up-to-date catalog opens without loading Alembic."""

_ASK_REVISION = "SELECT version_num FROM alembic_version"
_MIGRATION_LOCK = 0x6D756E69
_CACHE_KIB = 64 * 1024
_PATIENCE = 60
"""Seconds to wait for another writer."""


def open_catalog(target: str | Path) -> Engine:
    """The catalog at a file's path or a database URL, made or migrated where that is needed.

    Raises `UsageError` for a URL of another database or a catalog made by a newer Muniment, and
    `StorageError` where the database cannot be opened.
    """
    engine = _engine(target)
    try:
        _bring_up_to_date(engine)
    except OperationalError as error:
        engine.dispose()
        raise StorageError(
            f"cannot open the catalog: {error.orig}",
            where=Where(engine.url.render_as_string()),
            advice="see that the file can be written, or that the database server runs",
        ) from error
    except BaseException:
        engine.dispose()
        raise
    return engine


def _bring_up_to_date(engine: Engine) -> None:
    if _revision(engine) != REVISION:
        _migrate(engine)


def _engine(target: str | Path) -> Engine:
    if isinstance(target, Path) or "://" not in target:
        target = f"sqlite:///{target}"
    try:
        url = make_url(target)
    except ArgumentError as error:
        raise UsageError(f"not the URL of a database: {target!r}") from error
    if url.get_backend_name() == "postgresql":
        # Positional parameters let ingest hand over tuples, as SQLite takes them.
        return create_engine(url.set(drivername="postgresql+psycopg"), paramstyle="format")
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url.set(drivername="sqlite"))
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
        return engine
    raise UsageError(
        f"no catalog on {url.get_backend_name()!r}", advice="give sqlite:///… or postgresql://…"
    )


def _on_sqlite_connect(connection: Any, _: Any) -> None:
    # The driver must not begin transactions by itself: a migration has to be one, tables and all.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {_PATIENCE * 1000}")
    _use_wal(connection)
    # A power cut loses the last rows at most, and the next ingest makes them again.
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")


def _use_wal(connection: Any) -> None:
    """Readers then never wait for the writer. SQLite turns this one request away where another
    program is opening the new file too, whatever the busy timeout says, so it is asked again.
    """
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _on_sqlite_begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def writing(engine: Engine) -> Connection:
    """A connection whose transactions take SQLite's write lock at once.

    Two writers then wait for each other; one that had only read first would be turned away.
    """
    return engine.connect().execution_options(writing=True)


def _revision(engine: Engine) -> str | None:
    """Which migration a catalog is at; `None` where there is none: the tables are still to be made.

    Asked without looking for the table first, which takes longer than the answer.
    """
    try:
        with engine.connect() as connection:
            found: str | None = connection.exec_driver_sql(_ASK_REVISION).scalar()
    except (OperationalError, ProgrammingError):
        with engine.connect() as connection:
            if inspect(connection).has_table("alembic_version"):
                raise
        return None
    return found


def _migrate(engine: Engine) -> None:
    # Alembic takes a fifth of a second to load, and an up-to-date catalog needs it never.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    with writing(engine) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise UsageError(
                "the catalog was made by a newer Muniment",
                where=Where(engine.url.render_as_string()),
                advice="install the newer version, or delete the catalog and run `muniment rebuild`",
            ) from error
