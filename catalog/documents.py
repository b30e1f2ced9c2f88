"""Documents over time: the versions that readers tell apart, and where else the same is posted.

A row of `version` is one content, byte for byte. Contents of one document whose texts are the same by
the recipe of catalog.text.normal are one version to a reader, and told together; a page that came in
the document's place, as a challenge, is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, and_, func, or_, select

from catalog.holdings import Capture, Document, Version
from catalog.text.normal import normal
from catalog.text.sketch import similarity
from catalog.texts import TEXT, Attachment, Posting, Sketch, Text
from catalog.values import table_of, values

_CAPTURE, _VERSION, _TEXT = table_of(Capture).c, table_of(Version).c, table_of(Text).c
_DOCUMENT, _SKETCH = table_of(Document).c, table_of(Sketch).c
ALIKE = 0.7
"""Similarity from which texts are listed as near-duplicates."""
CANDIDATES = 100
"""Texts that one is compared with, those first that share most hashes of their sketches."""
LEAST = 20
"""Characters of a text from which an equal one elsewhere is no accident."""


@dataclass(frozen=True)
class ContentSeen:
    """One content of a document, and when it was seen there."""

    version: Version
    first: datetime
    last: datetime
    sightings: int
    outcome: str
    """What the content is, as far as it was read: `content`, or what came in its place."""
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
    def first(self) -> datetime:
        return min(seen.first for seen in self.contents)

    @property
    def last(self) -> datetime:
        return max(seen.last for seen in self.contents)

    @property
    def sightings(self) -> int:
        return sum(seen.sightings for seen in self.contents)


@dataclass(frozen=True)
class Elsewhere:
    """The same, or nearly the same, in another document."""

    document: Document
    version_id: str
    how: str
    """`same bytes`, `same text`, or `alike`."""
    similarity: float
    first: datetime
    last: datetime


@dataclass(frozen=True)
class Bound:
    """A notice and a file that it links, from the side that asks."""

    version_id: str
    """The content of the notice that has the link."""
    document_id: str
    """Of the other side: the file, or the notice."""
    url: str
    words: str
    held: bool
    """Whether a version of the other side was ever seen."""


def urls_of(engine: Engine, document_id: str) -> list[str]:
    """The URLs at which a document was seen, in their order."""
    query = select(_CAPTURE.url).where(_CAPTURE.document_id == document_id).distinct()
    with engine.connect() as connection:
        return sorted(connection.scalars(query))


def contents_of(engine: Engine, document_id: str) -> list[ContentSeen]:
    """Every content of a document, the first seen first."""
    first = func.min(_CAPTURE.time)
    query = (
        select(
            *_VERSION,
            first,
            func.max(_CAPTURE.time),
            func.count(),
            func.coalesce(_TEXT.outcome, "content"),
            _TEXT.normal_sha256,
        )
        .join_from(table_of(Version), table_of(Capture), _CAPTURE.version_id == _VERSION.id)
        .outerjoin(table_of(Text), and_(_TEXT.version_id == _VERSION.id, _TEXT.kind == TEXT))
        .where(_CAPTURE.document_id == document_id)
        .group_by(*_VERSION, _TEXT.outcome, _TEXT.normal_sha256)
        .order_by(first, _VERSION.id)
    )
    with engine.connect() as connection:
        return [
            ContentSeen(next(values(Version, [row[:-5]])), *row[-5:])
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


def in_its_place(engine: Engine, document_id: str) -> list[ContentSeen]:
    """What was seen in a document's place: challenges, refusals, pages that say that there is none."""
    return [seen for seen in contents_of(engine, document_id) if seen.outcome != "content"]


def copies_of(engine: Engine, document_id: str) -> list[Elsewhere]:
    """Other documents that showed a content of this one: the same bytes, or the same text."""
    here = [seen for seen in contents_of(engine, document_id) if seen.outcome == "content"]
    ids = {seen.version.id for seen in here}
    normals = {seen.normal for seen in here if seen.normal}
    query = _elsewhere(document_id).where(
        or_(
            _CAPTURE.version_id.in_(ids),
            and_(_TEXT.normal_sha256.in_(normals), _TEXT.characters >= LEAST),
        )
    )
    with engine.connect() as connection:
        found = [
            Elsewhere(
                next(values(Document, [row[:-3]])),
                row[-3],
                "same bytes" if row[-3] in ids else "same text",
                1.0,
                *row[-2:],
            )
            for row in connection.execute(query)
        ]
    return sorted(found, key=lambda copy: (copy.first, copy.document.url))


