"""Rows come as plain values, the same by a look-up as by SQLAlchemy itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import ColumnElement, Engine, bindparam, select
from sqlmodel import SQLModel

from archive.digest import Absent, Digests
from archive.layout import ArchiveRoot
from archive.statement import Layers
from catalog.holdings import Capture, Crawl
from catalog.ingest import ingest
from catalog.lookups import Lookup
from catalog.premis import Event, Record, WarcFile
from catalog.values import plain, table_of, values
from tests.groups import NOW
from tests.sealed import SECOND, crawl_groups, not_modified, page, store


@pytest.fixture
def filled(engine: Engine, tmp_path: Path) -> Engine:
    root = ArchiveRoot.create(tmp_path / "archive")
    first = page("http://x.example/附件%s?a=:b", at=1, etag='"1"')
    cut = page(at=2, digests=Layers(block=Digests.of(b"x"), payload=Absent("truncated")))
    groups = (*crawl_groups(), first, cut, not_modified(first, at=5))
    ingest(engine, [store(root, *groups)], root)
    return engine


@pytest.mark.parametrize("model", [Capture, Crawl, Event, Record, WarcFile])
def test_a_look_up_gives_each_column_as_sqlalchemy_does(
    filled: Engine, model: type[SQLModel]
) -> None:
    with filled.connect() as connection:
        expected = connection.execute(select(table_of(model))).all()
        found = Lookup.of(model)(connection)
    assert sorted(map(tuple, found), key=repr) == sorted(map(tuple, expected), key=repr)


def test_a_look_up_binds_as_the_columns_do(filled: Engine) -> None:
    time = table_of(Capture).c.time
    since: ColumnElement[object] = bindparam("since")
    lookup = Lookup.of(Capture, time > since).order_by(time).limit(1)
    with filled.connect() as connection:
        (found,) = lookup(connection, since=NOW + SECOND)
        assert found.time == NOW + 2 * SECOND
        with pytest.raises(ValueError, match="naive"):
            lookup(connection, since=NOW.replace(tzinfo=None))
        with pytest.raises(KeyError):
            lookup(connection, until=NOW)


@pytest.mark.parametrize("model", [Capture, Crawl, Event, Record, WarcFile])
def test_a_value_has_the_fields_of_its_model_and_stays_as_it_is(model: type[SQLModel]) -> None:
    names = list(model.model_fields)
    (value,) = values(model, [names])
    assert {name: getattr(value, name) for name in names} == dict(zip(names, names, strict=True))
    assert value == plain(model)(*names)
    with pytest.raises(AttributeError):
        setattr(value, names[0], "other")
