"""Finding captures: by id, by URL and time, by digest, by what a person remembers of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Engine, Integer, bindparam, func, or_, select, text

from archive.digest import Digest
from archive.errors import NotFoundError, UsageError
from archive.ident import printed, typed
from archive.surt import surt
from catalog.collections import versions_in
from catalog.documents import is_in_place
from catalog.holdings import CODED, NO_VERSION, Capture, Crawl, Version
from catalog.keys import KEY_LENGTH, url_key, version_id
from catalog.lookups import Condition, Lookup
from catalog.types import visible
from catalog.values import table_of, values

_CAPTURE = table_of(Capture).c
HOLDING = or_(_CAPTURE.version_id.is_not(None), _CAPTURE.outcome == "content")
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
    collection: str | None = None
    """The id of a collection that holds the version seen."""
    limit: int | None = None


def capture_by_id(engine: Engine, given: str) -> Capture:
    """The capture whose id is or begins with what a person typed.

    Raises `NotFoundError` where there is none, `UsageError` with the candidates where there are
    several, and that of `archive.ident.typed`.
    """
    prefix = typed(given)
    with engine.connect() as connection:
        found = _by_id()(connection, start=prefix, end=prefix + _AFTER)
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
        with engine.connect() as connection:
            captures = _of_url(exact=exact)(connection, **_names(url))
        found = [capture for capture in captures if _is_of(capture, url)]
        if found:
            return found
    return []


def latest(
    engine: Engine, url: str, until: datetime | None = None, *, holding: bool = False
) -> Capture | None:
    """The last capture of a URL, or the last one not later than `until`.

    With `holding`, the last that holds the document, and where there is none, a page in its place,
    as a challenge sent with status 200.
    """
    found = last = _latest(engine, url, until, holding=holding)
    while holding and found is not None and is_in_place(engine, found):
        found = _latest(engine, url, found.time - timedelta(microseconds=1), holding=True)
    return found or last


def _latest(engine: Engine, url: str, until: datetime | None, *, holding: bool) -> Capture | None:
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
    found: dict[str, Match] = {}
    asked = {"value": digest.value, "version": version_id(digest.value), "most": limit}
    with engine.connect() as connection:
        for layer, lookup in _by_layer(digest.algorithm):
            for capture in lookup(connection, **asked):
                found.setdefault(capture.id, Match(capture, layer))
            if len(found) >= limit:
                break
    return list(found.values())[:limit]


def captures_of_import(engine: Engine, import_id: str) -> list[Capture]:
    """The captures of one import, in the order in which they lie."""
    query = select(table_of(Capture)).where(_CAPTURE.import_id == import_id)
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(_CAPTURE.file, _CAPTURE.offset))
        return list(values(Capture, rows))


def list_captures(engine: Engine, wanted: Filter) -> Iterator[Capture]:
    """The captures that fit, the latest first, read as they are asked for."""
    query = select(table_of(Capture)).where(*_conditions(wanted)).order_by(*_latest_first())
    if wanted.limit is not None:
        query = query.limit(wanted.limit)
    with engine.connect() as connection:
        rows = connection.execution_options(yield_per=500).execute(query)
        yield from values(Capture, rows)


def _latest_first() -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    return _CAPTURE.time.desc(), _CAPTURE.id


# The look-ups below are built once: to build one takes longer than to run it.


@cache
def _by_id() -> Lookup[Capture]:
    id_ = _CAPTURE.id
    found = Lookup.of(Capture, id_ >= bindparam("start"), id_ < bindparam("end"))
    return found.order_by(id_).limit(_CANDIDATES + 1)


@cache
def _of_url(*, exact: bool) -> Lookup[Capture]:
    """Captures of a URL or its key, the latest first."""
    return Lookup.of(Capture, *_named(exact=exact)).order_by(*_latest_first())


@cache
def _next_to(*, exact: bool, holding: bool, bound: str, most: int | None) -> Lookup[Capture]:
    """Those not later than the bound `until`, the latest first, or later than `after`, the first first."""
    time = _CAPTURE.time
    instant: ColumnElement[datetime] = bindparam("bound")
    conditions = _named(exact=exact)
    if holding:
        conditions.append(HOLDING)
    if bound:
        conditions.append(time > instant if bound == "after" else time <= instant)
    order = (time, _CAPTURE.id) if bound == "after" else _latest_first()
    return Lookup.of(Capture, *conditions).order_by(*order).limit(most)


def _named(*, exact: bool) -> list[ColumnElement[bool]]:
    key, url = _CAPTURE.url_key == bindparam("key"), _CAPTURE.url == bindparam("url")
    return [key, url] if exact else [key]


def _names(url: str) -> dict[str, Any]:
    return {"key": url_key(url), "url": url}


def _is_of(capture: Capture, url: str) -> bool:
    """Long keys are cut, so equal ones need not be of one URL."""
    return len(capture.url_key) < KEY_LENGTH or surt(capture.url) == surt(visible(url))


def _first(
    engine: Engine, url: str, time: datetime | None, *, exact: bool, holding: bool, bound: str
) -> Capture | None:
    asked = {**_names(url), "bound": time}
    with engine.connect() as connection:
        # Only where the nearest is another URL of the same cut key are all of them looked through.
        for most in (1, None):
            lookup = _next_to(exact=exact, holding=holding, bound=bound, most=most)
            found = lookup(connection, **asked)
            fitting = next((capture for capture in found if _is_of(capture, url)), None)
            if fitting is not None or not found:
                return fitting
    return None


@cache
def _by_layer(algorithm: str) -> list[tuple[str, Lookup[Capture]]]:
    """A look-up for each layer and index; the partial ones are used where their condition is named."""

    def holding(layer: str, *conditions: Condition) -> Lookup[Capture]:
        column = _CAPTURE[f"{layer}_{algorithm}"]
        return _latest_of(column == bindparam("value"), *conditions)

    return [
        ("content", _seen_as(algorithm)),
        ("content", holding("content", text(NO_VERSION))),
        ("payload", holding("payload", text(f"({CODED})"))),
        ("block", holding("block")),
    ]


def _seen_as(algorithm: str) -> Lookup[Capture]:
    version = _CAPTURE.version_id
    if algorithm == "sha256":
        return _latest_of(version == bindparam("version"))
    named = table_of(Version).c
    return _latest_of(version.in_(select(named.id).where(named.blake3 == bindparam("value"))))


def _latest_of(*conditions: Condition) -> Lookup[Capture]:
    return Lookup.of(Capture, *conditions).order_by(*_latest_first()).limit(_MOST)


def _conditions(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    if wanted.source is not None:
        crawl = table_of(Crawl).c
        crawls = select(crawl.id).where(crawl.source == wanted.source)
        yield _CAPTURE.crawl_id.in_(crawls)
    if wanted.crawl is not None:
        yield _CAPTURE.crawl_id == wanted.crawl
    if wanted.collection is not None:
        yield _CAPTURE.version_id.in_(versions_in(wanted.collection))
    if wanted.outcome is not None:
        yield _CAPTURE.outcome == wanted.outcome
    if wanted.prefix is not None:
        prefix = visible(wanted.prefix)
        yield func.substr(_CAPTURE.url, 1, len(prefix)) == prefix
    if wanted.containing is not None:
        yield func.lower(_CAPTURE.url).contains(wanted.containing.lower(), autoescape=True)
    if wanted.since is not None:
        yield _CAPTURE.time >= wanted.since
    if wanted.until is not None:
        yield _CAPTURE.time < wanted.until
