"""`muniment capture`: record single URLs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import click

from archive.urls import absolute
from catalog.holdings import Capture
from catalog.queries import Filter, list_captures
from cli.clock import software
from cli.context import Archive, operator_option, with_archive
from cli.crawling import exit_of, run_crawl
from cli.exits import Exit
from cli.find import write_captures
from cli.identities import identity_option
from cli.output import json_option, say
from cli.tending import tend
from crawler.run import CrawlOrder, CrawlReport, one_off
from crawler.source import IDENTITIES, INSTITUTIONAL, Source


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of asking for single URLs."""

    report: CrawlReport
    attempts: list[Capture]
    """In the order of time."""
    answers: dict[str, Capture]
    """The last attempt at each URL named, and at those that it led to."""
    exit: Exit


@click.command("capture")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@identity_option(INSTITUTIONAL)
@operator_option
@json_option
@with_archive
def command(
    archive: Archive,
    *,
    urls: tuple[str, ...],
    identity: str,
    operator: str | None,
    as_json: bool,
) -> Exit:
    """Record single URLs, with what their pages need to be shown.

    Redirects are followed, and each answer of any kind is kept. Exit code 5 where none of them
    could be reached, 8 where some could not.

    \b
    Example:
      muniment capture https://www.example.gov/notice.html
    """
    who = archive.operator(operator)
    source = one_off(urls, identity=IDENTITIES[identity])
    tend(archive, who)
    taken = take(archive, who, source)
    write_captures(archive, taken.answers.values(), as_json=as_json)
    if taken.report.end == "finished":
        for sentence in taken.report.shortfall:
            say(sentence)
    return taken.exit


def take(archive: Archive, operator: str, source: Source) -> Taken:
    """Ask for the seeds of a source, and record what comes. Raises what `run_crawl` raises."""
    order = CrawlOrder(source=source, operator=operator, software=software())
    report = run_crawl(archive, order, source.name)
    attempts = sorted(list_captures(archive.engine, Filter(crawl=report.crawl)), key=_time)
    answers = _answers(attempts, source.seeds)
    return Taken(report, attempts, answers, _exit(report, source, attempts, answers))


def _exit(
    report: CrawlReport, source: Source, attempts: list[Capture], answers: dict[str, Capture]
) -> Exit:
    if report.end != "finished":
        return exit_of(report)
    if not any(map(_answered, attempts)):
        return Exit.NETWORK
    named = [answers.get(absolute(url)) for url in source.seeds]
    return Exit.DONE if all(each and _answered(each) for each in named) else Exit.INCOMPLETE


def _answers(attempts: Iterable[Capture], urls: Iterable[str]) -> dict[str, Capture]:
    """The last attempt at each URL named, and at those that it led to."""
    wanted = {absolute(url) for url in urls}
    last: dict[str, Capture] = {}
    for capture in attempts:
        if capture.url in wanted or (capture.cause == "redirect" and capture.via in wanted):
            wanted.add(capture.url)
            last[capture.url] = capture
    return last


def _answered(capture: Capture) -> bool:
    """Whether anything came back; a refusal or a 404 is an answer, and recorded."""
    return capture.block_length is not None


def _time(capture: Capture) -> datetime:
    return capture.time
