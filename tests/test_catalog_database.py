"""Opening the catalog: made, migrated, refused."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlmodel import SQLModel

import catalog
from archive.errors import StorageError, UsageError
from catalog.database import REVISION, open_catalog, writing
from catalog.search.index import INDEX as SEARCH_INDEX
from tests.catalogs import fresh_sqlite


def test_the_migrations_make_the_tables_that_the_models_tell(engine: Engine) -> None:
    def named(name: str | None, kind: str, _: object) -> bool:
        return kind != "table" or not (name or "").startswith("search_index")

    told = {"compare_server_default": True, "include_name": named}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=told)
        assert compare_metadata(context, [SQLModel.metadata, SEARCH_INDEX]) == []  # type: ignore[arg-type]


def test_the_revision_named_in_the_code_is_the_newest_migration() -> None:
    scripts = ScriptDirectory(str(Path(catalog.__path__[0]) / "migrations"))
    assert scripts.get_heads() == [REVISION]


def test_an_up_to_date_catalog_is_opened_as_it_is(tmp_path: Path) -> None:
    with fresh_sqlite(tmp_path) as first, writing(first) as connection, connection.begin():
        connection.execute(text("INSERT INTO agent VALUES ('a', 'operator', '王芳')"))
    with fresh_sqlite(tmp_path) as again, again.connect() as connection:
        assert connection.scalar(text("SELECT name FROM agent")) == "王芳"


def test_a_catalog_of_a_newer_program_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UsageError, match="newer Muniment"):
        open_catalog(engine.url.render_as_string())


@pytest.mark.parametrize("url", ["mysql://host/base", "://", "nonsense://"])
def test_a_database_that_we_do_not_know_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        open_catalog(url)


def test_a_catalog_that_cannot_be_opened_says_where(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no-such-folder"):
        open_catalog(tmp_path / "no-such-folder" / "catalog.sqlite")


def test_two_programs_may_open_a_new_catalog_at_once(tmp_path: Path) -> None:
    engines: list[Engine] = []
    opening = [
        threading.Thread(target=lambda: engines.append(open_catalog(tmp_path / "catalog.sqlite")))
        for _ in range(4)
    ]
    for thread in opening:
        thread.start()
    for thread in opening:
        thread.join()
    assert len(engines) == 4
    for engine in engines:
        assert inspect(engine).has_table("capture")
        engine.dispose()