def near_duplicates(engine: Engine, version_id: str, least: float = ALIKE) -> list[Elsewhere]:
    """Contents of other documents whose texts are alike but not the same, the likest first.

    They are listed for a person to look at; nothing is ever merged by likeness.
    """
    body, document_id = _body(engine, version_id), _document(engine, version_id)
    if body is None:
        return []
    text = normal(body)
    found: list[Elsewhere] = []
    for other in _candidates(engine, version_id):
        theirs = normal(_body(engine, other) or "")
        share = similarity(text, theirs)
        if least <= share and theirs != text:
            found += _as_elsewhere(engine, document_id, other, share)
    return sorted(found, key=lambda alike: (-alike.similarity, alike.document.url))


def attachments_of(engine: Engine, version_id: str) -> list[Bound]:
    """The files that a notice links, in the order of the page."""
    attachment = table_of(Attachment)
    held = select(_CAPTURE.id).where(
        _CAPTURE.document_id == attachment.c.document_id, _CAPTURE.version_id.is_not(None)
    )
    query = select(attachment, held.exists()).where(attachment.c.version_id == version_id)
    with engine.connect() as connection:
        return [
            Bound(version_id, row.document_id, row.url, row.words, bool(row[-1]))
            for row in connection.execute(query.order_by(attachment.c.place))
        ]


def notices_of(engine: Engine, document_id: str) -> list[Bound]:
    """The notices that link a file, with the words of the links, the first seen first."""
    attachment = table_of(Attachment).c
    query = (
        select(attachment.version_id, _DOCUMENT.id, _DOCUMENT.url, attachment.words)
        .join_from(
            table_of(Attachment), table_of(Capture), _CAPTURE.version_id == attachment.version_id
        )
        .join(table_of(Document), _DOCUMENT.id == _CAPTURE.document_id)
        .where(attachment.document_id == document_id)
        .group_by(attachment.version_id, _DOCUMENT.id, _DOCUMENT.url, attachment.words)
        .order_by(func.min(_CAPTURE.time), attachment.version_id)
    )
    with engine.connect() as connection:
        return [Bound(*row, held=True) for row in connection.execute(query)]


def posting_of(engine: Engine, version_id: str) -> Posting | None:
    """What a content says it is, where it was read."""
    query = select(table_of(Posting)).where(table_of(Posting).c.version_id == version_id)
    with engine.connect() as connection:
        return next(values(Posting, connection.execute(query)), None)


def text_of(engine: Engine, version_id: str, kind: str = TEXT) -> Text | None:
    """The row of a content's text, where it was read."""
    query = select(table_of(Text)).where(_TEXT.version_id == version_id, _TEXT.kind == kind)
    with engine.connect() as connection:
        return next(values(Text, connection.execute(query)), None)


def _elsewhere(document_id: str) -> Select[Any]:
    """Documents but this one, each with a version and when it was seen there."""
    return (
        select(*_DOCUMENT, _CAPTURE.version_id, func.min(_CAPTURE.time), func.max(_CAPTURE.time))
        .join_from(table_of(Document), table_of(Capture), _CAPTURE.document_id == _DOCUMENT.id)
        .outerjoin(
            table_of(Text), and_(_TEXT.version_id == _CAPTURE.version_id, _TEXT.kind == TEXT)
        )
        .where(_DOCUMENT.id != document_id, func.coalesce(_TEXT.outcome, "content") == "content")
        .group_by(*_DOCUMENT, _CAPTURE.version_id)
    )


def _candidates(engine: Engine, version_id: str) -> Iterator[str]:
    own = select(_SKETCH.hash).where(_SKETCH.version_id == version_id)
    shared = func.count()
    query = (
        select(_SKETCH.version_id)
        .where(_SKETCH.hash.in_(own), _SKETCH.version_id != version_id)
        .group_by(_SKETCH.version_id)
        .order_by(shared.desc(), _SKETCH.version_id)
        .limit(CANDIDATES)
    )
    with engine.connect() as connection:
        yield from connection.scalars(query).all()


def _as_elsewhere(
    engine: Engine, document_id: str | None, version_id: str, share: float
) -> list[Elsewhere]:
    query = _elsewhere(document_id or "").where(_CAPTURE.version_id == version_id)
    with engine.connect() as connection:
        return [
            Elsewhere(next(values(Document, [row[:-3]])), row[-3], "alike", share, *row[-2:])
            for row in connection.execute(query)
        ]


def _body(engine: Engine, version_id: str) -> str | None:
    query = select(_TEXT.body).where(_TEXT.version_id == version_id, _TEXT.kind == TEXT)
    with engine.connect() as connection:
        body: str | None = connection.scalar(query)
    return body


def _document(engine: Engine, version_id: str) -> str | None:
    query = (
        select(_CAPTURE.document_id)
        .where(_CAPTURE.version_id == version_id)
        .order_by(_CAPTURE.time, _CAPTURE.id)
        .limit(1)
    )
    with engine.connect() as connection:
        found: str | None = connection.scalar(query)
    return found
