"""Running one crawl from the terminal: progress, Ctrl-C, ingest, and what it came to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

from rich.console import Console
from rich.text import Text

from archive.errors import StorageError
from archive.ident import printed
from catalog.held import CatalogHeld
from cli.context import Archive
from cli.crawl_words import crawl_json
from cli.events import record_events
from cli.exits import Exit
from cli.log_keeping import checkpoint_meanwhile
from cli.output import say, size
from cli.outside_time import measure_clock
from cli.visible import visible
from crawler.run import CrawlOrder, CrawlReport, Progress, crawl, discard


def run_crawl(archive: Archive, order: CrawlOrder, name: str) -> CrawlReport:
    """Crawl to the end, the limit or a stop; what came is then sealed and in the catalog.

    Raises what `crawler.run.crawl` raises; a full disk with the order that goes on afterwards.
    """
    measured = list(measure_clock(archive))
    if measured:
        record_events(archive, order.operator, measured)
    try:
        with _shown(name) as show, closing(CatalogHeld(archive.engine)) as held:
            report = crawl(
                order,
                archive=archive.root,
                held=held,
                clock=archive.clock,
                progress=show,
                checkpoint=partial(checkpoint_meanwhile, archive),
            )
    except StorageError as error:
        advice = (
            f"free or mount space, then `muniment crawl {name} --resume`; nothing stored is lost"
        )
        raise StorageError(error.what, where=error.where, advice=advice) from error
    archive.unlogged = True
    archive.ingest(report.files)
    if report.end == "stopped":
        say(f"stopped; go on with `muniment crawl {name} --resume`")
    else:
        discard(archive.root, report.crawl)
    return report


def exit_of(report: CrawlReport) -> Exit:
    """A crawl that ran to its end is done, whatever single servers answered."""
    if report.end != "finished":
        return Exit.STORAGE if report.end == "storage" else Exit.UNCHECKED
    return Exit.DONE if report.complete else Exit.INCOMPLETE


def report_json(report: CrawlReport) -> dict[str, Any]:
    told = crawl_json(
        id=printed(report.crawl),
        source=report.source,
        end=report.end,
        counts=report.counts,
        not_requested=report.not_requested,
        queued=report.queued,
        complete=report.complete,
        shortfall=report.shortfall,
    )
    return {**told, "files": [path.name for path in report.files]}


@contextmanager
def _shown(name: str) -> Iterator[Callable[[Progress], None] | None]:
    """On a terminal, a line that tells where the crawl stands; elsewhere nothing."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    with console.status(f"{name}  starting", spinner="dots") as status:
        yield lambda progress: status.update(_line(name, progress))


def _line(name: str, progress: Progress) -> Text:
    parts = [
        name,
        f"{progress.pages:,} captured",
        f"{progress.queued:,} waiting",
        f"{progress.failures:,} failures",
        size(progress.bytes),
        progress.current or "",
    ]
    return Text(visible("  ".join(parts)), overflow="ellipsis", no_wrap=True)
