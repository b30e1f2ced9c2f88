"""The custody of what we hold: which files have a leaf of their own, what happened to a thing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Engine, Select, exists, select

from catalog.fixity import record_referred_to
from catalog.holdings import Capture, Crawl
from catalog.premis import Event, EventObject, Record, WarcFile
from catalog.values import table_of, values

_EVENT, _OBJECT, _FILE = table_of(Event).c, table_of(EventObject).c, table_of(WarcFile).c
_CAPTURE, _CRAWL, _RECORD = table_of(Capture).c, table_of(Crawl).c, table_of(Record).c
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
    query = select(table_of(WarcFile)).where(_FILE.name.not_in(_spoken_of(SEAL)))
    with engine.connect() as connection:
        return list(values(WarcFile, connection.execute(query.order_by(_FILE.name))))


def event_by_id(engine: Engine, event_id: str) -> Event | None:
    query = select(table_of(Event)).where(_EVENT.id == event_id)
    with engine.connect() as connection:
        return next(values(Event, connection.execute(query)), None)


def events_about(engine: Engine, *objects: str, type: str | None = None) -> Iterator[Event]:  # noqa: A002
    """The events that speak of one of these things, the earliest first."""
    wanted = (
        select(table_of(Event))
        .join(table_of(EventObject), _EVENT.id == _OBJECT.event_id)
        .where(_OBJECT.object.in_(objects))
        .distinct()
        .order_by(_EVENT.time, _EVENT.id)
    )
    if type is not None:
        wanted = wanted.where(_EVENT.type == type)
    with engine.connect() as connection:
        yield from values(Event, connection.execute(wanted).all())


def events(engine: Engine, type: str) -> Iterator[Told]:  # noqa: A002
    """All events of one type, the earliest first."""
    wanted = (
        select(_EVENT.id, _EVENT.time, _EVENT.detail, _OBJECT.object)
        .outerjoin_from(table_of(Event), table_of(EventObject), _EVENT.id == _OBJECT.event_id)
        .where(_EVENT.type == type)
        .order_by(_EVENT.time, _EVENT.id, _OBJECT.object)
    )
    with engine.connect() as connection:
        for _, rows in groupby(connection.execute(wanted), key=itemgetter(0)):
            found = list(rows)
            _, time, detail, _ = found[0]
            yield Told(time, detail, tuple(row.object for row in found if row.object))


def objects_of(engine: Engine, type: str) -> set[str]:  # noqa: A002
    """Everything that events of one type speak of."""
    with engine.connect() as connection:
        return set(connection.scalars(_spoken_of(type)))


def _spoken_of(type: str) -> Select[tuple[str]]:  # noqa: A002
    """What events of one type speak of."""
    return (
        select(_OBJECT.object)
        .join_from(table_of(EventObject), table_of(Event), _EVENT.id == _OBJECT.event_id)
        .where(_EVENT.type == type)
    )


def crawl_of(engine: Engine, capture: Capture) -> Crawl | None:
    """The crawl that made a capture, where its plan could be read."""
    query = select(table_of(Crawl)).where(_CRAWL.id == capture.crawl_id)
    with engine.connect() as connection:
        return next(values(Crawl, connection.execute(query)), None)


def capture_referred_to(engine: Engine, revisit: Capture) -> Capture | None:
    """The capture that holds the body of a revisit, where the archive has it."""
    record = record_referred_to(engine, revisit)
    if record is None or record.statement_id is None:
        return None
    query = select(table_of(Capture)).where(_CAPTURE.id == record.statement_id)
    with engine.connect() as connection:
        return next(values(Capture, connection.execute(query)), None)


def with_circumstances(engine: Engine, crawl: str) -> list[Capture]:
    """The captures of a crawl that hold a certificate chain or a DNS answer, the latest first."""
    holds_one = exists().where(
        _RECORD.file == _CAPTURE.file,
        _RECORD.offset >= _CAPTURE.offset,
        _RECORD.offset < _CAPTURE.offset + _CAPTURE.length,
        _RECORD.role.in_(CIRCUMSTANCES),
    )
    wanted = (
        select(table_of(Capture))
        .where(_CAPTURE.crawl_id == crawl, holds_one)
        .order_by(_CAPTURE.time.desc(), _CAPTURE.id)
    )
    with engine.connect() as connection:
        return list(values(Capture, connection.execute(wanted)))


def sealed_digests(engine: Engine) -> dict[str, bytes]:
    """SHA-256 of each sealed file that has a leaf of its own, as the latest one has it."""
    wanted = (
        select(_OBJECT.object, _EVENT.detail)
        .join_from(table_of(EventObject), table_of(Event), _EVENT.id == _OBJECT.event_id)
        .where(_EVENT.type == SEAL)
        .order_by(_EVENT.time, _EVENT.id)
    )
    with engine.connect() as connection:
        rows = connection.execute(wanted)
        return {name: bytes.fromhex(detail["sha256"]) for name, detail in rows}
