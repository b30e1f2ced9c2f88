"""Finding captures: by id, by URL and time, by digest, by what a person remembers of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Engine, Integer, bindparam, func, or_, text
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from archive.digest import Digest
from archive.errors import NotFoundError, UsageError
from archive.ident import printed, typed
from archive.surt import surt
from catalog.holdings import CODED, NO_VERSION, Capture, Crawl, Version
from catalog.keys import KEY_LENGTH, url_key, version_id
from catalog.types import visible

HOLDING = or_(col(Capture.version_id).is_not(None), col(Capture.outcome) == "content")
"""Captures that hold content; all others tell what came in its place."""
_CANDIDATES = 10
_MOST = bindparam("most", type_=Integer)
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
    with Session(engine) as session:
        found = session.exec(_by_id(), params={"start": prefix, "end": prefix + _AFTER}).all()
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
    for exact in (True, False):
        with Session(engine) as session:
            captures = session.exec(_of_url(exact=exact), params=_names(url))
            found = [capture for capture in captures if _is_of(capture, url)]
        if found:
            return found
    return []


def latest(
    engine: Engine, url: str, until: datetime | None = None, *, holding: bool = False
) -> Capture | None:
    """The last capture of a URL, or the last one not later than `until`."""
    bound = "until" if until is not None else ""
    for exact in (True, False):
        found = _first(engine, url, until, exact=exact, holding=holding, bound=bound)
        if found is not None:
            return found
    return None


def nearest(engine: Engine, url: str, time: datetime) -> Capture | None:
    """The capture nearest to an instant among those that hold content (RFC 7089, 4.5)."""
    for exact in (True, False):
        before, after = (
            _first(engine, url, time, exact=exact, holding=True, bound=bound)
            for bound in ("until", "after")
        )
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
    layers: dict[str, str] = {}
    values = {"value": digest.value, "version": version_id(digest.value), "most": limit}
    with Session(engine) as session:
        for layer, query in _by_layer(digest.algorithm):
            for id_ in session.scalars(query, values):
                layers.setdefault(id_, layer)
            if len(layers) >= limit:
                break
        ids = list(layers)[:limit]
        captures = {each.id: each for each in session.exec(_of_ids(), params={"ids": ids})}
    return [Match(captures[id_], layers[id_]) for id_ in ids]


def list_captures(engine: Engine, wanted: Filter) -> Iterator[Capture]:
    """The captures that fit, the latest first, read as they are asked for."""
    query = select(Capture).where(*_conditions(wanted)).order_by(*_latest_first())
    if wanted.limit is not None:
        query = query.limit(wanted.limit)
    with Session(engine) as session:
        yield from session.exec(query.execution_options(yield_per=500))


def _latest_first() -> tuple[Any, Any]:
    return col(Capture.time).desc(), col(Capture.id)


# The queries below are built once: to build one takes longer than to run it.


@cache
def _by_id() -> SelectOfScalar[Capture]:
    id_ = col(Capture.id)
    query = select(Capture).where(id_ >= bindparam("start"), id_ < bindparam("end"))
    return query.order_by(id_).limit(_CANDIDATES + 1)


@cache
def _of_ids() -> SelectOfScalar[Capture]:
    return select(Capture).where(col(Capture.id).in_(bindparam("ids", expanding=True)))


@cache
def _of_url(*, exact: bool) -> SelectOfScalar[Capture]:
    """Captures of a URL or its key, the latest first."""
    query = select(Capture).where(col(Capture.url_key) == bindparam("key"))
    if exact:
        query = query.where(col(Capture.url) == bindparam("url"))
    return query.order_by(*_latest_first())


@cache
def _next_to(
    *, exact: bool, holding: bool, bound: str, most: int | None
) -> SelectOfScalar[Capture]:
    """Those not later than the bound `until`, the latest first, or later than `after`, the first first."""
    time = col(Capture.time)
    query = _of_url(exact=exact).limit(most)
    if holding:
        query = query.where(HOLDING)
    if bound == "after":
        return query.where(time > bindparam("bound")).order_by(None).order_by(time, col(Capture.id))
    return query.where(time <= bindparam("bound")) if bound == "until" else query


def _names(url: str) -> dict[str, Any]:
    return {"key": url_key(url), "url": url}


def _is_of(capture: Capture, url: str) -> bool:
    """Long keys are cut, so equal ones need not be of one URL."""
    return len(capture.url_key) < KEY_LENGTH or surt(capture.url) == surt(visible(url))


def _first(
    engine: Engine, url: str, time: datetime | None, *, exact: bool, holding: bool, bound: str
) -> Capture | None:
    values = {**_names(url), "bound": time}
    with Session(engine) as session:
        # Only where the nearest is another URL of the same cut key are all of them looked through.
        for most in (1, None):
            query = _next_to(exact=exact, holding=holding, bound=bound, most=most)
            found = session.exec(query, params=values).all()
            fitting = next((capture for capture in found if _is_of(capture, url)), None)
            if fitting is not None or not found:
                return fitting
    return None


@cache
def _by_layer(algorithm: str) -> list[tuple[str, SelectOfScalar[str]]]:
    """A query for each layer and index; the partial ones are used where their condition is named.

    They ask for ids, for a query of all columns takes a millisecond to be built the first time.
    """

    def holding(layer: str, *conditions: Any) -> SelectOfScalar[str]:
        column = col(getattr(Capture, f"{layer}_{algorithm}"))
        query = select(Capture.id).where(column == bindparam("value"), *conditions)
        return query.order_by(*_latest_first()).limit(_MOST)

    return [
        ("content", _seen_as(algorithm)),
        ("content", holding("content", text(NO_VERSION))),
        ("payload", holding("payload", text(f"({CODED})"))),
        ("block", holding("block")),
    ]


def _seen_as(algorithm: str) -> SelectOfScalar[str]:
    version, query = col(Capture.version_id), select(Capture.id)
    if algorithm == "sha256":
        query = query.where(version == bindparam("version"))
    else:
        named = select(Version.id).where(col(Version.blake3) == bindparam("value"))
        query = query.where(version.in_(named))
    return query.order_by(*_latest_first()).limit(_MOST)


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
