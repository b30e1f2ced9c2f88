"""What a crawl was told to do, and the folder that it keeps until it is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from archive.durable import Files, write_new
from archive.errors import NotFoundError, UsageError, Where, storage
from archive.ident import ident
from archive.layout import ArchiveRoot
from archive.times import from_text, to_text
from crawler.source import Source
from crawler.source_file import parse, render

ORDER = "order.json"
OVER = "over.json"


@dataclass(frozen=True, kw_only=True)
class CrawlOrder:
    """What to crawl, on whose order; with `resume`, the id of a crawl to go on with instead."""

    source: Source | None
    operator: str
    software: str
    """Name and version of the program, as `muniment 0.1.0`."""
    text: str = ""
    """The source's file as read; made from `source` where there is none."""
    resume: str | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The order of one crawl, as it is kept while the crawl is not over."""

    crawl: str
    record: str
    """Record id of the crawl's statement, from which `crawl` follows."""
    time: datetime
    source: Source
    text: str
    operator: str
    software: str

    @classmethod
    def of(cls, order: CrawlOrder, record: str, time: datetime) -> Plan:
        if order.source is None:
            raise UsageError("a crawl needs a source, or the id of a crawl to resume")
        return cls(
            crawl=ident(record),
            record=record,
            time=time,
            source=order.source,
            text=order.text or render(order.source),
            operator=order.operator,
            software=order.software,
        )

    @property
    def prefix(self) -> str:
        """How the names of the crawl's WARC files begin."""
        return f"{self.source.name}-{self.crawl}"

    def to_json(self) -> dict[str, Any]:
        return {
            "crawl": self.crawl,
            "record": self.record,
            "time": to_text(self.time),
            "source": self.text,
            "operator": self.operator,
            "software": self.software,
        }


@dataclass(frozen=True, kw_only=True)
class Unfinished:
    """A crawl that was stopped or killed, and can go on."""

    crawl: str
    source: str
    time: datetime
    operator: str
    running: bool


class CrawlFolder:
    """`crawls/ID/`: the order, the frontier, spooled answers. Gone once the crawl is ingested."""

    def __init__(self, archive: ArchiveRoot, crawl: str, files: Files) -> None:
        self.path = archive.crawls / crawl
        self._files = files

    @property
    def frontier(self) -> Path:
        return self.path / "frontier.sqlite"

    @property
    def is_over(self) -> bool:
        return (self.path / OVER).exists()

    def begin(self, plan: Plan) -> None:
        """Write the order down, durably, before anything else is done."""
        self._files.mkdir(self.path)
        write_new(self.path / ORDER, orjson.dumps(plan.to_json()), self._files)

    def read(self) -> Plan:
        """Raises `NotFoundError` where there is no such crawl, `UsageError` for a broken order."""
        path = self.path / ORDER
        try:
            raw = orjson.loads(path.read_bytes())
            return Plan(
                crawl=raw["crawl"],
                record=raw["record"],
                time=from_text(raw["time"]),
                source=parse(raw["source"]),
                text=raw["source"],
                operator=raw["operator"],
                software=raw["software"],
            )
        except FileNotFoundError:
            advice = "see `muniment crawls` for those that can be resumed"
            raise NotFoundError(
                f"no crawl {self.path.name} is unfinished here", advice=advice
            ) from None
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"a broken order: {error}", where=Where(path)) from error

    def over(self, end: str) -> None:
        """Mark the crawl as over: it will not be resumed."""
        write_new(self.path / OVER, orjson.dumps({"end": end}), self._files)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Raises `UsageError` where another process works on this crawl."""
        with storage(self.path):
            fd = self._files.open(self.path / ORDER)
        try:
            if not self._files.lock(fd):
                raise UsageError(f"the crawl {self.path.name} is running", where=Where(self.path))
            yield
        finally:
            self._files.close(fd)

    def is_running(self) -> bool:
        try:
            with self.lock():
                return False
        except UsageError:
            return True


def unfinished(archive: ArchiveRoot, files: Files | None = None) -> list[Unfinished]:
    """The crawls that were stopped or killed, the oldest first; a broken order raises `UsageError`."""
    found = []
    for path in sorted(archive.crawls.glob(f"*/{ORDER}")):
        folder = CrawlFolder(archive, path.parent.name, files or Files())
        if not folder.is_over:
            plan = folder.read()
            found.append(
                Unfinished(
                    crawl=plan.crawl,
                    source=plan.source.name,
                    time=plan.time,
                    operator=plan.operator,
                    running=folder.is_running(),
                )
            )
    return sorted(found, key=lambda crawl: crawl.time)


def discard(archive: ArchiveRoot, crawl: str) -> None:
    """Remove the folder of a crawl that is over and ingested. Raises `UsageError` for any other."""
    folder = CrawlFolder(archive, crawl, Files())
    if folder.path.exists():
        if not folder.is_over:
            raise UsageError(f"the crawl {crawl} is not over", where=Where(folder.path))
        with storage(folder.path):
            # the order last: without it the rest is nothing, with it the crawl is still known
            for path in sorted(folder.path.iterdir(), key=lambda path: path.name == ORDER):
                path.unlink()
            folder.path.rmdir()
