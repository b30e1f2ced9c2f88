"""Values cross into both databases and back the same."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, delete, select
from sqlmodel import SQLModel

from catalog.inserts import inserts
from catalog.types import visible
from tests.catalogs import holdings

CHARACTERS = st.characters(codec=None, exclude_categories=()) | st.sampled_from(
    ["\x00", "\udc80", "\udcff", "\ud800", "\u202e", "\\", "\ufeff", "中", "\U0010ffff"]
)
"""Any code point, lone surrogates and NUL among them."""
ANY_TEXT = st.text(CHARACTERS, max_size=60)
SQLITE = create_engine("sqlite://").dialect
CROSSING = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def crossed(engine: Engine, name: str, detail: Any, time: datetime) -> Any:
    """What comes back of one row, written as ingest writes."""
    table = SQLModel.metadata.tables["agency"]
    sql = inserts(engine.dialect)["agency"]
    with engine.connect() as connection:
        rows = sql.parameters([("id", name, detail, "crawl", time)])
        connection.exec_driver_sql(sql.sql, rows)
        found = connection.execute(select(table).where(table.c.name == name)).one()
        connection.rollback()
    return found


@CROSSING
@given(text=ANY_TEXT)
def test_any_text_from_outside_comes_back_as_what_a_reader_sees(engine: Engine, text: str) -> None:
    assert crossed(engine, text, {}, datetime(2026, 1, 1, tzinfo=UTC)).name == visible(text)


@given(texts=st.lists(st.none() | ANY_TEXT, min_size=1, max_size=4))
def test_rows_bound_together_are_bound_as_each_alone(texts: list[str | None]) -> None:
    sql = inserts(SQLITE)["agency"]
    day = datetime(2026, 1, 1, tzinfo=UTC)
    rows = [("id", text, {"of": text}, "crawl", day) for text in texts]
    together = sql.parameters(rows)
    assert together == [sql.parameters([row])[0] for row in rows]
    assert [row[1] for row in together] == [
        text if text is None else visible(text) for text in texts
    ]


@given(text=ANY_TEXT)
def test_what_was_made_visible_once_stays_as_it_is(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    assert "\x00" not in shown
    assert shown.encode().decode() == shown


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_text_that_a_database_can_store_is_not_touched(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", r"a\x00b"),
        (
            b"\xb8\xbd\xbc\xfe.doc".decode("utf-8", "surrogateescape"),
            r"\udcb8\udcbd\udcbc\udcfe.doc",
        ),
        ("\ud800附件", r"\ud800附件"),
        (r"C:\x00", r"C:\x00"),
    ],
)
def test_what_cannot_be_stored_shows_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_huge_text_comes_back_whole(engine: Engine) -> None:
    text = "政府采购\x00" * 300_000
    assert crossed(engine, text, {}, datetime(2026, 1, 1, tzinfo=UTC)).name == visible(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=10,
)


@CROSSING
@given(detail=st.dictionaries(st.text(string.printable, max_size=9), JSON, max_size=4))
def test_json_comes_back_as_it_was(engine: Engine, detail: Any) -> None:
    found = crossed(engine, "name", detail, datetime(2026, 1, 1, tzinfo=UTC)).detail
    assert _plain(found) == _plain(detail)


def _plain(value: Any) -> Any:
    """JSON cannot tell two lone surrogates side by side from the character that they encode."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_plain(name): _plain(entry) for name, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, list) else value


@CROSSING
@given(
    time=st.datetimes(
        datetime(1, 1, 3),
        datetime(9999, 12, 29),
        timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))]),
    )
)
def test_an_instant_comes_back_in_utc_to_the_microsecond(engine: Engine, time: datetime) -> None:
    found = crossed(engine, "name", {}, time).time
    assert found == time
    assert found.utcoffset() == timedelta(0)


def test_a_naive_datetime_is_no_instant(engine: Engine) -> None:
    table = holdings.Agency.metadata.tables["agency"]
    with engine.connect() as connection, pytest.raises(Exception, match="no instant"):
        connection.execute(delete(table).where(table.c.time == datetime(2026, 1, 1)))
