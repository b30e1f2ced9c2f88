"""Collections: named sets of documents, versions and captures, as the orders of people made them.

Every order is an event (`COLLECTION`) whose detail says what was done; the two tables follow from
those events alone, in the order of their times, so a rebuild comes to the same rows.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Index, Select, delete, func, insert, select, union
from sqlmodel import Field, SQLModel

from archive.errors import NotFoundError
from catalog.documents import last_seen
from catalog.holdings import Capture
from catalog.keys import name_id
from catalog.premis import Event
from catalog.types import Instant, Key, Outside
from catalog.values import table_of, values

COLLECTION = "collection"
"""Type of the events."""
CREATE, ADD, REMOVE, FREEZE = "create", "add", "remove", "freeze"


class Collection(SQLModel, table=True):
    """A named set, and its manifest once it is frozen."""

    __tablename__ = "collection"

    id: str = Field(primary_key=True, sa_type=Key)
    """`collection_id(name)`."""
    name: str = Field(sa_type=Outside)
    title: str | None = Field(default=None, sa_type=Outside)
    created: datetime = Field(sa_type=Instant)
    frozen: datetime | None = Field(default=None, sa_type=Instant)
    manifest_sha256: bytes | None = None
    """Of the manifest, a record beside the event that froze it."""
    freeze_id: str | None = Field(default=None, sa_type=Key)
    """That event."""
    orders: int
    """How many events made it what it is."""


class CollectionMember(SQLModel, table=True):
    """One thing in a collection. Once frozen, each is one version seen by one capture."""

    __tablename__ = "collection_member"
    __table_args__ = (
        Index("collection_member_version", "version_id"),
        Index("collection_member_document", "document_id"),
        {"sqlite_with_rowid": False},
    )

    collection_id: str = Field(primary_key=True, sa_type=Key)
    member_id: str = Field(primary_key=True, sa_type=Key)
    """The id that was added: of a document, a version or a capture."""
    kind: str = Field(sa_type=Key)
    """`document`, `version` or `capture`."""
    document_id: str | None = Field(default=None, sa_type=Key)
    version_id: str | None = Field(default=None, sa_type=Key)
    capture_id: str | None = Field(default=None, sa_type=Key)
    event_id: str = Field(sa_type=Key)
    """The event that added it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What a member is, as an event's detail has it."""

    id: str
    kind: str
    document: str | None = None
    version: str | None = None
    capture: str | None = None

    def to_json(self) -> dict[str, str]:
        told = {
            name: getattr(self, name) for name in ("id", "kind", "document", "version", "capture")
        }
        return {name: value for name, value in told.items() if value is not None}

    @classmethod
    def from_json(cls, told: dict[str, str]) -> Member:
        return cls(
            **{name: told.get(name) for name in ("document", "version", "capture")},
            id=told["id"],
            kind=told["kind"],
        )


