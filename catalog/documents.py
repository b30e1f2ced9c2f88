"""Documents over time: the versions that readers tell apart, and what came in their place.

A row of `version` is one content, byte for byte. Contents of one document whose texts are the same by
the recipe of catalog.text.normal are one version to a reader, and told together; a page that came in
the document's place, as a challenge, is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, and_, case, exists, func, select

from catalog.holdings import Capture, Version
from catalog.keys import document_id as id_at
from catalog.texts import TEXT, Posting, Text
from catalog.values import table_of, values

_CAPTURE, _VERSION, _TEXT = table_of(Capture).c, table_of(Version).c, table_of(Text).c
IS_CONTENT = func.coalesce(_TEXT.outcome, "content") == "content"
"""That a content, joined with its text where it was read, is what was asked for."""
UNREAD = ~exists().where(_TEXT.version_id == _VERSION.id, _TEXT.kind == TEXT)
"""That a content waits to be read."""
IN_PLACE = ("redirect", "not-found", "blocked", "challenge", "login", "soft-404")
"""Outcomes of captures whose answer came in a document's place."""


@dataclass(frozen=True)
class ContentSeen:
    """One content of a document, and when it was seen there."""

    version: Version
    first: datetime
    last: datetime
    sightings: int
    outcome: str
    """What the content is, as far as it was read: `content`, or what came in its place."""
    reason: str | None
    """Why it is something else than `content`."""
    normal: bytes | None
    """Its normalised digest."""


@dataclass
class VersionOfDocument:
    """What a reader calls a version: contents with one text, the first seen first."""

    contents: list[ContentSeen] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.contents[0].version.id

    @property
    def latest(self) -> ContentSeen:
        """The content that was seen last."""
        return max(self.contents, key=lambda seen: (seen.last, seen.version.id))

    @property
    def first(self) -> datetime:
        return min(seen.first for seen in self.contents)

    @property
    def last(self) -> datetime:
        return max(seen.last for seen in self.contents)

    @property
    def sightings(self) -> int:
        return sum(seen.sightings for seen in self.contents)


@dataclass(frozen=True)
class InPlace:
    """What came in a document's place, and when."""

    outcome: str
    why: str | None
    """The rule that a page was judged by, the status of a refusal, where a redirect leads."""
    first: datetime
    last: datetime
    sightings: int
    version: Version | None = None
    """The content, where the server called it the document."""


def urls_of(engine: Engine, document_id: str) -> list[str]:
    """The URLs at which a document was seen, in their order."""
    query = select(_CAPTURE.url).where(
        _CAPTURE.document_id == document_id, _CAPTURE.version_id.is_not(None)
    )
    with engine.connect() as connection:
        return sorted(connection.scalars(query.distinct()))


def contents_of(engine: Engine, document_id: str) -> list[ContentSeen]:
    """Every content of a document, the first seen first."""
    first = func.min(_CAPTURE.time)
    read = func.coalesce(_TEXT.outcome, "content"), _TEXT.outcome_reason, _TEXT.normal_sha256
    query = (
        select(*_VERSION, first, func.max(_CAPTURE.time), func.count(), *read)
        .join_from(table_of(Capture), table_of(Version), _CAPTURE.version_id == _VERSION.id)
        .outerjoin(table_of(Text), and_(_TEXT.version_id == _VERSION.id, _TEXT.kind == TEXT))
        .where(_CAPTURE.document_id == document_id, _CAPTURE.version_id.is_not(None))
        .group_by(*_VERSION, _TEXT.outcome, _TEXT.outcome_reason, _TEXT.normal_sha256)
        .order_by(first, _VERSION.id)
    )
    with engine.connect() as connection:
        return [
            ContentSeen(next(values(Version, [row[:-6]])), *row[-6:])
            for row in connection.execute(query)
        ]


def versions_of(engine: Engine, document_id: str) -> list[VersionOfDocument]:
    """The versions that a reader tells apart, the first seen first."""
    versions: dict[bytes | str, VersionOfDocument] = {}
    for seen in contents_of(engine, document_id):
        if seen.outcome == "content":
            key = seen.normal or seen.version.id
            versions.setdefault(key, VersionOfDocument()).contents.append(seen)
    return list(versions.values())


def by_last_seen(versions: Iterable[VersionOfDocument]) -> list[VersionOfDocument]:
    """Versions in the order in which they were last seen: the last one is what the source shows.

    A text may come back after another one, so this is another order than that of their beginnings.
    """
    return sorted(versions, key=lambda version: (version.last, version.first))


