"""A printed paper as a tree: sections of paragraphs, fields, tables and lines to fill in.

Text in it is text: whoever renders it must not read markup in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NOT_COLLECTED = "not collected"


class Style(StrEnum):
    """How a value is set."""

    TEXT = "text"
    CODE = "code"
    """URLs, ids, file names: monospaced, may break anywhere."""
    HASH = "hash"
    """Hex digits in groups of eight."""
    ABSENT = "absent"
    LINE = "line"
    """A ruled line, to be completed by hand; its text says what belongs there."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value; several make a list under one label."""

    text: str
    style: Style = Style.TEXT
    note: str = ""
    """Stands before it, and says which it is."""


Row = tuple[str, tuple[Value, ...]]


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    kind: str = "paragraph"


@dataclass(frozen=True, slots=True)
class Bullets:
    texts: tuple[str, ...]
    kind: str = "bullets"


@dataclass(frozen=True, slots=True)
class Statements:
    """Numbered sentences that a person declares."""

    texts: tuple[str, ...]
    kind: str = "statements"


@dataclass(frozen=True, slots=True)
class Fields:
    """Labels and their values."""

    rows: tuple[Row, ...]
    title: str = ""
    kind: str = "fields"


@dataclass(frozen=True, slots=True)
class Table:
    head: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    widths: tuple[int, ...]
    """Shares of the page's width."""
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class Blanks:
    """Ruled lines, to be completed by hand."""

    labels: tuple[str, ...]
    title: str = ""
    kind: str = "blanks"


Block = Paragraph | Bullets | Statements | Fields | Table | Blanks


@dataclass(frozen=True, slots=True)
class Section:
    heading: str
    blocks: tuple[Block, ...]
    parts: tuple[Section, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """The paper: its first page (`front`), then the numbered sections."""

    title: str
    subject: str
    author: str
    paper: str
    """`a4` or `us-letter`."""
    front: tuple[Section, ...]
    sections: tuple[Section, ...]
    masthead: tuple[Row, ...]


def text(value: str | None) -> tuple[Value, ...]:
    return (Value(value),) if value else (Value(NOT_COLLECTED, Style.ABSENT),)


def code(*values: str | None) -> tuple[Value, ...]:
    given = tuple(Value(value, Style.CODE) for value in values if value)
    return given or text(None)


def digits(*values: str | None, note: str = "") -> tuple[Value, ...]:
    given = tuple(Value(value, Style.HASH, note) for value in values if value)
    return given or text(None)


def by_hand(value: str | None) -> tuple[Value, ...]:
    """The value, or a ruled line where only a person can say it."""
    return (Value(value),) if value else (Value("to be completed by hand", Style.LINE),)
