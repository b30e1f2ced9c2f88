"""Finding captures: by id, by URL and time, by digest, by what a person remembers of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, func, or_, text
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from archive.digest import Digest
from archive.errors import NotFoundError, UsageError
from archive.ident import printed, typed
from archive.surt import surt
from catalog.holdings import CODED, NO_VERSION, Capture, Crawl, Sighting, Version
from catalog.keys import KEY_LENGTH, url_key, version_id
from catalog.types import visible

HOLDING = or_(col(Capture.version_id).is_not(None), col(Capture.outcome) == "content")
"""Captures that hold content; all others tell what came in its place."""
_CANDIDATES = 10
_AFTER = "{"
"""The character after `z`, with which no id goes on."""


@dataclass(frozen=True)
class Match:
    """A capture that holds the bytes looked for, in which layer."""

    capture: Capture
    layer: str


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which captures to list; what is `None` does not matter."""

    source: str | None = None
    crawl: str | None = None
    """The crawl's whole id."""
    outcome: str | None = None
    prefix: str | None = None
    """What the URL begins with."""
    containing: str | None = None
    """What the URL contains, in upper or lower case."""
    since: datetime | None = None
    until: datetime | None = None
    """Up to this instant and before it."""
    limit: int | None = None


def capture_by_id(engine: Engine, given: str) -> Capture:
    """The capture whose id is or begins with what a person typed.

    Raises `NotFoundError` where there is none, `UsageError` with the candidates where there are
    several, and that of `archive.ident.typed`.
    """
    prefix = typed(given)
    query = (
        select(Capture).where(*beginning_with(col(Capture.id), prefix)).order_by(col(Capture.id))
    )
    with Session(engine) as session:
        found = session.exec(query.limit(_CANDIDATES + 1)).all()
    if not found:
        raise NotFoundError(f"no capture has the id {given}")
    if len(found) > 1:
        names = ", ".join(printed(capture.id) for capture in found[:_CANDIDATES])
        more = " and more" if len(found) > _CANDIDATES else ""
        raise UsageError(
            f"{given} begins the ids of several captures: {names}{more}",
            advice="type more of the one that is meant",
        )
    return found[0]


