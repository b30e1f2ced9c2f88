"""What was seen at the addresses of a bibliography, each time that it was asked for.

An address that redirects is followed: what was seen at it is where it led to at that time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from catalog.bibliography.held import Held
from catalog.collections import versions_in
from catalog.holdings import Capture
from catalog.keys import document_id, url_key
from catalog.texts import TEXT, Text
from catalog.values import table_of

_CAPTURE, _TEXT = table_of(Capture).c, table_of(Text).c
BATCH = 400
"""Keys of one look-up: SQLite takes no more than 999 parameters in old builds."""
HOPS = 5
"""Redirects that are followed from one address."""
SOON = timedelta(days=1)
"""A redirect leads to what was captured at its goal no later than this."""


class Row(NamedTuple):
    """A capture, and what its content is."""

    id: str
    url: str
    time: datetime
    outcome: str
    code: str | None
    location: str | None
    block_length: int | None
    document_id: str | None
    version_id: str | None
    content_sha256: bytes | None
    normal_sha256: bytes | None
    read_as: str | None

    @property
    def leads_on(self) -> bool:
        return self.outcome == "redirect" and self.version_id is None and bool(self.location)

    def held(self, address: str | None = None) -> Held:
        """As a thing that is held; `address` is the document that was asked for."""
        read_as = self.read_as or "content"
        return Held(
            capture=self.id,
            url=self.url,
            time=self.time,
            outcome=read_as if self.version_id is not None else self.outcome,
            code=self.code,
            answered=self.block_length is not None,
            document=address or self.document_id,
            version=self.version_id,
            normal=self.normal_sha256,
            sha256=self.content_sha256,
        )


class Sightings:
    """The captures of addresses, and of where these lead, looked up together."""

    def __init__(self, connection: Connection, collection: str | None) -> None:
        self._connection = connection
        self._collection = collection
        self._rows: dict[str, list[Row]] = {}
        """By the id of the document at an address, in the order of time."""

    def look_up(self, urls: Iterable[str]) -> None:
        """Find what was seen at these addresses."""
        wanted = {document_id(url): url for url in urls}
        for _ in range(HOPS + 1):
            wanted = {id_: url for id_, url in wanted.items() if id_ not in self._rows}
            if not wanted:
                return
            self._fetch(wanted)
            wanted = {
                document_id(row.location): row.location
                for id_ in wanted
                for row in self._rows[id_]
                if row.leads_on and row.location
            }

    def of(self, urls: Iterable[str]) -> list[Held]:
        """What was seen at any of these addresses, the earliest first."""
        found: dict[tuple[str, str | None], Held] = {}
        for id_ in dict.fromkeys(map(document_id, urls)):
            for row in self._rows.get(id_, ()):
                held = self._followed(row, id_)
                if held is not None:
                    found.setdefault((held.capture, held.document), held)
        return sorted(found.values(), key=lambda held: (held.time, held.capture))

    def _followed(self, row: Row, address: str) -> Held | None:
        """What a capture shows of an address; `None` where it tells nothing new."""
        for _ in range(HOPS):
            if not row.leads_on or row.location is None:
                break
            there = self._rows.get(document_id(row.location), [])
            at = bisect_left(there, row.time, key=lambda other: other.time)
            if at == len(there) or there[at].time - row.time > SOON or there[at].id == row.id:
                return None
            row = there[at]
        if row.version_id is None and row.outcome in {"redirect", "not-modified"}:
            return None
        return row.held(address)

    def _fetch(self, wanted: dict[str, str]) -> None:
        for id_ in wanted:
            self._rows[id_] = []
        ids, keys = sorted(wanted), sorted({url_key(url) for url in wanted.values()})
        seen = _CAPTURE.version_id.is_not(None)
        for batch in (ids[at : at + BATCH] for at in range(0, len(ids), BATCH)):
            self._take(and_(seen, _CAPTURE.document_id.in_(batch)))
        for batch in (keys[at : at + BATCH] for at in range(0, len(keys), BATCH)):
            self._take(and_(_CAPTURE.version_id.is_(None), _CAPTURE.url_key.in_(batch)))
        for id_ in wanted:
            self._rows[id_].sort(key=lambda row: (row.time, row.id))

    def _take(self, condition: ColumnElement[bool]) -> None:
        for row in read(self._connection, condition, self._collection):
            rows = self._rows.get(row.document_id or document_id(row.url))
            if rows is not None:
                rows.append(row)


def read(
    connection: Connection, condition: ColumnElement[bool], collection: str | None
) -> Iterator[Row]:
    """The captures of which a condition holds. With the id of a collection, contents that are not in
    it are left out; what shows that there is no content stays.
    """
    columns: list[Any] = [
        *(_CAPTURE[name] for name in Row._fields[:-2]),
        _TEXT.normal_sha256,
        _TEXT.outcome,
    ]
    query = (
        select(*columns)
        .outerjoin(
            table_of(Text), and_(_TEXT.version_id == _CAPTURE.version_id, _TEXT.kind == TEXT)
        )
        .where(condition)
    )
    if collection is not None:
        members = versions_in(collection)
        query = query.where(or_(_CAPTURE.version_id.in_(members), _CAPTURE.version_id.is_(None)))
    yield from (Row(*row) for row in connection.execute(query))
