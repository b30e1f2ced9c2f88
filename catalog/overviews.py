"""Crawls and what they hold; documents and their versions over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, text
from sqlmodel import Session, col, select

from archive.errors import NotFoundError, UsageError
from archive.ident import printed, typed
from catalog.holdings import SIGHTING, Capture, Crawl, Document, Version
from catalog.queries import beginning_with


@dataclass(frozen=True)
class DocumentSeen:
    """A document, when it was first and last seen, and in how many versions."""

    document: Document
    first: datetime
    last: datetime
    versions: int


@dataclass(frozen=True)
class VersionSeen:
    """A version of a document, and when it was seen there."""

    version: Version
    first: datetime
    last: datetime
    sightings: int


def crawls(engine: Engine, source: str | None = None) -> list[Crawl]:
    """All crawls, or those of a source, the latest first."""
    query = select(Crawl).order_by(col(Crawl.started).desc(), col(Crawl.id))
    if source is not None:
        query = query.where(Crawl.source == source)
    with Session(engine) as session:
        return list(session.exec(query))


def crawl_by_id(engine: Engine, given: str) -> Crawl:
    """The crawl whose id is or begins with what a person typed.

    Raises `NotFoundError` where there is none, `UsageError` where there are several.
    """
    query = select(Crawl).where(*beginning_with(col(Crawl.id), typed(given)))
    with Session(engine) as session:
        found = session.exec(query.order_by(col(Crawl.id)).limit(10)).all()
    if not found:
        raise NotFoundError(f"no crawl has the id {given}", advice="see `muniment crawls`")
    if len(found) > 1:
        names = ", ".join(printed(crawl.id) for crawl in found)
        raise UsageError(f"{given} begins the ids of several crawls: {names}")
    return found[0]


def outcomes(engine: Engine, crawl: Crawl) -> dict[str, int]:
    """How many captures of a crawl the catalog holds, by outcome."""
    number = func.count()
    query = select(Capture.outcome, number).where(Capture.crawl_id == crawl.id)
    with Session(engine) as session:
        return dict(session.exec(query.group_by(col(Capture.outcome))).all())


def documents(engine: Engine, limit: int | None = None) -> Iterator[DocumentSeen]:
    """Documents, the last seen first, read as they are asked for."""
    last = func.max(Capture.time)
    versions = func.count(func.distinct(Capture.version_id))
    query = (
        select(Document, func.min(Capture.time), last, versions)
        .join(Capture, col(Capture.document_id) == col(Document.id))
        .where(text(SIGHTING))
        .group_by(col(Document.id), col(Document.url))
        .order_by(last.desc(), col(Document.id))
        .limit(limit)
    )
    with Session(engine) as session:
        for row in session.exec(query.execution_options(yield_per=500)):
            yield DocumentSeen(*row)


def versions_of(engine: Engine, document_id: str) -> list[VersionSeen]:
    """The versions of a document, the first seen first."""
    first = func.min(Capture.time)
    query = (
        select(Version, first, func.max(Capture.time), func.count())
        .join(Capture, col(Capture.version_id) == col(Version.id))
        .where(Capture.document_id == document_id)
        .group_by(col(Version.id), col(Version.sha256), col(Version.blake3), col(Version.length))
        .order_by(first, col(Version.id))
    )
    with Session(engine) as session:
        return [VersionSeen(*row) for row in session.exec(query)]
