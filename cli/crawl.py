"""`muniment crawl`: record sources from their seeds to their last link."""

from __future__ import annotations

from collections.abc import Sequence

import click

from archive.errors import NotFoundError, UsageError
from cli.clock import software
from cli.context import Archive, operator_option, with_archive
from cli.crawl_words import crawl_fields
from cli.crawling import exit_of, report_json, run_crawl
from cli.exits import Exit
from cli.output import json_option, moment, say, write_fields, write_json
from cli.sources import load_source, source_names
from cli.tending import tend
from cli.visible import visible
from crawler.run import CrawlOrder, Unfinished, plan, unfinished


@click.command("crawl")
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--dry-run", is_flag=True, help="Print the plan and ask for nothing.")
@click.option(
    "--resume", is_flag=True, help="Go on with a crawl that was stopped, where there is one."
)
@operator_option
@json_option
@with_archive
def command(
    archive: Archive,
    *,
    sources: tuple[str, ...],
    dry_run: bool,
    resume: bool,
    operator: str | None,
    as_json: bool,
) -> Exit:
    """Record sources, all of them if none is named, one after the other.

    Ends with everything in place: files sealed, captures in the catalog. Exit code 0 where every
    crawl ran to its end, 8 where one holds less than its seeds and lists promised, 3 where one was
    stopped. Ctrl-C stops cleanly.

    \b
    Example:
      muniment crawl mofa --dry-run
      muniment crawl mofa
      muniment crawl --resume
    """
    if dry_run:
        _tell_plans(archive, sources, as_json)
        return Exit.DONE
    who = archive.operator(operator)
    tend(archive, who)
    orders = _orders(archive, sources, who, resume)
    worst = Exit.DONE
    for name, order in orders:
        report = run_crawl(archive, order, name)
        row = report_json(report)
        write_json(row) if as_json else write_fields(crawl_fields(row))
        worst = exit_of(report) or worst
        if report.end == "stopped":
            break
    return worst


def _orders(
    archive: Archive, names: Sequence[str], who: str, resume: bool
) -> list[tuple[str, CrawlOrder]]:
    """What to crawl, all of it checked before the first request."""
    waiting = {crawl.source: crawl for crawl in unfinished(archive.root)}
    chosen = list(waiting) if resume and not names else _chosen(archive, names)
    if not chosen:
        say("no crawl is unfinished")
    return [(name, _order(archive, name, who, waiting.get(name), resume)) for name in chosen]


def _chosen(archive: Archive, names: Sequence[str]) -> list[str]:
    chosen = list(dict.fromkeys(names)) or source_names(archive.root)
    if not chosen:
        raise NotFoundError("there is no source", advice="add one: `muniment source add NAME URL`")
    return chosen


def _order(
    archive: Archive, name: str, who: str, waiting: Unfinished | None, resume: bool
) -> CrawlOrder:
    if waiting and waiting.running:
        raise UsageError(f"{name} is being crawled by another process")
    if waiting and resume:
        return CrawlOrder(source=None, operator=who, software=software(), resume=waiting.crawl)
    if waiting:
        say(
            f"{name}: the crawl of {moment(waiting.time)} was not finished; this is a new one "
            f"(`muniment crawl {name} --resume` goes on with the old)"
        )
    source, text = load_source(archive.root, name)
    return CrawlOrder(source=source, text=text, operator=who, software=software())


def _tell_plans(archive: Archive, names: Sequence[str], as_json: bool) -> None:
    for name in _chosen(archive, names):
        told_plan = plan(load_source(archive.root, name)[0], software())
        if as_json:
            write_json({"name": name, "settings": told_plan.to_json()})
        else:
            for line in str(told_plan).splitlines():
                click.echo(visible(line))
