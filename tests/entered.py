"""Texts in a catalog and its search index, as the reading of contents would have entered them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert

from archive.ident import ident
from catalog.database import writing
from catalog.holdings import Capture, Version
from catalog.keys import document_id, url_key, version_id
from catalog.search.index import clear as clear_index
from catalog.search.index import reindexing
from catalog.text.extraction import Locator, Passage
from catalog.text.placed import PlacedText
from catalog.texts import TEXT, Posting, Text
from catalog.types import visible
from catalog.values import table_of
from tests.groups import NOW

TABLES: Sequence[Any] = (Text, Posting, Capture, Version)


@dataclass(frozen=True, kw_only=True)
class Given:
    """A content: what is read of it, what it says it is, and what captured it."""

    text: str
    title: str | None = None
    posted: str | None = None
    written: str | None = None
    agency: str | None = None
    type: str = "text/html"
    outcome: str = "content"
    code: str | None = None
    captured: datetime = NOW
    crawl: str | None = None
    kind: str = TEXT
    properties: tuple[tuple[str, str], ...] = ()


def enter(engine: Engine, *contents: Given | str, first: int = 0) -> list[str]:
    """Enter contents, numbered from `first` on; returns their version ids."""
    with writing(engine) as connection, connection.begin():
        told = [
            (number, content if isinstance(content, Given) else Given(text=content))
            for number, content in enumerate(contents, first)
        ]
        ids = [version_id(_digest(number)) for number, _ in told]
        with reindexing(connection, ids):
            for number, content in told:
                _enter(connection, number, content)
    return ids


def clear(engine: Engine) -> None:
    """Forget all of them."""
    with writing(engine) as connection, connection.begin():
        for model in TABLES:
            connection.execute(delete(table_of(model)))
        clear_index(connection)


def _digest(number: int) -> bytes:
    return number.to_bytes(32)


def _enter(connection: Connection, number: int, given: Given) -> None:
    digest = _digest(number)
    id_, url = version_id(digest), f"http://ministry.example/{number}"
    text, posting = table_of(Text), table_of(Posting)
    connection.execute(delete(text).where(text.c.version_id == id_, text.c.kind == given.kind))
    connection.execute(delete(posting).where(posting.c.version_id == id_))
    capture, version = table_of(Capture), table_of(Version)
    connection.execute(delete(version).where(version.c.id == id_))
    connection.execute(delete(capture).where(capture.c.version_id == id_))
    for again in range(2):
        seen: dict[str, Any] = {
            "id": ident("capture", str(number), str(again)), "version_id": id_,
            "document_id": document_id(url), "url": url, "url_key": url_key(url),
            "time": given.captured + again * timedelta(days=1), "method": "GET",
            "outcome": given.outcome, "fidelity": "wire", "cause": "link", "depth": 0,
            "attempt": 1, "flags": "", "absent": "", "content_sha256": digest, "file": "f",
            "offset": number, "length": 1, "crawl_id": given.crawl,
        }  # fmt: skip
        connection.execute(insert(capture), seen)
    connection.execute(
        insert(version), {"id": id_, "sha256": digest, "blake3": digest, "length": 1}
    )
    lines = [visible(line) for line in given.text.split("\n")] if given.text else []
    placed = PlacedText.of(Passage(line, Locator(page=at)) for at, line in enumerate(lines, 1))
    row: dict[str, Any] = {
        "version_id": id_, "kind": given.kind, "content_sha256": digest,
        "capture_id": ident("capture", str(number), "0"), "tool": "t", "recipe": "t/1",
        "code": given.code, "real_type": given.type, "agrees": True, "outcome": given.outcome,
        "text_sha256": digest, "characters": len(placed.text), "body": placed.text,
        "passages": placed.to_json(), "properties": [list(pair) for pair in given.properties],
    }  # fmt: skip
    connection.execute(insert(text), row)
    stated = {"title": given.title, "posted": given.posted, "written": given.written}
    connection.execute(insert(posting), {"version_id": id_, "agency": given.agency, **stated})
