"""Captures as commands name, list and tell them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cache
from typing import Any

import click

from archive.answer import Answer
from archive.digest import Digest
from archive.errors import NotFoundError, UsageError
from archive.ident import printed
from catalog import contents
from catalog.collections import Collection, find_collection
from catalog.custody import event_by_id
from catalog.holdings import Capture
from catalog.queries import by_digest, capture_by_id, captures_of, latest
from catalog.resolve import capture_of, resolve
from cli import telling
from cli.context import Archive
from cli.output import Column, moment, size, write_rows

collection_option = click.option(
    "--collection", metavar="NAME", help="Those in this collection alone."
)
COLUMNS = (
    Column("id", "Capture"),
    Column("time", "Time", moment),
    Column("outcome", "Outcome"),
    Column("status", "Status", right=True),
    Column("length", "Size", size, right=True),
    Column("url", "URL", long=True),
)
ORIGIN = Column("origin", "Origin", long=True)
_HEX = re.compile(r"[0-9a-fA-F]{64}")


def find_capture(
    archive: Archive, name: str, at: datetime | None = None, *, holding: bool = False
) -> Capture:
    """The capture of this id (or its beginning), or the latest one of this URL, up to `at`.

    With `holding`, one that holds the document goes before a later one that tells of a failure, or
    that holds a page in its place, as a challenge sent with status 200.
    """
    if not is_url(name):
        if at is not None:
            raise UsageError("--at goes with a URL; an id names one capture already")
        digested = find_by_digest(archive, name)
        if digested is not None:
            return digested
        try:
            return capture_by_id(archive.engine, name)
        except NotFoundError:  # a version, or a document, then
            return capture_of(archive.engine, resolve(archive.engine, name))
    found = latest(archive.engine, name, at, holding=True) if holding else None
    found = found or latest(archive.engine, name, at)
    if found is not None:
        return found
    first = captures_of(archive.engine, name)[-1:]
    if first:
        raise NotFoundError(
            f"no capture of {name} up to then; the first is of {moment(first[0].time)}"
        )
    raise NotFoundError(f"no capture of {name}", advice="see `muniment list`")


def find_by_digest(archive: Archive, name: str) -> Capture | None:
    """The last capture that holds the bytes whose digest this is; `None` where it is no digest.

    Raises `NotFoundError` where no capture holds them.
    """
    if ":" in name:
        digests = [Digest.parse(name)]
    elif _HEX.fullmatch(name):
        digests = [Digest(algorithm, bytes.fromhex(name)) for algorithm in ("sha256", "blake3")]
    else:
        return None
    for digest in digests:
        for match in by_digest(archive.engine, digest, 1):
            return match.capture
    raise NotFoundError(f"no capture holds bytes of the digest {name}")


def collection_of(archive: Archive, name: str | None) -> Collection | None:
    """The collection that `--collection` names, if it names one. Raises `NotFoundError`."""
    return find_collection(archive.engine, name) if name else None


def is_url(name: str) -> bool:
    return "://" in name or name.startswith("urn:")


def open_answer(archive: Archive, capture: Capture) -> Answer:
    """What a row of the catalog stands for, where it lies."""
    return contents.open_answer(archive.engine, archive.root, capture)


def origins(archive: Archive) -> Callable[[str | None], str | None]:
    """Tells by the id of an import what its captures' origin is worth."""

    @cache
    def origin(import_id: str | None) -> str | None:
        if import_id is None:
            return None
        event = event_by_id(archive.engine, import_id)
        return telling.origin(event.detail if event else {})

    return origin


def capture_rows(archive: Archive, captures: Iterable[Capture]) -> Iterator[dict[str, Any]]:
    """Captures with the keys of the reference."""
    origin = origins(archive)
    for capture in captures:
        yield {
            "id": printed(capture.id),
            "url": capture.url,
            "time": capture.time,
            "outcome": capture.outcome,
            "status": capture.status,
            "sha256": capture.content_sha256,
            "blake3": capture.content_blake3,
            "length": capture.content_length,
            "code": capture.code,
            "media_type": capture.media_type,
            "filename": capture.filename,
            "tls": capture.tls,
            "fidelity": capture.fidelity,
            "origin": origin(capture.import_id),
            "cause": capture.cause,
            "via": capture.via,
            "link_text": capture.link_text,
            "crawl": printed(capture.crawl_id) if capture.crawl_id else None,
        }


def capture_json(archive: Archive, capture: Capture) -> dict[str, Any]:
    return next(capture_rows(archive, [capture]))


def write_captures(archive: Archive, captures: Iterable[Capture], *, as_json: bool) -> int:
    """A table of captures, with their origin where one is asserted; returns how many there were."""
    rows = capture_rows(archive, captures)
    if as_json:
        return write_rows(rows, COLUMNS, as_json=True)
    listed = list(rows)
    asserted = any(row["origin"] for row in listed)
    return write_rows(listed, (*COLUMNS, ORIGIN) if asserted else COLUMNS, as_json=False)
