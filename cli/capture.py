"""`muniment capture`: record single URLs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import click

from catalog.holdings import Capture
from catalog.queries import Filter, list_captures
from cli.clock import software
from cli.context import Archive, operator_option, with_archive
from cli.crawling import exit_of, run_crawl
from cli.exits import Exit
from cli.find import write_captures
from cli.output import json_option, say
from cli.tending import tend
from crawler.run import CrawlOrder, one_off
from crawler.urls import absolute


@click.command("capture")
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@operator_option
@json_option
@with_archive
def command(
    archive: Archive, *, urls: tuple[str, ...], operator: str | None, as_json: bool
) -> Exit:
    """Record single URLs, with what their pages need to be shown.

    Redirects are followed, and each answer of any kind is kept. Exit code 5 where none of them
    could be reached, 8 where some could not.

    \b
    Example:
      muniment capture https://www.example.gov/notice.html
    """
    source = one_off(urls)
    who = archive.operator(operator)
    tend(archive, who)
    order = CrawlOrder(source=source, operator=who, software=software())
    report = run_crawl(archive, order, source.name)
    attempts = sorted(list_captures(archive.engine, Filter(crawl=report.crawl)), key=_time)
    answers = _answers(attempts, source.seeds)
    write_captures(archive, answers.values(), as_json=as_json)
    if report.end != "finished":
        return exit_of(report)
    for sentence in report.shortfall:
        say(sentence)
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
