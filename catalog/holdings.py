"""What we hold: captures, and the documents and versions that they show.

Every value comes from a record, so a rebuild gives the same rows. There are no foreign keys: files
may be ingested in any order, and a damaged one must not keep others out. A sighting is a capture
that saw a version, a link the page and words that led to one: both are views of `capture`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from catalog.types import Instant, Json, Key, Outside

CODED = "(payload_sha256 <> content_sha256 OR content_sha256 IS NULL)"
"""Captures whose payload is not their content too, which is found as a version. In brackets, for it
stands beside other conditions."""
NO_VERSION = "version_id IS NULL AND content_sha256 IS NOT NULL"
"""Captures whose content is no version: what a server sent with a refusal, say."""
SIGHTING = "version_id IS NOT NULL"
"""Captures that are sightings: they saw a version."""
PENDING = "revisit_of IS NOT NULL AND version_id IS NULL"
"""Revisits whose version is known only from the capture that they refer to."""


def _where(condition: str, name: str, *columns: str) -> Index:
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


class Agency(SQLModel, table=True):
    """The body that posts, as the latest crawl of one of its sources told."""

    __tablename__ = "agency"

    id: str = Field(primary_key=True, sa_type=Key)
    """`name_id("agency", name)`; other ids of this kind likewise (catalog.keys)."""
    name: str = Field(sa_type=Outside)
    detail: Any = Field(sa_type=Json)
    crawl_id: str = Field(sa_type=Key)
    time: datetime = Field(sa_type=Instant)


class Source(SQLModel, table=True):
    """An agency's channel, as the latest crawl used it."""

    __tablename__ = "source"

    id: str = Field(primary_key=True, sa_type=Key)
    name: str = Field(sa_type=Outside)
    agency_id: str | None = Field(default=None, sa_type=Key)
    settings: Any = Field(sa_type=Json)
    crawl_id: str = Field(sa_type=Key)
    time: datetime = Field(sa_type=Instant)


class Crawl(SQLModel, table=True):
    """One run over a source: its plan, and how it ended where it did."""

    __tablename__ = "crawl"
    __table_args__ = (Index("crawl_source_started", "source_id", "started"),)

    id: str = Field(primary_key=True, sa_type=Key)
    source_id: str | None = Field(default=None, sa_type=Key)
    source: str | None = Field(default=None, sa_type=Outside)
    started: datetime | None = Field(default=None, sa_type=Instant)
    operator_id: str | None = Field(default=None, sa_type=Key)
    software_id: str | None = Field(default=None, sa_type=Key)
    configuration: str | None = Field(default=None, sa_type=Outside)
    settings: dict[str, Any] | None = Field(default=None, sa_type=Json)
    file: str | None = Field(default=None, sa_type=Key)
    offset: int | None = Field(default=None, sa_type=BigInteger)
    close_id: str | None = Field(default=None, sa_type=Key)
    """Id of the closing statement; a resumed crawl has several, and the last one counts."""
    ended: datetime | None = Field(default=None, sa_type=Instant)
    end: str | None = Field(default=None, sa_type=Key)
    counts: dict[str, Any] | None = Field(default=None, sa_type=Json)
    not_requested: dict[str, Any] | None = Field(default=None, sa_type=Json)
    queued: int | None = Field(default=None, sa_type=BigInteger)
    complete: bool | None = None
    shortfall: list[str] | None = Field(default=None, sa_type=Json)


class Run(SQLModel, table=True):
    """Work that was due: a crawl, when it was planned, begun and ended, and how."""

    __tablename__ = "run"

    id: str = Field(primary_key=True, sa_type=Key)
    """The crawl's id."""
    kind: str = Field(sa_type=Key)
    source_id: str | None = Field(default=None, sa_type=Key)
    planned: datetime | None = Field(default=None, sa_type=Instant)
    started: datetime | None = Field(default=None, sa_type=Instant)
    ended: datetime | None = Field(default=None, sa_type=Instant)
    outcome: str | None = Field(default=None, sa_type=Key)


