"""Quotations that were checked: each check is an event, and the table follows from the events.

What is kept of a check is enough to repeat it: the words, the content that they were looked for in,
the digest of its text, the recipe, and the places that were found.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Index, Select, insert, select
from sqlmodel import Field, SQLModel

from catalog.premis import Event
from catalog.texts import TEXT, Text
from catalog.types import Instant, Json, Key, Outside
from catalog.values import table_of, values

QUOTE_CHECK = "quote check"
"""Type of the events."""


class QuoteCheck(SQLModel, table=True):
    """One check of one quotation."""

    __tablename__ = "quote"
    __table_args__ = (Index("quote_version", "version_id"), Index("quote_time", "time"))

    id: str = Field(primary_key=True, sa_type=Key)
    """Of the event."""
    time: datetime = Field(sa_type=Instant)
    quote: str = Field(sa_type=Outside)
    verdict: str = Field(sa_type=Key)
    """A `catalog.quoting.verdict.QuoteVerdict`."""
    version_id: str | None = Field(default=None, sa_type=Key)
    """The content that it was checked against; none where no text had it."""
    capture_id: str | None = Field(default=None, sa_type=Key)
    detail: Any = Field(sa_type=Json)
    """As the event has it: reason, recipe, places with selectors, translation, who confirmed."""


def derive_quotes(connection: Connection) -> None:
    """Enter the checks of events that came since."""
    event, quote = table_of(Event), table_of(QuoteCheck)
    new = select(event.c.id, event.c.time, event.c.outcome, event.c.detail).where(
        event.c.type == QUOTE_CHECK, event.c.id.not_in(select(quote.c.id))
    )
    rows = [
        {
            "id": id_,
            "time": time,
            "quote": detail["quote"],
            "verdict": outcome,
            "version_id": detail.get("version"),
            "capture_id": detail.get("capture"),
            "detail": detail,
        }
        for id_, time, outcome, detail in connection.execute(new)
    ]
    if rows:
        connection.execute(insert(quote), rows)


def quotes_of(engine: Engine, version_id: str) -> list[QuoteCheck]:
    """The checks of quotations against a content, the latest first."""
    quote = table_of(QuoteCheck)
    query = select(quote).where(quote.c.version_id == version_id)
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(quote.c.time.desc(), quote.c.id))
        return list(values(QuoteCheck, rows))


def ids_of_texts(engine: Engine, among: Select[tuple[str]] | None = None) -> list[str]:
    """The versions that have a text which is content, in the order of their ids."""
    text = table_of(Text).c
    query = select(text.version_id).where(
        text.kind == TEXT, text.outcome == "content", text.characters > 0
    )
    if among is not None:
        query = query.where(text.version_id.in_(among))
    with engine.connect() as connection:
        return list(connection.scalars(query.order_by(text.version_id)))
