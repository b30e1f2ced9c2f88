"""Publications: works whose bibliographies were checked, as the last check of each left them.

Each check is an event that holds every entry and what was said of it; the tables follow from the
latest event of each publication, so that a rebuild comes to the same rows in any order of ingest.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Index, delete, func, insert, select
from sqlmodel import Field, SQLModel

from archive.errors import NotFoundError
from catalog.collections import folded
from catalog.keys import name_id
from catalog.premis import Event
from catalog.types import Instant, Json, Key, Outside
from catalog.values import table_of, values

BIBLIOGRAPHY_CHECK = "bibliography check"
"""Type of the events."""


class Publication(SQLModel, table=True):
    """A work, and its last check."""

    __tablename__ = "publication"

    id: str = Field(primary_key=True, sa_type=Key)
    """`publication_id(name)`."""
    name: str = Field(sa_type=Outside)
    time: datetime = Field(sa_type=Instant)
    event_id: str = Field(sa_type=Key)
    detail: Any = Field(sa_type=Json)
    """Of the check: files with their digests, days, counts by verdict."""
    checks: int
    """How many there were."""


class Citation(SQLModel, table=True):
    """One pointer of a publication, and what was said of it last."""

    __tablename__ = "citation"
    __table_args__ = (Index("citation_version", "version_id"), {"sqlite_with_rowid": False})

    publication_id: str = Field(primary_key=True, sa_type=Key)
    number: int = Field(primary_key=True)
    """From 1, in the order of the work."""
    key: str = Field(sa_type=Outside)
    place: str = Field(sa_type=Outside)
    url: str | None = Field(default=None, sa_type=Outside)
    verdict: str = Field(sa_type=Key)
    reason: str = Field(sa_type=Outside)
    capture_id: str | None = Field(default=None, sa_type=Key)
    version_id: str | None = Field(default=None, sa_type=Key)
    """What the entry means, where it is held."""
    entry: Any = Field(sa_type=Json)
    """As it was read, so that it can be checked again."""


def publication_id(name: str) -> str:
    return name_id("publication", folded(name))


def find_publication(engine: Engine, name: str) -> Publication:
    """The publication of that name. Raises `NotFoundError`."""
    table = table_of(Publication)
    with engine.connect() as connection:
        rows = connection.execute(select(table).where(table.c.id == publication_id(name)))
        found = next(values(Publication, rows), None)
    if found is None:
        raise NotFoundError(f"no publication {name}", advice="see `muniment publication list`")
    return found


def publications(engine: Engine) -> list[Publication]:
    """All publications, by name."""
    table = table_of(Publication)
    with engine.connect() as connection:
        return list(values(Publication, connection.execute(select(table).order_by(table.c.name))))


def citations_of(engine: Engine, publication: Publication) -> list[Citation]:
    """Its citations, in the order of the work."""
    table = table_of(Citation)
    query = select(table).where(table.c.publication_id == publication.id).order_by(table.c.number)
    with engine.connect() as connection:
        return list(values(Citation, connection.execute(query)))


def derive_publications(connection: Connection) -> None:
    """Make the publications again of which checks came since; nothing where none did."""
    event, publication = table_of(Event), table_of(Publication)
    held = connection.scalar(select(func.coalesce(func.sum(publication.c.checks), 0)))
    told = connection.scalar(select(func.count()).where(event.c.type == BIBLIOGRAPHY_CHECK))
    if held == told:
        return
    for table in (table_of(Citation), publication):
        connection.execute(delete(table))
    last: dict[str, Any] = {}
    counts: dict[str, int] = {}
    checks = (
        select(event.c.id, event.c.time, event.c.detail)
        .where(event.c.type == BIBLIOGRAPHY_CHECK)
        .order_by(event.c.time, event.c.id)
    )
    for row in connection.execute(checks):
        key = publication_id(row.detail["publication"])
        last[key] = row
        counts[key] = counts.get(key, 0) + 1
    for key, row in last.items():
        detail = {name: value for name, value in row.detail.items() if name != "entries"}
        connection.execute(
            insert(publication),
            {
                "id": key,
                "name": row.detail["publication"],
                "time": row.time,
                "event_id": row.id,
                "detail": detail,
                "checks": counts[key],
            },
        )
        rows = [
            _citation(key, number, told) for number, told in enumerate(row.detail["entries"], 1)
        ]
        if rows:
            connection.execute(insert(table_of(Citation)), rows)


def _citation(publication: str, number: int, told: dict[str, Any]) -> dict[str, Any]:
    entry = told["entry"]
    return {
        "publication_id": publication,
        "number": number,
        "key": entry["key"],
        "place": entry["place"],
        "url": entry["urls"][0] if entry["urls"] else None,
        "verdict": told["verdict"],
        "reason": told["reason"],
        "capture_id": told.get("capture"),
        "version_id": told.get("version"),
        "entry": entry,
    }
