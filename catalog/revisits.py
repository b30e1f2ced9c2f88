"""Revisits that hold no content: what they saw is known from the capture that they refer to.

A server's "not modified" is such a one. The capture that it refers to may lie in a file ingested
later, so this is done at the end of each ingest, and comes to the same in any order.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select, text, update
from sqlmodel import SQLModel

from catalog.holdings import PENDING
from catalog.inserts import inserts
from catalog.keys import document_id, url_key

SEEN_AGAIN = ("content", "not-modified")
"""Outcomes by which a server says: what I posted before still stands."""


def resolve_revisits(connection: Connection) -> None:
    """Give each revisit its version, as far as the capture it refers to is held."""
    capture = SQLModel.metadata.tables["capture"]
    pending = select(capture).where(text(PENDING), capture.c.outcome.in_(SEEN_AGAIN))
    found = True
    while found:  # a revisit may refer to another one
        found = False
        for revisit in connection.execute(pending).all():
            version = _version(connection, revisit)
            if version is not None:
                _sight(connection, revisit, version)
                found = True


def _version(connection: Connection, revisit: Row[Any]) -> str | None:
    capture = SQLModel.metadata.tables["capture"].c
    version: str | None = connection.scalar(
        select(capture.version_id)
        .where(
            capture.url_key == url_key(revisit.revisit_url),
            capture.record_id == revisit.revisit_of,
            capture.version_id.is_not(None),
        )
        .order_by(capture.time, capture.id)
        .limit(1)
    )
    return version


def _sight(connection: Connection, revisit: Row[Any], version: str) -> None:
    capture = SQLModel.metadata.tables["capture"]
    document = document_id(revisit.url)
    connection.execute(
        update(capture)
        .where(capture.c.id == revisit.id)
        .values(document_id=document, version_id=version)
    )
    sql = inserts(connection.dialect)
    connection.exec_driver_sql(
        sql["document"].sql, sql["document"].parameters([(document, revisit.url)])
    )
