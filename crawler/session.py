"""One run of a crawl, from its plan to its close: Scrapy at work, watched for limits and stops."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

from scrapy.crawler import AsyncCrawlerRunner, Crawler

from archive import warc
from archive.errors import StoppedError
from archive.group import Group
from archive.held import Held
from archive.layout import ArchiveRoot
from archive.statement import Crawl, CrawlClose
from archive.store import WarcWriter
from archive.stored import StoredGroup
from archive.times import Clock
from crawler.archiving import Archivist, Mandate
from crawler.aside import Aside
from crawler.closing import not_requested, shortfall
from crawler.dispatch import Dispatcher
from crawler.errand import Errand
from crawler.follow import Follower
from crawler.frontier import Frontier
from crawler.order import CrawlFolder, Plan
from crawler.outset import egress_of, plan_group, trust
from crawler.resume import crawl_groups
from crawler.scope import Scope
from crawler.settings import scrapy_settings
from crawler.spider import ArchiveSpider, Work
from crawler.wire.addresses import Resolver
from crawler.wire.client import Wire
from crawler.wire.exchange import Exchange
from crawler.wire.limits import Limits
from crawler.wire.opening import Opener

TICK = 0.2
"""Seconds between two looks at limits, the stop event and progress."""
CHECKPOINT = 240.0
"""Seconds between two checkpoints of the log: with what one takes, less than five minutes (design 7)."""
GRACE = 10.0
"""Seconds that requests in flight have left after a stop."""
PAGES_BEGUN = "SELECT count(*) FROM urls WHERE role != 'robots' AND (state = 1 OR attempt > 1)"
QUEUED = "SELECT count(*) FROM urls WHERE role != 'robots' AND state = 0"
WITH_QUERIES = "SELECT url FROM urls WHERE state < 2 AND instr(url, '?')"


class Stop(Protocol):
    """A `threading.Event` or `asyncio.Event`."""

    def is_set(self) -> bool: ...


@dataclass(slots=True)
class Progress:
    """Where a crawl stands."""

    pages: int
    """Captures so far, those of earlier runs of the same crawl included."""
    bytes: int
    """Written to WARC files by this run."""
    queued: int
    failures: int
    current: str | None


class Keeper(Archivist):
    """An archivist who counts."""

    counts: dict[str, int]
    bytes = 0

    async def keep(self, exchange: Exchange, errand: Errand) -> StoredGroup:
        stored = await super().keep(exchange, errand)
        outcome = stored.raw["outcome"]
        self.counts[outcome] = self.counts.get(outcome, 0) + 1
        self.bytes += stored.length
        return stored


@dataclass(slots=True)
class Session:
    """One run of a crawl."""

    plan: Plan
    folder: CrawlFolder
    scope: Scope
    frontier: Frontier
    writer: WarcWriter
    held: Held
    clock: Clock
    counts: dict[str, int]
    """Captures of the whole crawl by outcome."""
    checkpoint: Callable[[], None] | None = None
    """Commits what is durable to the log."""
    interrupts: int = 0
    end: str = "finished"
    mandate: Mandate = field(init=False)

    def begin(self, archive: ArchiveRoot) -> None:
        """Make the plan durable, unless an earlier run did, and commit it. Raises `StorageError`."""
        stored = next(
            (
                group
                for _, group in crawl_groups(archive, self.plan)
                if isinstance(group.statement, Crawl)
            ),
            None,
        )
        if stored is None:
            stored = self.writer.append(plan_group(self.plan))
            self.writer.sync()
        assert isinstance(stored.statement, Crawl)
        self.mandate = Mandate(
            crawl=self.plan.crawl,
            operator=self.plan.operator,
            software=self.plan.software,
            configuration=stored.statement.configuration,
            plan=stored.entry.hex(),
            identity=self.plan.source.identity.name,
        )
        if self.checkpoint is not None:
            self.checkpoint()

    async def work_through(
        self,
        resolver: Resolver,
        progress: Callable[[Progress], None] | None,
        stop: Stop | None,
    ) -> None:
        """Crawl until nothing is left, or a limit, a stop or a failure ends it."""
        source = self.plan.source
        limits = Limits(size=source.scope.max_body)
        opener = Opener(trust(self.clock), limits, resolver)
        aside = Aside()
        wire = Wire(opener, egress_of(source, self.scope), self.clock, self.folder.path, aside)
        keeper = Keeper(self.writer, self.held, self.mandate, aside, revisit=source.revisit)
        keeper.counts = self.counts
        work = self._work(wire, keeper)
        crawler = Crawler(ArchiveSpider, scrapy_settings(source))
        try:
            with self._interrupted():
                crawling = AsyncCrawlerRunner(crawler.settings).crawl(crawler, work=work)
                await self._tend(crawling, crawler, work, progress, stop)
        finally:
            wire.close()
            await _cancel_the_rest()
            aside.close()
            keeper.close()
        self._judge(work)

    def close(self) -> CrawlClose:
        """Write the crawl's close, durably, and seal its file. Raises `StorageError`."""
        path = self.folder.path / "not-requested.jsonl"
        left_out = not_requested(self.frontier, path, limit=self.end == "limit")
        queued = self._number(QUEUED)
        sentences = shortfall(self.frontier)
        if queued:
            sentences = (*sentences, f"{queued} URLs in scope were still waiting.")
        now = self.clock()
        statement = CrawlClose(
            crawl=self.plan.crawl,
            time=now,
            end=self.end,
            counts=dict(sorted(self.counts.items())),
            not_requested=dict(sorted(left_out.by_reason.items())),
            queued=queued,
            complete=not sentences,
            shortfall=sentences,
        )
        uri = f"urn:muniment:crawl:{self.plan.crawl}:not-requested"
        record = warc.resource(uri, now, left_out.lines, "application/jsonl")
        self.writer.append(Group(statement, (record,)))
        self.writer.sync()
        self.writer.seal()
        path.unlink(missing_ok=True)
        return statement

    def _work(self, wire: Wire, keeper: Keeper) -> Work:
        source, software = self.plan.source, self.plan.software
        user_agent = source.user_agent(software)
        for (url,) in self.frontier.query(WITH_QUERIES):
            self.scope.remember(str(url))
        follower = Follower(source, self.scope, self.frontier)
        follower.begin()
        dispatcher = Dispatcher(source, self.frontier, user_agent)
        begun = self._number(PAGES_BEGUN)
        dispatcher.resume(begun, time.monotonic(), self.clock().timestamp())
        return Work(source, user_agent, dispatcher, follower, self.held, wire, keeper)

    async def _tend(
        self,
        crawling: asyncio.Task[None],
        crawler: Crawler,
        work: Work,
        progress: Callable[[Progress], None] | None,
        stop: Stop | None,
    ) -> None:
        """Watch the crawl; after a stop, what is in flight has `GRACE` to come to its end."""
        began = time.monotonic()
        halted: float | None = None
        ending: asyncio.Task[None] | None = None
        committing = asyncio.create_task(self._commit_now_and_then())
        while not crawling.done():
            if work.dispatcher.halted is None:
                work.dispatcher.halted = self._reason_to_halt(began, stop)
            if work.dispatcher.halted is not None and ending is None:
                halted = time.monotonic()
                ending = asyncio.create_task(_end(crawler))
            await asyncio.wait({crawling}, timeout=TICK)
            work.archivist.rotate_if_idle()
            if progress is not None:
                progress(self._progress(work))
            if halted is not None and (time.monotonic() - halted > GRACE or self.interrupts > 1):
                work.archivist.failure = work.archivist.failure or StoppedError("stopped by hand")
                break
        committing.cancel()
        if crawling.done():
            await crawling

    async def _commit_now_and_then(self) -> None:
        while self.checkpoint is not None:
            await asyncio.sleep(CHECKPOINT)
            await asyncio.to_thread(self.checkpoint)

    def _reason_to_halt(self, began: float, stop: Stop | None) -> str | None:
        if self.interrupts or (stop is not None and stop.is_set()):
            return "stopped"
        most = self.plan.source.scope.max_seconds
        return "limit" if most is not None and time.monotonic() - began >= most else None

    def _judge(self, work: Work) -> None:
        """Say how the work ended; raises what ended it where that was no end of a crawl."""
        if work.failure is not None:
            raise work.failure
        failure = work.archivist.failure
        if failure is not None and not isinstance(failure, StoppedError):
            raise failure
        if work.dispatcher.halted is not None:
            self.end = work.dispatcher.halted
        elif self._number(QUEUED):
            self.end = "limit"

    def _progress(self, work: Work) -> Progress:
        keeper = work.archivist
        assert isinstance(keeper, Keeper)
        return Progress(
            pages=sum(self.counts.values()),
            bytes=keeper.bytes,
            queued=self.frontier.waiting,
            failures=self.counts.get("error", 0) + self.counts.get("truncated", 0),
            current=work.current,
        )

    def _number(self, sql: str) -> int:
        ((number,),) = self.frontier.query(sql)
        return int(number or 0)

    @contextmanager
    def _interrupted(self) -> Iterator[None]:
        """Let SIGINT and SIGTERM stop the crawl; a second one does not wait for what is in flight."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._interrupt)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def _interrupt(self) -> None:
        self.interrupts += 1


async def _end(crawler: Crawler) -> None:
    """Let the engine close once nothing is in flight; one that is not open yet does so by itself."""
    with suppress(RuntimeError):
        await crawler.engine.close_spider_async(reason="halted")


async def _cancel_the_rest() -> None:
    """End the tasks that a hard stop left behind."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    if rest:
        await asyncio.wait(rest, timeout=GRACE)