def in_its_place(engine: Engine, document_id: str) -> list[InPlace]:
    """What came in a document's place: challenges, refusals, redirects, pages that say that there is
    none, whatever their status; the first first.
    """
    found = [
        InPlace(seen.outcome, seen.reason, seen.first, seen.last, seen.sightings, seen.version)
        for seen in contents_of(engine, document_id)
        if seen.outcome != "content"
    ]
    return sorted([*found, *_refusals(engine, document_id)], key=lambda seen: (seen.first, seen.outcome))  # fmt: skip


def sighting(engine: Engine, document_id: str, version_id: str, *, first: bool = False) -> Capture:
    """The capture that last (or first) saw this version at this document, which one did."""
    order = (_CAPTURE.time, _CAPTURE.id) if first else (_CAPTURE.time.desc(), _CAPTURE.id.desc())
    query = (
        select(table_of(Capture))
        .where(_CAPTURE.document_id == document_id, _CAPTURE.version_id == version_id)
        .order_by(*order)
        .limit(1)
    )
    with engine.connect() as connection:
        return next(values(Capture, connection.execute(query)))


def last_seen(engine: Engine, id_: str, *, document: bool = False) -> Capture | None:
    """The last capture that saw a version, or any version of a document.

    Of a document, one that saw what was asked for goes before a later one of a page in its place.
    """
    column = _CAPTURE.document_id if document else _CAPTURE.version_id
    query = (
        select(table_of(Capture))
        .outerjoin(
            table_of(Text), and_(_TEXT.version_id == _CAPTURE.version_id, _TEXT.kind == TEXT)
        )
        .where(column == id_, _CAPTURE.version_id.is_not(None))
        .order_by(case((IS_CONTENT, 0), else_=1), _CAPTURE.time.desc(), _CAPTURE.id)
        .limit(1)
    )
    with engine.connect() as connection:
        return next(values(Capture, connection.execute(query)), None)


def is_in_place(engine: Engine, capture: Capture) -> bool:
    """Whether what a capture holds was read, and is a page in the place of what was asked for."""
    query = select(_TEXT.outcome).where(
        _TEXT.version_id == capture.version_id, _TEXT.kind == TEXT, ~IS_CONTENT
    )
    with engine.connect() as connection:
        return connection.scalar(query) is not None


def unread_versions(engine: Engine, among: Select[Any] | None = None) -> int:
    """How many contents, or of those with the ids `among`, wait to be read: until then nothing is
    known of their texts, nor whether they came in a document's place.
    """
    query = select(func.count()).select_from(table_of(Version)).where(UNREAD)
    if among is not None:
        query = query.where(_VERSION.id.in_(among))
    with engine.connect() as connection:
        return connection.scalar(query) or 0


def posting_of(engine: Engine, version_id: str) -> Posting | None:
    """What a content says it is, where it was read."""
    query = select(table_of(Posting)).where(table_of(Posting).c.version_id == version_id)
    with engine.connect() as connection:
        return next(values(Posting, connection.execute(query)), None)


def title_of(engine: Engine, version_id: str) -> str | None:
    """The title that a content states, where it was read and states one."""
    posting = posting_of(engine, version_id)
    return posting.title if posting else None


def text_of(engine: Engine, version_id: str, kind: str = TEXT) -> Text | None:
    """The row of a content's text, where it was read."""
    query = select(table_of(Text)).where(_TEXT.version_id == version_id, _TEXT.kind == kind)
    with engine.connect() as connection:
        return next(values(Text, connection.execute(query)), None)


def _refusals(engine: Engine, document_id: str) -> Iterable[InPlace]:
    """Captures of a document's addresses that saw no version, by what they are."""
    keys = select(_CAPTURE.url_key).where(
        _CAPTURE.document_id == document_id, _CAPTURE.version_id.is_not(None)
    )
    told = _CAPTURE.url, _CAPTURE.outcome, func.coalesce(_CAPTURE.location, _CAPTURE.code)
    query = (
        select(*told, func.min(_CAPTURE.time), func.max(_CAPTURE.time), func.count())
        .where(
            _CAPTURE.url_key.in_(keys),
            _CAPTURE.version_id.is_(None),
            _CAPTURE.outcome.in_(IN_PLACE),
        )
        .group_by(*told)
    )
    with engine.connect() as connection:
        rows = list(connection.execute(query))
    # One SURT may be that of several documents, for it says nothing of upper and lower case.
    here = [row for row in rows if id_at(row[0]) == document_id]
    # http that leads to https, or an address to itself with a cookie, is still the document.
    return (
        InPlace(*row[1:])
        for row in here
        if row.outcome != "redirect" or not row[2] or id_at(row[2]) != document_id
    )
