"""What a crawl has still to ask for, and what became of the rest: one SQLite file a crawl.

Every finished response is one transaction: its URL done, its new links queued. What is in flight
lives in memory alone, so after `kill -9` it is queued again. The file is not fsynced at each
transaction: the WARC groups are the truth, and `crawler.resume` brings the frontier up to them.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from archive.errors import StorageError, Where
from archive.urls import origin_of
from crawler.frontier_rows import (
    COLUMNS,
    DONE,
    DROPPED,
    INSERT,
    TABLES,
    Entry,
    Row,
    values,
)
from crawler.robots import Answer, robots_url

BATCH = 100
"""URLs of an origin that are read into memory at one go."""


@dataclass(slots=True)
class _Queue:
    """An origin's waiting URLs: how many, and the next of them in memory."""

    waiting: int = 0
    ready: deque[Row] = field(default_factory=deque)


class Frontier:
    """The frontier of one crawl. Belongs to one thread. Raises `StorageError` where the disk refuses."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._queues: dict[str, _Queue] = {}
        self._out: set[int] = set()
        self._seen: set[int] = set()
        self._beyond: set[int] = set()
        self._robots_asked: set[str] = set()
        self.robots: dict[str, Answer] = {}
        """What each robots.txt that was asked for came to."""
        with self._storage():
            self._database = sqlite3.connect(path, isolation_level=None)
            # No other process reads it, so its locks need not be taken anew for each transaction.
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.executescript(TABLES)
            self._load()

    @property
    def waiting(self) -> int:
        """URLs queued and not in flight, those that wait for a retry left out."""
        return sum(queue.waiting for queue in self._queues.values())

    @property
    def origins(self) -> Iterable[str]:
        return self._queues.keys()

    def known(self, url: str, requisite: bool = False) -> bool:
        """Whether a URL was found before; one left out as out of scope may still be a requisite."""
        key = hash(url)
        return key in self._seen or (not requisite and key in self._beyond)

    @contextmanager
    def change(self) -> Iterator[None]:
        """All changes within are one transaction."""
        with self._storage():
            self._database.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def add(self, entries: Iterable[Entry]) -> None:
        """Queue or drop new URLs; known ones are passed over. The first of an origin brings its robots.txt."""
        rows = []
        for entry in entries:
            origin = "" if entry.reason else self._origin(entry.url)
            key = hash(entry.url)
            if key in self._seen or (entry.reason and key in self._beyond):
                continue
            (self._beyond if entry.reason == "scope" else self._seen).add(key)
            rows.append(values(entry, origin))
            if not entry.reason:
                self._queues[origin].waiting += 1
        self._insert(rows)

    def ask_robots(self, url: str, origin: str, via: str | None = None, hops: int = 0) -> None:
        """Queue a robots.txt, unless it was asked for on behalf of another origin."""
        if url in self._robots_asked:
            return
        if hash(url) in self._seen:  # it was read as a page: no file of rules is shown as one
            self.answer_robots(url, Answer("rules"))
            return
        self._seen.add(hash(url))
        self._robots_asked.add(url)
        self._insert([values(Entry(url, "robots", "robots", 0, via, None, hops), origin)])
        self._queues[origin].waiting += 1
        self._queues[origin].ready.clear()  # it goes before all that wait for it

    def answer_robots(self, url: str, answer: Answer) -> None:
        self.robots[url] = answer
        self._database.execute(
            "INSERT OR REPLACE INTO robots VALUES (?, ?, ?)", (url, answer.kind, answer.value)
        )

    def promise(self, urls: Iterable[str], via: str) -> None:
        """Remember URLs that a list at `via` names."""
        self._database.executemany(
            "INSERT OR IGNORE INTO promised VALUES (?, ?)", ((url, via) for url in urls)
        )

    def count(self, name: str, number: int) -> None:
        """Add to a number that is kept with the crawl."""
        if number:
            self._database.execute(
                "INSERT INTO counted VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET number = number + excluded.number",
                (name, number),
            )

    def take(self, origin: str) -> Row | None:
        """The next URL of an origin, now in flight."""
        queue = self._queues[origin]
        if not queue.waiting:
            return None
        if not queue.ready:
            self._fill(origin, queue)
        row = queue.ready.popleft()
        queue.waiting -= 1
        self._out.add(row.seq)
        return row

    def give_back(self, row: Row) -> None:
        """A URL that was taken and cannot be asked for yet."""
        queue = self._queues[row.origin]
        queue.ready.appendleft(row)
        queue.waiting += 1
        self._out.discard(row.seq)

    def done(self, row: Row, outcome: str, code: str | None) -> None:
        """The final attempt of a URL came to `outcome`."""
        self._set(row, DONE, outcome=outcome, code=code)

    def drop(self, row: Row, reason: str, detail: str | None) -> None:
        """A URL will not be asked for."""
        self._set(row, DROPPED, reason=reason, detail=detail)

    def retry(self, row: Row, not_before: float) -> Row:
        """There will be another attempt. The URL stays in flight until it is taken again by its row."""
        again = row._replace(attempt=row.attempt + 1, not_before=not_before)
        self._database.execute(
            "UPDATE urls SET attempt = ?, not_before = ? WHERE seq = ?",
            (again.attempt, not_before, row.seq),
        )
        self._out.add(row.seq)
        return again

    def retries(self) -> list[Row]:
        """Taken out of the queue: the URLs that wait for another attempt. To be called on resuming."""
        found = self._database.execute(
            f"SELECT {COLUMNS} FROM urls WHERE state = 0 AND not_before IS NOT NULL"  # noqa: S608
        )
        rows = [Row(*values) for values in found]
        for row in rows:
            if row.seq not in self._out:
                self._out.add(row.seq)
                self._queues[row.origin].waiting -= 1
        return rows

    def find(self, url: str) -> tuple[Row, int] | None:
        """A URL that was found, and its state; slow unless `index` was called."""
        found = self._database.execute(
            f"SELECT {COLUMNS}, state FROM urls WHERE url = ? ORDER BY reason IS NOT NULL",  # noqa: S608
            (url,),
        ).fetchone()
        return (Row(*found[:-1]), found[-1]) if found else None

    def index(self) -> None:
        """Make `find` and `query` by URL fast; not kept up during a crawl, where nothing needs it."""
        self._database.execute("CREATE INDEX IF NOT EXISTS by_url ON urls (url)")

    def query(self, sql: str) -> Iterator[tuple[str | int | None, ...]]:
        """Rows of a report over the tables above."""
        with self._storage():
            yield from self._database.execute(sql)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _origin(self, url: str) -> str:
        """The origin of a URL; a new one begins with its robots.txt."""
        origin = origin_of(url)
        if origin not in self._queues:
            self._queues[origin] = _Queue()
            self.ask_robots(robots_url(origin), origin)
        return origin

    def _load(self) -> None:
        for url, role, reason in self._database.execute("SELECT url, role, reason FROM urls"):
            (self._beyond if reason == "scope" else self._seen).add(hash(url))
            if role == "robots":
                self._robots_asked.add(url)
        for origin, waiting in self._database.execute(
            "SELECT origin, sum(state = 0) FROM urls WHERE origin != '' GROUP BY origin"
        ):
            self._queues[origin] = _Queue(waiting)
        for url, kind, value in self._database.execute("SELECT url, kind, value FROM robots"):
            self.robots[url] = Answer(kind, value)

    def _fill(self, origin: str, queue: _Queue) -> None:
        found = self._database.execute(
            f"SELECT {COLUMNS} FROM urls WHERE origin = ? AND state = 0 "  # noqa: S608
            "ORDER BY priority, seq LIMIT ?",
            (origin, BATCH + len(self._out)),
        )
        queue.ready.extend(row for row in map(Row._make, found) if row.seq not in self._out)

    def _insert(self, rows: list[tuple[object, ...]]) -> None:
        self._database.executemany(INSERT, rows)

    def _set(
        self,
        row: Row,
        state: int,
        *,
        outcome: str | None = None,
        code: str | None = None,
        reason: str | None = None,
        detail: str | None = None,
    ) -> None:
        self._database.execute(
            "UPDATE urls SET state = ?, outcome = ?, code = ?, reason = ?, detail = ? WHERE seq = ?",
            (state, outcome, code, reason, detail, row.seq),
        )
        self._out.discard(row.seq)

    @contextmanager
    def _storage(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StorageError(
                f"cannot write the crawl's frontier: {error}",
                where=Where(self._path),
                advice="free or mount space, then resume the crawl; nothing stored is lost",
            ) from error
