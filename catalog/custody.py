"""The custody of what we hold: which files have a leaf of their own, what happened to a thing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from catalog.fixity import record_referred_to
from catalog.holdings import Capture, Crawl
from catalog.premis import Event, EventObject, Record, WarcFile

SEAL = "seal"
EXPORT = "export"
TIME_STAMP = "time stamp"
RENEWAL = "renewal"
CLOCK_CHECK = "clock check"
BACKUP = "backup"
RESTORE = "restore"
CIRCUMSTANCES = ("tls-chain", "dns")
"""Roles of records that several captures of a crawl speak of and one holds."""


class Told(NamedTuple):
    """An event, and what it speaks of."""

    time: datetime
    detail: Any
    objects: tuple[str, ...]


def without_leaf(engine: Engine) -> list[WarcFile]:
    """The sealed files of which no `seal` event tells yet, in the order of their names."""
    told = (
        select(EventObject.object)
        .join(Event, col(Event.id) == col(EventObject.event_id))
        .where(col(Event.type) == SEAL)
    )
    with Session(engine) as session:
        found = session.exec(
            select(WarcFile).where(col(WarcFile.name).not_in(told)).order_by(col(WarcFile.name))
        )
        return list(found)


def events_about(engine: Engine, *objects: str, type: str | None = None) -> Iterator[Event]:  # noqa: A002
    """The events that speak of one of these things, the earliest first."""
    wanted = (
        select(Event)
        .join(EventObject, col(Event.id) == col(EventObject.event_id))
        .where(col(EventObject.object).in_(objects))
        .distinct()
        .order_by(col(Event.time), col(Event.id))
    )
    if type is not None:
        wanted = wanted.where(col(Event.type) == type)
    with Session(engine) as session:
        yield from session.exec(wanted).all()


def events(engine: Engine, type: str) -> Iterator[Told]:  # noqa: A002
    """All events of one type, the earliest first."""
    wanted = (
        select(Event, EventObject.object)
        .join(EventObject, col(Event.id) == col(EventObject.event_id), isouter=True)
        .where(col(Event.type) == type)
        .order_by(col(Event.time), col(Event.id), col(EventObject.object))
    )
    with Session(engine) as session:
        for _, rows in groupby(session.exec(wanted), key=lambda row: row[0].id):
            found = list(rows)
            objects = tuple(filter(None, (name for _, name in found)))
            yield Told(found[0][0].time, found[0][0].detail, objects)


def objects_of(engine: Engine, type: str) -> set[str]:  # noqa: A002
    """Everything that events of one type speak of."""
    wanted = (
        select(EventObject.object)
        .join(Event, col(Event.id) == col(EventObject.event_id))
        .where(col(Event.type) == type)
    )
    with Session(engine) as session:
        return set(session.exec(wanted))


def event_by_id(engine: Engine, id_: str) -> Event | None:
    with Session(engine) as session:
        return session.get(Event, id_)


def crawl_by_id(engine: Engine, id_: str) -> Crawl | None:
    with Session(engine) as session:
        return session.get(Crawl, id_)


def capture_referred_to(engine: Engine, revisit: Capture) -> Capture | None:
    """The capture that holds the body of a revisit, where the archive has it."""
    record = record_referred_to(engine, revisit)
    if record is None or record.statement_id is None:
        return None
    with Session(engine) as session:
        return session.get(Capture, record.statement_id)


def with_circumstances(engine: Engine, crawl: str) -> list[Capture]:
    """The captures of a crawl that hold a certificate chain or a DNS answer, the latest first."""
    wanted = (
        select(Capture)
        .join(Record, col(Record.statement_id) == col(Capture.id))
        .where(col(Capture.crawl_id) == crawl, col(Record.file) == col(Capture.file))
        .where(col(Record.role).in_(CIRCUMSTANCES))
        .distinct()
        .order_by(col(Capture.time).desc(), col(Capture.id))
    )
    with Session(engine) as session:
        return list(session.exec(wanted))


def sealed_digests(engine: Engine) -> dict[str, bytes]:
    """SHA-256 of each sealed file that has a leaf of its own, as the latest one has it."""
    wanted = (
        select(EventObject.object, Event.detail)
        .join(Event, col(Event.id) == col(EventObject.event_id))
        .where(col(Event.type) == SEAL)
        .order_by(col(Event.time), col(Event.id))
    )
    with Session(engine) as session:
        return {name: bytes.fromhex(detail["sha256"]) for name, detail in session.exec(wanted)}