def folded(name: str) -> str:
    """What tells one name from another: neither case nor width nor the way an accent is written."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def collection_id(name: str) -> str:
    return name_id("collection", folded(name))


def find_collection(engine: Engine, name: str) -> Collection:
    """The collection of that name. Raises `NotFoundError`."""
    query = select(table_of(Collection)).where(table_of(Collection).c.id == collection_id(name))
    with engine.connect() as connection:
        found = next(values(Collection, connection.execute(query)), None)
    if found is None:
        raise NotFoundError(f"no collection {name}", advice="see `muniment collection list`")
    return found


def collections(engine: Engine) -> list[tuple[Collection, int]]:
    """All collections by name, each with the number of its members."""
    collection, member = table_of(Collection), table_of(CollectionMember)
    count = select(func.count()).where(member.c.collection_id == collection.c.id).scalar_subquery()
    with engine.connect() as connection:
        rows = connection.execute(select(collection, count).order_by(collection.c.name))
        return [(next(values(Collection, [row[:-1]])), row[-1]) for row in rows]


def members(engine: Engine, collection: Collection) -> list[CollectionMember]:
    """The members, in the order of their ids."""
    member = table_of(CollectionMember)
    query = (
        select(member).where(member.c.collection_id == collection.id).order_by(member.c.member_id)
    )
    with engine.connect() as connection:
        return list(values(CollectionMember, connection.execute(query)))


def versions_in(collection: str) -> Select[Any]:
    """The ids of the versions in a collection (its id): of a document not yet frozen, all it showed."""
    member, capture = table_of(CollectionMember).c, table_of(Capture).c
    fixed = select(member.version_id).where(
        member.collection_id == collection, member.version_id.is_not(None)
    )
    shown = (
        select(capture.version_id)
        .join(table_of(CollectionMember), member.document_id == capture.document_id)
        .where(
            member.collection_id == collection,
            member.version_id.is_(None),
            capture.version_id.is_not(None),
        )
    )
    both = union(fixed, shown).subquery()
    return select(both.c[0])


def captures_in(engine: Engine, collection: Collection) -> list[Capture]:
    """One capture for each member, in the order of their ids: the one that was fixed, or else the
    last that saw the version or the document.
    """
    found = (_standing_for(engine, member) for member in members(engine, collection))
    return [capture for capture in found if capture is not None]


def _standing_for(engine: Engine, member: CollectionMember) -> Capture | None:
    if not member.capture_id:
        id_ = member.version_id or member.document_id
        return last_seen(engine, id_, document=not member.version_id) if id_ else None
    capture = table_of(Capture)
    with engine.connect() as connection:
        query = select(capture).where(capture.c.id == member.capture_id)
        return next(values(Capture, connection.execute(query)), None)


# What follows makes the tables out of the events.


def derive_collections(connection: Connection) -> None:
    """Make the collections again of which events came since; nothing where none did."""
    event, collection = table_of(Event), table_of(Collection)
    held = connection.scalar(select(func.coalesce(func.sum(collection.c.orders), 0)))
    told = connection.scalar(select(func.count()).where(event.c.type == COLLECTION))
    if held == told:
        return
    for table in (table_of(CollectionMember), collection):
        connection.execute(delete(table))
    orders = connection.execute(
        select(event.c.id, event.c.time, event.c.detail)
        .where(event.c.type == COLLECTION)
        .order_by(event.c.time, event.c.id)
    )
    states: dict[str, _State] = {}
    for event_id, time, detail in orders:
        key = collection_id(detail["collection"])
        states.setdefault(key, _State(detail["collection"], time)).apply(event_id, time, detail)
    for key, state in states.items():
        connection.execute(insert(collection), state.row(key))
        rows = state.member_rows(key)
        if rows:
            connection.execute(insert(table_of(CollectionMember)), rows)


@dataclass
class _State:
    """A collection while its events are read."""

    name: str
    created: datetime
    title: str | None = None
    frozen: datetime | None = None
    manifest: bytes | None = None
    freeze_id: str | None = None
    orders: int = 0
    members: dict[str, tuple[Member, str]] = field(default_factory=dict)

    def apply(self, event_id: str, time: datetime, detail: dict[str, Any]) -> None:
        """One event. After the first freeze nothing changes a collection any more."""
        self.orders += 1
        if self.frozen is not None:
            return
        self.title = detail.get("title") or self.title
        named = [Member.from_json(told) for told in detail.get("members", ())]
        if detail["action"] == REMOVE:
            for member in named:
                self.members.pop(member.id, None)
        elif detail["action"] == FREEZE:
            self.frozen, self.freeze_id = time, event_id
            self.manifest = bytes.fromhex(detail["manifest"])
            added = {id_: event for id_, (_, event) in self.members.items()}
            self.members = {m.id: (m, added.get(m.id, event_id)) for m in named}
        else:
            for member in named:
                self.members.setdefault(member.id, (member, event_id))

    def row(self, key: str) -> dict[str, Any]:
        return {
            "id": key,
            "name": self.name,
            "title": self.title,
            "created": self.created,
            "frozen": self.frozen,
            "manifest_sha256": self.manifest,
            "freeze_id": self.freeze_id,
            "orders": self.orders,
        }

    def member_rows(self, key: str) -> list[dict[str, Any]]:
        return [
            {
                "collection_id": key,
                "member_id": member.id,
                "kind": member.kind,
                "document_id": member.document,
                "version_id": member.version,
                "capture_id": member.capture,
                "event_id": event_id,
            }
            for member, event_id in self.members.values()
        ]
