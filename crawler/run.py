"""Running a crawl: plan, first request, close. One call a crawl, as many in a process as one likes.

Order of writes: the order (crawls/ID/order.json), the crawl's plan in a WARC file, both durable, and
the plan committed to the log, before the first request; each capture durable before its links are followed; the close; the seal.
A crash after any of them leaves a crawl that `CrawlOrder(resume=ID)` goes on with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from archive.durable import Files
from archive.held import Held
from archive.ident import new_record_id
from archive.layout import ArchiveRoot
from archive.recover import Recovered, recover
from archive.statement import CrawlClose
from archive.store import WarcWriter
from archive.times import Clock
from crawler.frontier import Frontier
from crawler.order import CrawlFolder, CrawlOrder, Plan, Unfinished, discard, unfinished
from crawler.plan import plan
from crawler.resume import reconcile
from crawler.scope import Scope
from crawler.session import Progress, Session, Stop
from crawler.source import ScopeRules, Source
from crawler.wire.addresses import Resolver, system_resolver

__all__ = [
    "CrawlOrder",
    "CrawlReport",
    "Progress",
    "Unfinished",
    "crawl",
    "discard",
    "one_off",
    "plan",
    "unfinished",
]

OVER = frozenset({"finished", "limit"})
"""Ends after which there is nothing to resume."""


@dataclass(frozen=True, kw_only=True)
class CrawlReport:
    """What a run of a crawl came to."""

    crawl: str
    source: str
    files: list[Path]
    """Sealed by this run, those of recovery included."""
    counts: dict[str, int]
    """Captures of the whole crawl by outcome."""
    end: str
    queued: int
    complete: bool
    shortfall: tuple[str, ...]
    not_requested: dict[str, int]
    recovered: list[Recovered] = field(default_factory=list)


def crawl(
    order: CrawlOrder,
    *,
    archive: ArchiveRoot,
    held: Held,
    clock: Clock,
    resolver: Resolver | None = None,
    progress: Callable[[Progress], None] | None = None,
    stop: Stop | None = None,
    files: Files | None = None,
    checkpoint: Callable[[], None] | None = None,
) -> CrawlReport:
    """Crawl, or go on with a crawl, to its end, its limit or a stop (SIGINT is one).

    `checkpoint` commits what is durable to the log: called when the plan is, before the first
    request, and every five minutes from then on, in a thread of its own. It raises nothing.

    Raises `StorageError` where the disk refuses (nothing durable is lost, and the crawl can be
    resumed), `UsageError` and `NotFoundError` for an order that cannot be carried out.
    """
    files = files or Files()
    plan_, recovered = _ordered(order, archive, clock, files)
    folder = CrawlFolder(archive, plan_.crawl, files)
    scope = Scope(plan_.source, clock().year)
    with folder.lock():
        counts = reconcile(archive, plan_, scope, folder.frontier) if order.resume else {}
        with _writer(plan_, archive, clock, files) as writer, Frontier(folder.frontier) as frontier:
            session = Session(
                plan_, folder, scope, frontier, writer, held, clock, counts, checkpoint
            )
            session.begin(archive)
            asyncio.run(session.work_through(resolver or system_resolver, progress, stop))
            close = session.close()
        if close.end in OVER:
            folder.over(close.end)
    sealed = [archive.warc / done.file for done in recovered if done.kept_groups]
    return _report(plan_, close, [*sealed, *writer.sealed], recovered)


def one_off(urls: tuple[str, ...], **changes: object) -> Source:
    """The source of `muniment capture URL…`: these pages with what they need to be shown."""
    rules = ScopeRules(max_depth=0)
    return Source(name="capture", seeds=urls, scope=rules, **changes)  # type: ignore[arg-type]  # checked by Source


def _ordered(
    order: CrawlOrder, archive: ArchiveRoot, clock: Clock, files: Files
) -> tuple[Plan, list[Recovered]]:
    """The plan of a new crawl, written down; or of the one to resume, after recovery."""
    if order.resume is None:
        plan_ = Plan.of(order, new_record_id(), clock())
        CrawlFolder(archive, plan_.crawl, files).begin(plan_)
        return plan_, []
    plan_ = CrawlFolder(archive, order.resume, files).read()
    return plan_, recover(archive, clock, files)


def _writer(plan_: Plan, archive: ArchiveRoot, clock: Clock, files: Files) -> WarcWriter:
    """A writer for the crawl's files; each begins with a warcinfo of who made it, and how."""
    info = {
        "software": plan_.software,
        "operator": plan_.operator,
        "isPartOf": plan_.crawl,
        "description": f"source {plan_.source.name}",
        "robots": plan_.source.robots,
        "http-header-user-agent": plan_.source.user_agent(plan_.software),
    }
    return WarcWriter(archive.warc, plan_.prefix, info, clock, files=files)


def _report(
    plan_: Plan, close: CrawlClose, files: list[Path], recovered: list[Recovered]
) -> CrawlReport:
    return CrawlReport(
        crawl=plan_.crawl,
        source=plan_.source.name,
        files=files,
        counts=close.counts,
        end=close.end,
        queued=close.queued,
        complete=close.complete,
        shortfall=close.shortfall,
        not_requested=close.not_requested,
        recovered=recovered,
    )
