"""Which documents were cited, and how often: every citation that was handed out is an event."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Engine, func, select

from catalog.premis import Event, EventObject
from catalog.values import table_of

CITATION = "citation"
"""The type of these events. They speak of a version and its document, never of a capture: custody
is told by what happened to captures, and whoever cites owes nobody a list of his footnotes."""

_EVENT, _OBJECT = table_of(Event).c, table_of(EventObject).c


class Cited(NamedTuple):
    """How many citations of a thing were handed out, and when the last one."""

    times: int
    last: datetime | None


def cited(engine: Engine, id_: str) -> Cited:
    """The citations of a version or document."""
    query = (
        select(func.count(), func.max(_EVENT.time))
        .select_from(table_of(Event).join(table_of(EventObject), _EVENT.id == _OBJECT.event_id))
        .where(_OBJECT.object == id_, _EVENT.type == CITATION)
    )
    with engine.connect() as connection:
        times, last = connection.execute(query).one()
    return Cited(times, last)
