"""Publications: works, the sources that they cite, and what became of each check of these.

Every check that is kept is an event (`CHECK`) whose detail has the work, its entries and the verdicts;
the tables follow from those events alone, in the order of their times, so a rebuild comes to the same
rows. What a publication cites is what its last check found in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Index, delete, func, insert, select
from sqlmodel import Field, SQLModel

from archive.errors import NotFoundError
from catalog.bibliography.entry import Entry
from catalog.collections import folded
from catalog.keys import name_id
from catalog.premis import Event
from catalog.types import Instant, Json, Key, Outside
from catalog.values import table_of, values

CHECK = "bibliography check"
"""Type of the events."""


class Publication(SQLModel, table=True):
    """A work that cites."""

    __tablename__ = "publication"

    id: str = Field(primary_key=True, sa_type=Key)
    """`publication_id(name)`."""
    name: str = Field(sa_type=Outside)
    title: str | None = Field(default=None, sa_type=Outside)
    author: str | None = Field(default=None, sa_type=Outside)
    date: str | None = Field(default=None, sa_type=Outside)
    """When it was published, as it was given."""
    created: datetime = Field(sa_type=Instant)
    """Time of the first check."""
    checked: datetime = Field(sa_type=Instant)
    """Time of the last."""
    check_id: str = Field(sa_type=Key)
    """The event of the last check; the files and the report are beside it."""
    checks: int
    days: int
    collection: str | None = Field(default=None, sa_type=Outside)
    """The name of the collection that was looked in alone."""
    files: Any = Field(sa_type=Json)
    """Each with `name sha256 length format`."""
    counts: Any = Field(sa_type=Json)
    """Citations by verdict."""


class Citation(SQLModel, table=True):
    """One pointer of a work to a source, as its last check found it."""

    __tablename__ = "citation"
    __table_args__ = (
        Index("citation_version", "version_id"),
        Index("citation_document", "document_id"),
        {"sqlite_with_rowid": False},
    )

    publication_id: str = Field(primary_key=True, sa_type=Key)
    number: int = Field(primary_key=True)
    """From 1, in the order of the files."""
    key: str = Field(sa_type=Outside)
    file: str = Field(sa_type=Outside)
    url: str | None = Field(default=None, sa_type=Outside)
    verdict: str = Field(sa_type=Key)
    """A `catalog.bibliography.verdict.EntryVerdict`."""
    reason: str = Field(sa_type=Outside)
    since: datetime = Field(sa_type=Instant)
    """Time of the first check from which on the verdict was always this one."""
    before: str | None = Field(default=None, sa_type=Key)
    """The verdict before that."""
    capture_id: str | None = Field(default=None, sa_type=Key)
    version_id: str | None = Field(default=None, sa_type=Key)
    """What the work means, as far as it is held."""
    document_id: str | None = Field(default=None, sa_type=Key)
    entry: Any = Field(sa_type=Json)
    """`catalog.bibliography.entry.Entry.to_json`."""


class CitationQuote(SQLModel, table=True):
    """The check of a quotation (catalog.quotes) that a citation rests on."""

    __tablename__ = "citation_quote"
    __table_args__ = (Index("citation_quote_quote", "quote_id"), {"sqlite_with_rowid": False})

    publication_id: str = Field(primary_key=True, sa_type=Key)
    number: int = Field(primary_key=True)
    quote_id: str = Field(primary_key=True, sa_type=Key)


def publication_id(name: str) -> str:
    return name_id("publication", folded(name))


def publications(engine: Engine) -> list[Publication]:
    """All publications by name."""
    table = table_of(Publication)
    with engine.connect() as connection:
        return list(values(Publication, connection.execute(select(table).order_by(table.c.name))))


def find_publication(engine: Engine, name: str) -> Publication:
    """The publication of that name. Raises `NotFoundError`."""
    table = table_of(Publication)
    query = select(table).where(table.c.id == publication_id(name))
    with engine.connect() as connection:
        found = next(values(Publication, connection.execute(query)), None)
    if found is None:
        raise NotFoundError(f"no publication {name}", advice="see `muniment publication list`")
    return found


def citations(engine: Engine, publication: Publication) -> list[Citation]:
    """What a publication cites, in the order of its files."""
    table = table_of(Citation)
    query = select(table).where(table.c.publication_id == publication.id).order_by(table.c.number)
    with engine.connect() as connection:
        return list(values(Citation, connection.execute(query)))


def entry_of(citation: Citation) -> Entry:
    return Entry.from_json(citation.entry)


def cited_by(engine: Engine, document_id: str) -> list[tuple[Publication, Citation]]:
    """The citations of a document, by the names of the works."""
    publication, citation = table_of(Publication), table_of(Citation)
    query = (
        select(publication, citation)
        .join(citation, citation.c.publication_id == publication.c.id)
        .where(citation.c.document_id == document_id)
        .order_by(publication.c.name, citation.c.number)
    )
    width = len(publication.c)
    with engine.connect() as connection:
        return [
            (next(values(Publication, [row[:width]])), next(values(Citation, [row[width:]])))
            for row in connection.execute(query)
        ]


# What follows makes the tables out of the events.


def derive_publications(connection: Connection) -> None:
    """Make the publications again of which checks came since; nothing where none did."""
    event, publication = table_of(Event), table_of(Publication)
    held = connection.scalar(select(func.coalesce(func.sum(publication.c.checks), 0)))
    told = connection.scalar(select(func.count()).where(event.c.type == CHECK))
    if held == told:
        return
    for model in (CitationQuote, Citation, Publication):
        connection.execute(delete(table_of(model)))
    checks = connection.execute(
        select(event.c.id, event.c.time, event.c.detail)
        .where(event.c.type == CHECK)
        .order_by(event.c.time, event.c.id)
    )
    states: dict[str, _State] = {}
    for event_id, time, detail in checks:
        key = publication_id(detail["publication"])
        states.setdefault(key, _State(detail["publication"], time)).apply(event_id, time, detail)
    for key, state in states.items():
        connection.execute(insert(publication), state.row(key))
        for model, rows in (
            (Citation, list(state.citation_rows(key))),
            (CitationQuote, list(state.quote_rows(key))),
        ):
            if rows:
                connection.execute(insert(table_of(model)), rows)


@dataclass(frozen=True)
class _Standing:
    """Since when a citation has the verdict that it has, and which one it had before."""

    verdict: str
    since: datetime
    before: str | None


@dataclass
class _State:
    """A publication while its checks are read."""

    name: str
    created: datetime
    checked: datetime | None = None
    check_id: str = ""
    checks: int = 0
    detail: dict[str, Any] = field(default_factory=dict)
    about: dict[str, str] = field(default_factory=dict)
    standing: dict[tuple[str, ...], _Standing] = field(default_factory=dict)

    def apply(self, event_id: str, time: datetime, detail: dict[str, Any]) -> None:
        """One check. What it says of the work replaces what an earlier one said."""
        self.checks += 1
        self.checked, self.check_id, self.detail = time, event_id, detail
        told = {name: detail.get(name) for name in ("title", "author", "date")}
        self.about |= {name: value for name, value in told.items() if value}
        standing: dict[tuple[str, ...], _Standing] = {}
        for identity, told_ in _identified(detail["citations"]):
            verdict = told_["verdict"]
            old = self.standing.get(identity)
            if old is not None and old.verdict == verdict:
                standing[identity] = old
            else:
                standing[identity] = _Standing(verdict, time, old.verdict if old else None)
        self.standing = standing

    def row(self, key: str) -> dict[str, Any]:
        return {
            "id": key,
            "name": self.name,
            **{name: self.about.get(name) for name in ("title", "author", "date")},
            "created": self.created,
            "checked": self.checked,
            "check_id": self.check_id,
            "checks": self.checks,
            "days": self.detail["days"],
            "collection": self.detail.get("collection"),
            "files": self.detail["files"],
            "counts": self.detail["counts"],
        }

    def citation_rows(self, key: str) -> Iterable[dict[str, Any]]:
        for number, (identity, told) in enumerate(_identified(self.detail["citations"]), 1):
            standing, entry = self.standing[identity], told["entry"]
            yield {
                "publication_id": key,
                "number": number,
                "key": entry["key"],
                "file": told["file"],
                "url": next(iter(entry.get("urls", ())), None),
                "verdict": told["verdict"],
                "reason": told["reason"],
                "since": standing.since,
                "before": standing.before,
                **{f"{name}_id": told.get(name) for name in ("capture", "version", "document")},
                "entry": entry,
            }

    def quote_rows(self, key: str) -> Iterable[dict[str, Any]]:
        for number, told in enumerate(self.detail["citations"], 1):
            for quote_id in dict.fromkeys(told.get("quotes", ())):
                yield {"publication_id": key, "number": number, "quote_id": quote_id}


def _identified(told: list[dict[str, Any]]) -> Iterable[tuple[tuple[str, ...], dict[str, Any]]]:
    """Citations with what tells one from the others in every check: what it points to, however the
    lines of the work have moved; the second time that it is cited is another one.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    for one in told:
        entry = one["entry"]
        points = (*entry.get("urls", ()), *entry.get("copies", ()))
        named = tuple(filter(None, (entry.get("sha256"), entry.get("id"))))
        identity = (*points, *named) or ("key", one["file"], entry["key"])
        seen[identity] += 1
        yield (*identity, str(seen[identity])), one
