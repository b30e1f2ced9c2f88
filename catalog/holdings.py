"""What we hold: captures, and the documents and versions that they show.

Every value comes from a record, so a rebuild gives the same rows. There are no foreign keys: files
may be ingested in any order, and a damaged one must not keep others out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, SQLModel

from catalog.types import Instant, Json, Outside

KEY_LENGTH = 400
"""Characters of a SURT that are kept as the key of a look-up: PostgreSQL indexes no long values."""


class Agency(SQLModel, table=True):
    """The body that posts, as the latest crawl of one of its sources told."""

    __tablename__ = "agency"

    id: str = Field(primary_key=True, sa_type=Outside)
    """`ident("agency", name)`."""
    name: str = Field(sa_type=Outside)
    detail: Any = Field(sa_type=Json)
    crawl_id: str = Field(sa_type=Outside)
    time: datetime = Field(sa_type=Instant)


class Source(SQLModel, table=True):
    """An agency's channel, as the latest crawl used it."""

    __tablename__ = "source"

    id: str = Field(primary_key=True, sa_type=Outside)
    """`ident("source", name)`."""
    name: str = Field(sa_type=Outside)
    agency_id: str | None = Field(default=None, sa_type=Outside)
    settings: Any = Field(sa_type=Json)
    crawl_id: str = Field(sa_type=Outside)
    time: datetime = Field(sa_type=Instant)


class Crawl(SQLModel, table=True):
    """One run over a source: its plan, and how it ended where it did."""

    __tablename__ = "crawl"
    __table_args__ = (Index("crawl_source_started", "source_id", "started"),)

    id: str = Field(primary_key=True, sa_type=Outside)
    source_id: str | None = Field(default=None, sa_type=Outside)
    source: str | None = Field(default=None, sa_type=Outside)
    started: datetime | None = Field(default=None, sa_type=Instant)
    operator_id: str | None = Field(default=None, sa_type=Outside)
    software_id: str | None = Field(default=None, sa_type=Outside)
    configuration: str | None = Field(default=None, sa_type=Outside)
    settings: dict[str, Any] | None = Field(default=None, sa_type=Json)
    file: str | None = Field(default=None, sa_type=Outside)
    offset: int | None = Field(default=None, sa_type=BigInteger)
    close_id: str | None = Field(default=None, sa_type=Outside)
    """Id of the closing statement; a resumed crawl has several, and the last one counts."""
    ended: datetime | None = Field(default=None, sa_type=Instant)
    end: str | None = Field(default=None, sa_type=Outside)
    counts: dict[str, Any] | None = Field(default=None, sa_type=Json)
    not_requested: dict[str, Any] | None = Field(default=None, sa_type=Json)
    queued: int | None = Field(default=None, sa_type=BigInteger)
    complete: bool | None = None
    shortfall: list[str] | None = Field(default=None, sa_type=Json)


class Run(SQLModel, table=True):
    """Work that was due: a crawl, when it was planned, begun and ended, and how."""

    __tablename__ = "run"

    id: str = Field(primary_key=True, sa_type=Outside)
    """The crawl's id."""
    kind: str = Field(sa_type=Outside)
    source_id: str | None = Field(default=None, sa_type=Outside)
    planned: datetime | None = Field(default=None, sa_type=Instant)
    started: datetime | None = Field(default=None, sa_type=Instant)
    ended: datetime | None = Field(default=None, sa_type=Instant)
    outcome: str | None = Field(default=None, sa_type=Outside)


