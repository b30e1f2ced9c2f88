"""Fixtures that many tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.catalogs import fresh_postgres, fresh_sqlite
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
