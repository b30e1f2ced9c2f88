"""What is held from before a crawl: the catalog's answer to the crawler's `Held`."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from sqlalchemy import Engine, Row, bindparam, select
from sqlmodel import SQLModel

from archive.digest import Digests
from archive.held import HeldCapture
from catalog import holdings  # noqa: F401 - defines the table
from catalog.keys import url_key
from catalog.types import visible


class CatalogHeld:
    """Holdings as the catalog knows them; one query a URL, by one index.

    Every answer that a crawl gets is asked about, and in a first crawl none is known. So the driver
    itself is asked first whether there is anything: SQLAlchemy's way takes five times as long.
    """

    def __init__(self, engine: Engine) -> None:
        # One connection for the whole crawl: to take one out anew at each page takes longer than to ask.
        self._connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        table = SQLModel.metadata.tables["capture"]
        same = (table.c.url_key == bindparam("key"), table.c.url == bindparam("url"))
        self._any = str(select(table.c.id).where(*same).compile(dialect=engine.dialect))
        self._query = (
            select(table)
            .where(*same, table.c.outcome == "content", table.c.fidelity == "wire")
            .order_by(table.c.time.desc(), table.c.id)
            .limit(1)
        )

    def last(self, url: str) -> HeldCapture | None:
        """The last capture of exactly this URL, off the wire, that holds content."""
        key, url = url_key(url), visible(url)
        if not self._is_known(key, url):
            return None
        row = self._connection.execute(self._query, {"key": key, "url": url}).first()
        return None if row is None or row.record_id is None else _held(row)

    def close(self) -> None:
        """End the connection; nothing more is asked."""
        self._connection.close()

    def _is_known(self, key: str, url: str) -> bool:
        with closing(self._connection.connection.cursor()) as cursor:
            cursor.execute(self._any, (key, url))
            return cursor.fetchone() is not None


def _held(row: Row[Any]) -> HeldCapture:
    revisit = row.revisit_of is not None
    return HeldCapture(
        record=row.revisit_of if revisit else row.record_id,
        url=row.revisit_url if revisit else row.url,
        time=row.revisit_time if revisit else row.time,
        body=_digests(row, "body"),
        payload=_digests(row, "payload"),
        content=_digests(row, "content"),
        etag=row.etag,
        last_modified=row.last_modified,
        version=row.version_id,
        capture=row.id,
    )


def _digests(row: Row[Any], layer: str) -> Digests | None:
    length, sha256, blake3 = (
        row._mapping[f"{layer}_{name}"] for name in ("length", "sha256", "blake3")
    )
    return None if length is None else Digests(length, sha256, blake3)
