"""Tables of what can be read in the contents that we hold: their texts, and what they say they are.

All of it follows from the contents alone, by tools and recipes whose names stand in the rows.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field, SQLModel

from catalog.types import Json, Key, Outside

TEXT = "text"
OCR = "ocr"
"""Kinds of texts: read out of the file, and read by a machine off the images in it."""


class Text(SQLModel, table=True):
    """The text of one content, or why there is none (catalog.text.extraction)."""

    __tablename__ = "text"
    __table_args__ = (
        Index("text_content", "content_sha256"),
        Index("text_normal", "normal_sha256"),
        Index("text_capture", "capture_id"),
    )

    version_id: str = Field(primary_key=True, sa_type=Key)
    """`version_id` of the content (catalog.keys), also where it is no version: what a server sent
    with a refusal."""
    kind: str = Field(primary_key=True, sa_type=Key)
    """`TEXT` or `OCR`."""
    content_sha256: bytes
    capture_id: str = Field(sa_type=Key)
    """The first capture that saw this content: its headers decide the encoding."""
    tool: str = Field(sa_type=Outside)
    recipe: str = Field(sa_type=Key)
    code: str | None = Field(default=None, sa_type=Key)
    """Why there is no text, or not all of it."""
    detail: str | None = Field(default=None, sa_type=Outside)
    declared_type: str | None = Field(default=None, sa_type=Outside)
    real_type: str = Field(sa_type=Key)
    """The media type that the bytes are of."""
    agrees: bool
    """Whether the declared type is the real one."""
    outcome: str = Field(sa_type=Key)
    """What the content is, read rather than by its status: `content`, or a page in its place:
    `challenge login soft-404 blocked viewer-stub` …"""
    outcome_reason: str | None = Field(default=None, sa_type=Outside)
    encoding: str | None = Field(default=None, sa_type=Key)
    encoding_rule: str | None = Field(default=None, sa_type=Key)
    encoding_declared: str | None = Field(default=None, sa_type=Outside)
    replaced: int | None = None
    language: str | None = Field(default=None, sa_type=Key)
    """ISO 639-1 of most of it, where that can be told."""
    text_sha256: bytes
    """Of the text in UTF-8."""
    normal_sha256: bytes | None = None
    """Of the text without what changes by itself, as click counters (catalog.text.normal)."""
    normal_recipe: str | None = Field(default=None, sa_type=Key)
    characters: int
    body: str = Field(sa_type=Outside)
    passages: Any = Field(sa_type=Json)
    """`PlacedText.to_json`."""
    properties: Any = Field(sa_type=Json)
    """Pairs of names and values, as the file says them of itself."""


class Posting(SQLModel, table=True):
    """What a content says it is: of the values that it states, those that were chosen."""

    __tablename__ = "posting"
    __table_args__ = (
        Index("posting_written", "written"),
        Index("posting_posted", "posted"),
        Index("posting_number", "number"),
    )

    version_id: str = Field(primary_key=True, sa_type=Key)
    title: str | None = Field(default=None, sa_type=Outside)
    number: str | None = Field(default=None, sa_type=Outside)
    """发文字号, as 商援函〔2021〕12号."""
    index_number: str | None = Field(default=None, sa_type=Outside)
    """索引号."""
    agency: str | None = Field(default=None, sa_type=Outside)
    """发文机关: who issued it, in its own words."""
    source: str | None = Field(default=None, sa_type=Outside)
    """来源: where the page says that it has it from."""
    written: str | None = Field(default=None, sa_type=Key)
    """成文日期 as `2021-06-01`, as exact as it is stated (`2021-06`, `2021`)."""
    posted: str | None = Field(default=None, sa_type=Key)
    """发布日期, with the time where one is stated: `2021-06-01T07:16`; China's time, unless it says
    another."""


class Stated(SQLModel, table=True):
    """One value that a content states of itself, and where. All are kept, also those that disagree."""

    __tablename__ = "stated"
    __table_args__ = ({"sqlite_with_rowid": False},)

    version_id: str = Field(primary_key=True, sa_type=Key)
    field: str = Field(primary_key=True, sa_type=Key)
    """A column of `Posting`."""
    rank: int = Field(primary_key=True)
    """From 1; the first is the one chosen."""
    value: str = Field(sa_type=Outside)
    raw: str = Field(sa_type=Outside)
    """As it is written there."""
    place: str = Field(sa_type=Outside)
    """`meta PubDate`, `header 发文字号`, `text, paragraph 3` …"""
    why: str = Field(sa_type=Outside)
    """Why it was chosen, or was not."""


class Sketch(SQLModel, table=True):
    """One of the least hashes of a text (catalog.text.sketch), by which its like are found."""

    __tablename__ = "sketch"
    __table_args__ = (Index("sketch_version", "version_id"), {"sqlite_with_rowid": False})

    hash: int = Field(sa_column=Column("hash", BigInteger, primary_key=True))
    version_id: str = Field(primary_key=True, sa_type=Key)


class Attachment(SQLModel, table=True):
    """A link out of a content to what looks like a file, with the words that lead there."""

    __tablename__ = "attachment"
    __table_args__ = (Index("attachment_document", "document_id"), {"sqlite_with_rowid": False})

    version_id: str = Field(primary_key=True, sa_type=Key)
    """The content that has the link: the notice."""
    place: int = Field(primary_key=True)
    """From 1, in the order of the page."""
    document_id: str = Field(sa_type=Key)
    """The document at the link's address, held or not, as it leads from the page that was first seen
    with this content."""
    href: str = Field(sa_type=Outside)
    """The address as it is written; of the same content at another URL it leads elsewhere."""
    words: str = Field(sa_type=Outside)
