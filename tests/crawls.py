"""Running crawls of small sites, and reading what they left in the archive."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from archive.held import NothingHeld
from archive.layout import ArchiveRoot
from archive.reader import groups, read_record
from archive.statement import Capture, CrawlClose, Statement
from archive.warc import chunks
from crawler.run import (
    CrawlOrder,
    CrawlReport,
    crawl,
)
from crawler.source import Source
from tests.small_site import SmallSite


def clock() -> datetime:
    return datetime.now(UTC)


def source(site: SmallSite, **more: Any) -> Source:
    more.setdefault("seeds", (site.url + "/",))
    return Source(name="ministry", **more)


def order(source_: Source | None, resume: str | None = None) -> CrawlOrder:
    return CrawlOrder(
        source=source_, operator="A. Archivist", software="muniment 0.1", resume=resume
    )


def run(archive: ArchiveRoot, source_: Source | None, **more: Any) -> CrawlReport:
    resume = more.pop("resume", None)
    return crawl(order(source_, resume), archive=archive, held=NothingHeld(), clock=clock, **more)


def statements(archive: ArchiveRoot) -> list[Statement]:
    paths = sorted(archive.warc.glob("*.warc.gz"))
    return [group.statement for path in paths for group in groups(path)]


def captures(archive: ArchiveRoot) -> list[Capture]:
    return [found for found in statements(archive) if isinstance(found, Capture)]


def left_out(archive: ArchiveRoot) -> list[dict[str, Any]]:
    """The lines of the last close."""
    lines: list[dict[str, Any]] = []
    for path in sorted(archive.warc.glob("*.warc.gz")):
        for group in groups(path):
            if isinstance(group.statement, CrawlClose):
                record = group.records[1]
                block = read_record(path, record.offset, record.length).block
                text = b"".join(chunks(block))
                lines = [orjson.loads(line) for line in text.splitlines()]
    return lines


def by_path(archive: ArchiveRoot, site: SmallSite) -> dict[str, tuple[str, str, str | None]]:
    return {
        found.url.removeprefix(site.url): (found.outcome, found.cause, found.link_text)
        for found in captures(archive)
    }
