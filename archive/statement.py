"""Statements: what a metadata record says of its group, as types.

A group starts with its `metadata` record, whose block is a JSON object, the statement. It is the
group's leaf in the log (archive.evidence.leaf). `kind` tells which of the types below it is; `records` lists the group's other records in the order in which they
follow, with their ids, stored and plain digests, so a reader steps from group to group without
inflating more than the statement, and recovery knows a whole group from a cut one.
Unknown fields are kept in the record and ignored here, so old programs read newer archives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from archive.digest import Layer

FORMAT = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Layers:
    """The digests of one message (design 6).

    `block` as sent; `body` after the head, framing included; `payload` with the transfer coding
    removed; `content` with the content coding removed too: the file that a reader saves.
    `None` where there is no such layer (a failed attempt has no body).
    """

    block: Layer
    body: Layer | None = None
    payload: Layer | None = None
    content: Layer | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Tls:
    """The TLS session that carried one exchange, as found on that same connection."""

    version: str
    cipher: str
    chain: tuple[str, ...]
    """SHA-256, hex, of each certificate as sent, leaf first."""
    verdict: tuple[str, ...]
    """`("valid",)` or stable codes: `expired`, `not-yet-valid`, `wrong-name`, `unknown-issuer`, …"""


@dataclass(frozen=True, kw_only=True, slots=True)
class RefersTo:
    """The record that a revisit stands for (WARC 1.1, 6.7)."""

    record: str
    url: str
    time: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Capture:
    """One attempt made durable, or one file or foreign record received from somebody."""

    kind: ClassVar[str] = "capture"

    url: str
    time: datetime
    """When the request began by our clock; for `asserted`, the date that its giver asserts."""
    outcome: str
    fidelity: str = "wire"
    crawl: str | None = None
    import_: str | None = None
    """Id of the import event, in the JSON as `import`."""
    method: str = "GET"
    attempt: int = 1
    cause: str = "seed"
    """`seed link requisite redirect robots sitemap feed retry import`."""
    via: str | None = None
    link_text: str | None = None
    depth: int = 0
    code: str | None = None
    """Stable code of a failure, as `dns-nxdomain` or `http-500`."""
    detail: str | None = None
    status: int | None = None
    reason: str | None = None
    media_type: str | None = None
    """Content-Type as sent, its bytes shown as Latin-1."""
    filename: str | None = None
    """Name that Content-Disposition gives, decoded."""
    location: str | None = None
    """Absolute target of a redirect."""
    etag: str | None = None
    last_modified: str | None = None
    digests: Layers | None = None
    flags: tuple[str, ...] = ()
    """`trailing-bytes`, `not-http`, `undecodable`, `robots-disallowed` …"""
    truncated: str | None = None
    """`disconnect`, `length` or `time` (WARC-Truncated)."""
    timings: dict[str, int] = field(default_factory=dict)
    """Microseconds: `dns connect tls first_byte end`."""
    dns: tuple[str, ...] = ()
    """The addresses that the host's name stood for when this connection was opened."""
    ip: str | None = None
    port: int | None = None
    local: str | None = None
    proxy: str | None = None
    connection: int | None = None
    reused: bool = False
    identity: str | None = None
    operator: str | None = None
    software: str | None = None
    configuration: str | None = None
    """As the plan of the crawl has it."""
    plan: str | None = None
    """The log's entry of the crawl's plan, in hex: that plan and no other was being carried out."""
    previous: str | None = None
    """Id of the capture that last held this URL, from an earlier crawl."""
    redacted: tuple[str, ...] = ()
    tls: Tls | None = None
    revisit: RefersTo | None = None
    asserted: dict[str, Any] | None = None
    """For `asserted`: obtained_on, obtained_by, how, file, the digests claimed and their verdicts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Crawl:
    """The plan of a crawl, durable before its first request."""

    kind: ClassVar[str] = "crawl"

    source: str
    time: datetime
    operator: str
    software: str
    configuration: str
    """`sha256:…` of the source file and settings as used."""
    settings: dict[str, Any]
    """The source as used, all defaults filled in, with `agency` and `identity`."""
    approved_by: str | None = None
    """Who approved the plan of a crawl that nobody started by hand."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CrawlClose:
    """What a crawl did, and why it ended. A resumed crawl has several; the last one counts."""

    kind: ClassVar[str] = "crawl-close"

    crawl: str
    time: datetime
    end: str
    """`finished`, `stopped`, `limit` or `storage`."""
    counts: dict[str, int]
    """Captures by outcome."""
    not_requested: dict[str, int]
    """URLs not requested, by reason (`robots scope trap limit scheme private-address`)."""
    queued: int = 0
    """URLs in scope that were still waiting."""
    complete: bool = True
    shortfall: tuple[str, ...] = ()
    """Sentences: where lists promised more than the crawl holds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened to what we hold, or that a person decided (PREMIS 3, Event)."""

    kind: ClassVar[str] = "event"

    type: str
    """`import`, `fixity check`, `source edit`, `recovery`, `export`, `decision` …"""
    time: datetime
    operator: str
    software: str
    outcome: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    objects: tuple[str, ...] = ()


Statement = Capture | Crawl | CrawlClose | Event