def beginning_with(column: Any, prefix: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """That an id begins with `prefix`, in a form for which every database uses its index."""
    return column >= prefix, column < prefix + _AFTER


def captures_of(engine: Engine, url: str) -> list[Capture]:
    """All captures of a URL, the latest first; where none is of exactly this URL, those of its key."""
    for same in _same_url(url):
        query = select(Capture).where(*same).order_by(*_latest_first())
        with Session(engine) as session:
            found = [capture for capture in session.exec(query) if _is_of(capture, url)]
        if found:
            return found
    return []


def latest(
    engine: Engine, url: str, until: datetime | None = None, *, holding: bool = False
) -> Capture | None:
    """The last capture of a URL, or the last one not later than `until`."""
    for same in _same_url(url):
        found = _next_to(engine, url, [*same, *_until(until), *([HOLDING] if holding else [])])
        if found is not None:
            return found
    return None


def nearest(engine: Engine, url: str, time: datetime) -> Capture | None:
    """The capture nearest to an instant among those that hold content (RFC 7089, 4.5)."""
    for same in _same_url(url):
        before = _next_to(engine, url, [*same, HOLDING, *_until(time)])
        after = _next_to(engine, url, [*same, HOLDING, col(Capture.time) > time], first=True)
        if before is None or after is None:
            if before or after:
                return before or after
        else:
            return before if time - before.time <= after.time - time else after
    return None


def by_digest(engine: Engine, digest: Digest, limit: int = 100) -> list[Match]:
    """Captures that hold bytes of this digest: as content first, then as payload, then as block;
    in each layer the latest first.

    Raises `UsageError` for an algorithm that the catalog does not keep.
    """
    if digest.algorithm not in {"sha256", "blake3"}:
        raise UsageError(
            f"the catalog knows no {digest.algorithm} digests", advice="give sha256:… or blake3:…"
        )
    found: dict[str, Match] = {}
    with Session(engine) as session:
        for layer, query in _by_layer(digest):
            for capture in session.exec(query.limit(limit)):
                found.setdefault(capture.id, Match(capture, layer))
    return list(found.values())[:limit]


def list_captures(engine: Engine, wanted: Filter) -> Iterator[Capture]:
    """The captures that fit, the latest first, read as they are asked for."""
    query = select(Capture).where(*_conditions(wanted)).order_by(*_latest_first())
    if wanted.limit is not None:
        query = query.limit(wanted.limit)
    with Session(engine) as session:
        yield from session.exec(query.execution_options(yield_per=500))


def _latest_first() -> tuple[Any, Any]:
    return col(Capture.time).desc(), col(Capture.id)


def _same_url(url: str) -> Iterator[list[ColumnElement[bool]]]:
    key = col(Capture.url_key) == url_key(url)
    yield [key, col(Capture.url) == url]
    yield [key]


def _is_of(capture: Capture, url: str) -> bool:
    """Long keys are cut, so equal ones need not be of one URL."""
    return len(capture.url_key) < KEY_LENGTH or surt(capture.url) == surt(visible(url))


def _next_to(
    engine: Engine, url: str, conditions: list[ColumnElement[bool]], *, first: bool = False
) -> Capture | None:
    """The last capture, or the first one, that fits."""
    time = col(Capture.time)
    query = select(Capture).where(*conditions)
    query = query.order_by(time if first else time.desc(), col(Capture.id))
    with Session(engine) as session:
        found = session.exec(query.limit(1)).first()
        if found is None or _is_of(found, url):
            return found
        return next((each for each in session.exec(query) if _is_of(each, url)), None)


def _until(time: datetime | None) -> list[ColumnElement[bool]]:
    return [col(Capture.time) <= time] if time is not None else []


def _by_layer(digest: Digest) -> Iterator[tuple[str, SelectOfScalar[Capture]]]:
    """A query for each layer and index; the partial ones are used where their condition is named."""

    def holding(layer: str, *conditions: Any) -> SelectOfScalar[Capture]:
        column = col(getattr(Capture, f"{layer}_{digest.algorithm}"))
        query = select(Capture).where(column == digest.value, *conditions)
        return query.order_by(*_latest_first())

    yield "content", _seen_as(digest)
    yield "content", holding("content", text(NO_VERSION))
    yield "payload", holding("payload", text(f"({CODED})"))
    yield "block", holding("block")


def _seen_as(digest: Digest) -> SelectOfScalar[Capture]:
    version = col(Sighting.version_id)
    query = select(Capture).join(Sighting, col(Sighting.capture_id) == col(Capture.id))
    if digest.algorithm == "sha256":
        query = query.where(version == version_id(digest.value))
    else:
        query = query.where(version.in_(select(Version.id).where(Version.blake3 == digest.value)))
    return query.order_by(col(Sighting.time).desc(), col(Sighting.capture_id))


def _conditions(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    if wanted.source is not None:
        crawls = select(Crawl.id).where(col(Crawl.source) == wanted.source)
        yield col(Capture.crawl_id).in_(crawls)
    if wanted.crawl is not None:
        yield col(Capture.crawl_id) == wanted.crawl
    if wanted.outcome is not None:
        yield col(Capture.outcome) == wanted.outcome
    if wanted.prefix is not None:
        prefix = visible(wanted.prefix)
        yield func.substr(col(Capture.url), 1, len(prefix)) == prefix
    if wanted.containing is not None:
        yield func.lower(col(Capture.url)).contains(wanted.containing.lower(), autoescape=True)
    if wanted.since is not None:
        yield col(Capture.time) >= wanted.since
    if wanted.until is not None:
        yield col(Capture.time) < wanted.until