class Capture(SQLModel, table=True):
    """One attempt made durable, or one file received from somebody (archive.statement.Capture)."""

    __tablename__ = "capture"
    __table_args__ = (
        Index("capture_url", "url_key", "time"),
        Index("capture_time", "time"),
        Index("capture_crawl", "crawl_id", "time"),
        Index("capture_block_sha256", "block_sha256"),
        Index("capture_block_blake3", "block_blake3"),
        _where(CODED, "capture_payload_sha256", "payload_sha256"),
        _where(CODED, "capture_payload_blake3", "payload_blake3"),
        _where(NO_VERSION, "capture_content_sha256", "content_sha256"),
        _where(NO_VERSION, "capture_content_blake3", "content_blake3"),
        _where(SIGHTING, "capture_document", "document_id", "time", "version_id"),
        _where(SIGHTING, "capture_version", "version_id", "time"),
        _where(PENDING, "capture_pending", "id"),
    )

    id: str = Field(primary_key=True, sa_type=Key)
    crawl_id: str | None = Field(default=None, sa_type=Key)
    import_id: str | None = Field(default=None, sa_type=Key)
    document_id: str | None = Field(default=None, sa_type=Key)
    version_id: str | None = Field(default=None, sa_type=Key)
    """Both only where a version was seen: `content`, or a revisit of it."""
    url: str = Field(sa_type=Outside)
    url_key: str = Field(sa_type=Outside)
    """The SURT, cut to what can be indexed (catalog.keys)."""
    time: datetime = Field(sa_type=Instant)
    method: str = Field(sa_type=Key)
    outcome: str = Field(sa_type=Key)
    code: str | None = Field(default=None, sa_type=Key)
    status: int | None = None
    fidelity: str = Field(sa_type=Key)
    media_type: str | None = Field(default=None, sa_type=Outside)
    filename: str | None = Field(default=None, sa_type=Outside)
    cause: str = Field(sa_type=Key)
    via: str | None = Field(default=None, sa_type=Outside)
    link_text: str | None = Field(default=None, sa_type=Outside)
    depth: int
    attempt: int
    truncated: str | None = Field(default=None, sa_type=Key)
    flags: str = Field(sa_type=Key)
    """Separated by spaces."""
    block_length: int | None = Field(default=None, sa_type=BigInteger)
    block_sha256: bytes | None = None
    block_blake3: bytes | None = None
    body_length: int | None = Field(default=None, sa_type=BigInteger)
    body_sha256: bytes | None = None
    body_blake3: bytes | None = None
    payload_length: int | None = Field(default=None, sa_type=BigInteger)
    payload_sha256: bytes | None = None
    payload_blake3: bytes | None = None
    content_length: int | None = Field(default=None, sa_type=BigInteger)
    content_sha256: bytes | None = None
    content_blake3: bytes | None = None
    """The layers of archive.statement.Layers; all three null where a layer is absent."""
    absent: str = Field(sa_type=Key)
    """Why layers are absent, as `payload=truncated content=truncated`."""
    etag: str | None = Field(default=None, sa_type=Outside)
    last_modified: str | None = Field(default=None, sa_type=Outside)
    location: str | None = Field(default=None, sa_type=Outside)
    ip: str | None = Field(default=None, sa_type=Outside)
    tls: str | None = Field(default=None, sa_type=Key)
    """The verdict on the certificate chain: `valid`, or codes separated by spaces."""
    record_id: str | None = Field(default=None, sa_type=Outside)
    """The record that holds what came back: response, revisit or resource."""
    revisit_of: str | None = Field(default=None, sa_type=Outside)
    revisit_url: str | None = Field(default=None, sa_type=Outside)
    revisit_time: datetime | None = Field(default=None, sa_type=Instant)
    file: str = Field(sa_type=Key)
    offset: int = Field(sa_type=BigInteger)
    length: int = Field(sa_type=BigInteger)
    """Where the group lies: its records are those of `file` from `offset`, `length` bytes on."""


class Document(SQLModel, table=True):
    """One thing posted, over time, at one or several URLs (catalog.keys.document_key)."""

    __tablename__ = "document"

    id: str = Field(primary_key=True, sa_type=Key)
    url: str = Field(sa_type=Outside)
    """Of several the least one; the others are those of its captures."""


class Version(SQLModel, table=True):
    """One distinct content of a document: the file that a reader saves."""

    __tablename__ = "version"
    __table_args__ = (Index("version_blake3", "blake3"),)

    id: str = Field(primary_key=True, sa_type=Key)
    sha256: bytes
    blake3: bytes
    length: int = Field(sa_type=BigInteger)
