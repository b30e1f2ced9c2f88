"""Fixtures that many tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.catalogs import fresh_postgres, fresh_sqlite
from tests.packages import Package, make
from tests.postgres import postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server of this run's own; skips where there is none."""
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A new, empty catalog, on each of both databases."""
    if request.param == "sqlite":
        with fresh_sqlite(tmp_path) as engine:
            yield engine
        return
    with fresh_postgres(request.getfixturevalue("postgres_server")) as engine:
        yield engine


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """An evidence package with an exhibit of every sort. Nobody changes it: tests change copies."""
    return make(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="session")
def small_package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """One of two exhibits, for what is verified often."""
    return make(tmp_path_factory.mktemp("small"), small=True)
