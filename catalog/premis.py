"""What happened, and by whose hand: PREMIS 3 events, agents and the files that they speak of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field, SQLModel

from catalog.types import Instant, Json, Key, Outside


class Agent(SQLModel, table=True):
    """A person, organisation or program that acted (PREMIS 3, Agent)."""

    __tablename__ = "agent"

    id: str = Field(primary_key=True, sa_type=Key)
    kind: str = Field(sa_type=Key)
    """`operator` or `software`."""
    name: str = Field(sa_type=Outside)


class Event(SQLModel, table=True):
    """Something that happened to what we hold, or that a person decided (PREMIS 3, Event)."""

    __tablename__ = "event"
    __table_args__ = (Index("event_type_time", "type", "time"),)

    id: str = Field(primary_key=True, sa_type=Key)
    type: str = Field(sa_type=Outside)
    time: datetime = Field(sa_type=Instant)
    operator_id: str = Field(sa_type=Key)
    software_id: str = Field(sa_type=Key)
    outcome: str | None = Field(default=None, sa_type=Key)
    detail: Any = Field(sa_type=Json)
    file: str = Field(sa_type=Key)
    offset: int = Field(sa_type=BigInteger)


class EventObject(SQLModel, table=True):
    """What an event speaks of: a WARC file by name, or a capture, crawl or version by id."""

    __tablename__ = "event_object"
    __table_args__ = ({"sqlite_with_rowid": False},)

    object: str = Field(primary_key=True, sa_type=Outside)
    event_id: str = Field(primary_key=True, sa_type=Key)


class WarcFile(SQLModel, table=True):
    """A sealed WARC file (PREMIS 3, Object). Its row is written with its last one: a file with a
    row is ingested whole, and one without is not ingested at all.
    """

    __tablename__ = "warc_file"

    name: str = Field(primary_key=True, sa_type=Key)
    length: int = Field(sa_type=BigInteger)
    groups: int
    records: int


class Record(SQLModel, table=True):
    """A WARC record where it lies, with what fixity needs to know of it."""

    __tablename__ = "record"
    __table_args__ = ({"sqlite_with_rowid": False},)

    file: str = Field(primary_key=True, sa_type=Key)
    offset: int = Field(sa_column=Column("offset", BigInteger, primary_key=True))
    type: str = Field(sa_type=Outside)
    role: str = Field(sa_type=Key)
    """What it is in its group: `statement request answer dns tls-chain attachment warcinfo`."""
    record_id: str = Field(sa_type=Outside)
    statement_id: str | None = Field(default=None, sa_type=Key)
    """Id of the capture, crawl or event whose group it belongs to; none for `warcinfo`."""
    stored_length: int = Field(sa_type=BigInteger)
    stored_sha256: bytes
    stored_blake3: bytes
    plain_length: int = Field(sa_type=BigInteger)
    plain_blake3: bytes