class Capture(SQLModel, table=True):
    """One attempt made durable, or one file received from somebody (archive.statement.Capture)."""

    __tablename__ = "capture"
    __table_args__ = (
        Index("capture_url", "url_key", "time"),
        Index("capture_time", "time"),
        Index("capture_crawl", "crawl_id", "time"),
        Index("capture_block", "block_sha256"),
        # A payload that is its content too is found as that content's version.
        Index(
            "capture_payload",
            "payload_sha256",
            sqlite_where=text("payload_sha256 IS NOT content_sha256"),
            postgresql_where=text("payload_sha256 IS DISTINCT FROM content_sha256"),
        ),
        # A revisit whose version is known only from the capture that it refers to.
        Index(
            "capture_pending",
            "id",
            sqlite_where=text("revisit_of IS NOT NULL AND version_id IS NULL"),
            postgresql_where=text("revisit_of IS NOT NULL AND version_id IS NULL"),
        ),
    )

    id: str = Field(primary_key=True, sa_type=Outside)
    crawl_id: str | None = Field(default=None, sa_type=Outside)
    import_id: str | None = Field(default=None, sa_type=Outside)
    document_id: str | None = Field(default=None, sa_type=Outside)
    version_id: str | None = Field(default=None, sa_type=Outside)
    """Both only where a version was seen: `content`, or a revisit of it."""
    url: str = Field(sa_type=Outside)
    url_key: str = Field(sa_type=Outside)
    """The SURT, cut to `KEY_LENGTH`."""
    time: datetime = Field(sa_type=Instant)
    method: str = Field(sa_type=Outside)
    outcome: str = Field(sa_type=Outside)
    code: str | None = Field(default=None, sa_type=Outside)
    status: int | None = None
    fidelity: str = Field(sa_type=Outside)
    media_type: str | None = Field(default=None, sa_type=Outside)
    filename: str | None = Field(default=None, sa_type=Outside)
    cause: str = Field(sa_type=Outside)
    via: str | None = Field(default=None, sa_type=Outside)
    link_text: str | None = Field(default=None, sa_type=Outside)
    depth: int
    attempt: int
    truncated: str | None = Field(default=None, sa_type=Outside)
    flags: str = Field(sa_type=Outside)
    """Separated by spaces."""
    block_sha256: bytes | None = None
    block_length: int | None = Field(default=None, sa_type=BigInteger)
    body_sha256: bytes | None = None
    payload_sha256: bytes | None = None
    payload_length: int | None = Field(default=None, sa_type=BigInteger)
    content_sha256: bytes | None = None
    content_length: int | None = Field(default=None, sa_type=BigInteger)
    etag: str | None = Field(default=None, sa_type=Outside)
    last_modified: str | None = Field(default=None, sa_type=Outside)
    location: str | None = Field(default=None, sa_type=Outside)
    ip: str | None = Field(default=None, sa_type=Outside)
    tls: str | None = Field(default=None, sa_type=Outside)
    """The verdict on the certificate chain: `valid`, or codes separated by spaces."""
    record_id: str | None = Field(default=None, sa_type=Outside)
    """The record that holds what came back: response, revisit or resource."""
    revisit_of: str | None = Field(default=None, sa_type=Outside)
    revisit_url: str | None = Field(default=None, sa_type=Outside)
    revisit_time: datetime | None = Field(default=None, sa_type=Instant)
    file: str = Field(sa_type=Outside)
    offset: int = Field(sa_type=BigInteger)
    length: int = Field(sa_type=BigInteger)
    """Where the group lies: its records are those of `file` from `offset`, `length` bytes on."""


class Document(SQLModel, table=True):
    """One thing posted, over time."""

    __tablename__ = "document"

    id: str = Field(primary_key=True, sa_type=Outside)
    """`ident("document", url)`."""
    url: str = Field(sa_type=Outside)


class Version(SQLModel, table=True):
    """One distinct content of a document: the file that a reader saves."""

    __tablename__ = "version"
    __table_args__ = (Index("version_blake3", "blake3"),)

    id: str = Field(primary_key=True, sa_type=Outside)
    """`ident("version", sha256 in hex)`."""
    sha256: bytes
    blake3: bytes
    length: int = Field(sa_type=BigInteger)


class Sighting(SQLModel, table=True):
    """A version seen at an instant."""

    __tablename__ = "sighting"
    __table_args__ = (
        Index("sighting_version", "version_id", "time"),
        {"sqlite_with_rowid": False},
    )

    document_id: str = Field(primary_key=True, sa_type=Outside)
    time: datetime = Field(primary_key=True, sa_type=Instant)
    capture_id: str = Field(primary_key=True, sa_type=Outside)
    version_id: str = Field(sa_type=Outside)


class Link(SQLModel, table=True):
    """That one page led to another address, and in which words."""

    __tablename__ = "link"
    __table_args__ = ({"sqlite_with_rowid": False},)

    via_id: str = Field(primary_key=True, sa_type=Outside)
    """Document id of the page."""
    id: str = Field(primary_key=True, sa_type=Outside)
    """`ident("link", via, url, kind, text)`."""
    via: str = Field(sa_type=Outside)
    url: str = Field(sa_type=Outside)
    kind: str = Field(sa_type=Outside)
    text: str | None = Field(default=None, sa_type=Outside)
