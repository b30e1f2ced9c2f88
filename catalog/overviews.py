"""Crawls and what they hold; documents and when they were seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select, text

from archive.errors import NotFoundError, UsageError
from archive.ident import printed, typed
from catalog.holdings import SIGHTING, Capture, Crawl, Document
from catalog.premis import Agent
from catalog.queries import beginning_with
from catalog.values import plain, table_of, values

_CAPTURE, _CRAWL = table_of(Capture).c, table_of(Crawl).c
_DOCUMENT = table_of(Document).c


@dataclass(frozen=True)
class DocumentSeen:
    """A document, when it was first and last seen, and in how many versions."""

    document: Document
    first: datetime
    last: datetime
    versions: int


def crawls(engine: Engine, source: str | None = None) -> list[Crawl]:
    """All crawls, or those of a source, the latest first."""
    query = select(table_of(Crawl)).order_by(_CRAWL.started.desc(), _CRAWL.id)
    if source is not None:
        query = query.where(_CRAWL.source == source)
    with engine.connect() as connection:
        return list(values(Crawl, connection.execute(query)))


def crawl_by_id(engine: Engine, given: str) -> Crawl:
    """The crawl whose id is or begins with what a person typed.

    Raises `NotFoundError` where there is none, `UsageError` where there are several.
    """
    query = select(table_of(Crawl)).where(*beginning_with(_CRAWL.id, typed(given)))
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(_CRAWL.id).limit(10))
        found = list(values(Crawl, rows))
    if not found:
        raise NotFoundError(f"no crawl has the id {given}", advice="see `muniment crawls`")
    if len(found) > 1:
        names = ", ".join(printed(crawl.id) for crawl in found)
        raise UsageError(f"{given} begins the ids of several crawls: {names}")
    return found[0]


def outcomes(engine: Engine, crawl: Crawl) -> dict[str, int]:
    """How many captures of a crawl the catalog holds, by outcome."""
    number = func.count()
    query = select(_CAPTURE.outcome, number).where(_CAPTURE.crawl_id == crawl.id)
    with engine.connect() as connection:
        return dict(connection.execute(query.group_by(_CAPTURE.outcome)).all())


def agent_name(engine: Engine, agent_id: str | None) -> str | None:
    """The name of the person, organisation or program of this id."""
    agent = table_of(Agent).c
    with engine.connect() as connection:
        name: str | None = connection.scalar(select(agent.name).where(agent.id == agent_id))
    return name


def documents(engine: Engine, limit: int | None = None) -> Iterator[DocumentSeen]:
    """Documents, the last seen first, read as they are asked for."""
    last = func.max(_CAPTURE.time)
    versions = func.count(func.distinct(_CAPTURE.version_id))
    query = (
        select(*_DOCUMENT, func.min(_CAPTURE.time), last, versions)
        .join_from(table_of(Document), table_of(Capture), _CAPTURE.document_id == _DOCUMENT.id)
        .where(text(SIGHTING))
        .group_by(*_DOCUMENT)
        .order_by(last.desc(), _DOCUMENT.id)
        .limit(limit)
    )
    with engine.connect() as connection:
        rows = connection.execution_options(yield_per=500).execute(query)
        for *document, first, latest, count in rows:
            yield DocumentSeen(plain(Document)(*document), first, latest, count)
