"""Bringing a frontier up to what the archive holds, after a stop, a kill or a power cut.

The WARC groups of the crawl are the truth. Each is accounted for by the same function as in a live
crawl, in the order in which they were made, so even a frontier that was lost is made again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from archive.layout import ArchiveRoot
from archive.measure import measure
from archive.reader import StoredGroup, groups, read_record
from archive.statement import Capture, RefersTo
from crawler.follow import Follower
from crawler.frontier import Frontier
from crawler.frontier_rows import QUEUED, Entry, Row
from crawler.order import Plan
from crawler.scope import Scope

ANSWERS = frozenset({"response", "resource", "revisit"})


def open_frontier(path: Path) -> Frontier:
    """The frontier at `path`; a damaged one is begun anew, for the archive knows what it knew."""
    try:
        return Frontier(path)
    except sqlite3.DatabaseError:
        for name in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            name.unlink(missing_ok=True)
        return Frontier(path)


def crawl_groups(archive: ArchiveRoot, plan: Plan) -> Iterator[tuple[Path, StoredGroup]]:
    """The groups of a crawl in the order in which they were made."""
    for path in sorted(archive.warc.glob(f"{plan.prefix}-*.warc.gz")):
        for group in groups(path):
            yield path, group


def reconcile(archive: ArchiveRoot, plan: Plan, scope: Scope, path: Path) -> dict[str, int]:
    """Account for each durable capture that the frontier at `path` does not know the end of.

    Returns the crawl's captures by outcome. Raises `RecordError` where a group cannot be read.
    """
    counts: dict[str, int] = {}
    frontier = open_frontier(path)
    try:
        frontier.index()
        follower = Follower(plan.source, scope, frontier)
        follower.begin()
        for file, group in crawl_groups(archive, plan):
            statement = group.statement
            if isinstance(statement, Capture) and statement.crawl == plan.crawl:
                counts[statement.outcome] = counts.get(statement.outcome, 0) + 1
                row = _row(frontier, statement)
                if row is not None:
                    content = _content(archive, file, group, statement)
                    follower.finish(row, statement, content)
    finally:
        frontier.close()
    return counts


def _row(frontier: Frontier, capture: Capture) -> Row | None:
    """The row whose attempt a capture is, if the frontier does not know how it ended."""
    found = frontier.find(capture.url)
    if found is None:
        role = "robots" if capture.cause == "robots" else "page"
        with frontier.change():
            frontier.add([Entry(capture.url, role, capture.cause, capture.depth, capture.via)])
        found = frontier.find(capture.url)
        assert found is not None
    row, state = found
    if state != QUEUED or row.attempt > capture.attempt:
        return None
    return row._replace(attempt=capture.attempt)


def _content(
    archive: ArchiveRoot, file: Path, group: StoredGroup, capture: Capture
) -> bytes | None:
    """What a reader would have saved; `None` for a large answer, as in a live crawl."""
    if capture.revisit is not None:
        return _referred(archive, capture.revisit)
    for record in group.records:
        if record.type in ANSWERS and record.uri == capture.url:
            block = read_record(file, record.offset, record.length).block
            if isinstance(block, bytes):
                return measure(block, capture.method, cut=capture.truncated is not None).content
    return None


def _referred(archive: ArchiveRoot, refers_to: RefersTo) -> bytes | None:
    """The content of the record that a revisit stands for, wherever in the archive it lies."""
    for path in archive.warc.glob("*.warc.gz"):
        for group in groups(path):
            if group.raw.get("url") != refers_to.url:
                continue
            statement = group.statement
            if any(record.id == refers_to.record for record in group.records):
                assert isinstance(statement, Capture)
                return _content(archive, path, group, statement)
    return None
