"""The rows of a frontier: what is known of a URL that was found, and the tables that keep it."""

from __future__ import annotations

from typing import NamedTuple

QUEUED, DONE, DROPPED = 0, 1, 2
PRIORITY = {"robots": 0, "redirect": 1, "requisite": 2, "retry": 2, "sitemap": 3}
"""First what completes a page; then pages in the order in which they were found."""
LAST = 4

TABLES = """
CREATE TABLE IF NOT EXISTS urls (
    seq INTEGER PRIMARY KEY, url TEXT NOT NULL, origin TEXT NOT NULL, role TEXT NOT NULL,
    priority INTEGER NOT NULL, depth INTEGER NOT NULL, hops INTEGER NOT NULL, cause TEXT NOT NULL,
    via TEXT, link_text TEXT, state INTEGER NOT NULL, reason TEXT, detail TEXT,
    attempt INTEGER NOT NULL DEFAULT 1, not_before REAL, outcome TEXT, code TEXT);
CREATE INDEX IF NOT EXISTS waiting ON urls (origin, priority, seq) WHERE state = 0;
CREATE TABLE IF NOT EXISTS robots (url TEXT PRIMARY KEY, kind TEXT NOT NULL, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS promised (url TEXT PRIMARY KEY, via TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS counted (name TEXT PRIMARY KEY, number INTEGER NOT NULL);
"""
INSERT = (
    "INSERT INTO urls (url, origin, role, priority, depth, hops, cause, via, link_text, "
    "state, reason, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
COLUMNS = "seq, url, origin, role, depth, hops, cause, via, link_text, attempt, not_before"


class Row(NamedTuple):
    """A URL that waits or is in flight."""

    seq: int
    url: str
    origin: str
    """Whose queue it waits in; for a redirected robots.txt, the origin that it speaks for."""
    role: str
    """As `scope.Verdict.role`; `robots` for a robots.txt."""
    depth: int
    hops: int
    """Redirects on the way here."""
    cause: str
    via: str | None
    link_text: str | None
    attempt: int
    """The number of the next attempt."""
    not_before: float | None
    """POSIX time before which there is no next attempt."""


class Entry(NamedTuple):
    """A URL that was found, to be queued, or dropped for a reason."""

    url: str
    role: str
    cause: str
    depth: int = 0
    via: str | None = None
    link_text: str | None = None
    hops: int = 0
    reason: str | None = None
    detail: str | None = None


def values(entry: Entry, origin: str) -> tuple[object, ...]:
    """A new row, as `INSERT` takes it."""
    return (
        entry.url,
        origin,
        entry.role,
        PRIORITY.get(entry.cause, LAST),
        entry.depth,
        entry.hops,
        entry.cause,
        entry.via,
        entry.link_text,
        DROPPED if entry.reason else QUEUED,
        entry.reason,
        entry.detail,
    )
