"""`muniment list`: list captures."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from itertools import islice
from urllib.parse import quote

import click

from catalog.holdings import Capture
from catalog.overviews import crawl_by_id, crawls
from catalog.queries import Filter, captures_of, list_captures
from cli.context import Archive, with_archive
from cli.find import collection_of, collection_option, is_url, write_captures
from cli.moments import SINCE, UNTIL
from cli.output import json_option, say

SHOWN = 100


@click.command("list")
@click.argument("url", required=False, metavar="[URL|URL*|TEXT]")
@click.option("--source", metavar="NAME", help="Recorded from this source.")
@click.option("--crawl", "crawl", metavar="ID", help="Recorded by this crawl.")
@click.option("--outcome", metavar="WORD", help="As content, not-found, error.")
@click.option("--since", type=SINCE, metavar="TIME", help="From this day or instant on.")
@click.option("--until", type=UNTIL, metavar="TIME", help="Up to this day or instant.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"At most so many, the latest ones.  [default: {SHOWN}; all with --json]",
)
@collection_option
@json_option
@with_archive
def command(
    archive: Archive,
    *,
    url: str | None,
    source: str | None,
    crawl: str | None,
    outcome: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
    collection: str | None,
    as_json: bool,
) -> None:
    """List captures, the latest first: those of a URL, of URLs that begin with one (URL*) or hold a TEXT.

    \b
    Example:
      muniment list --source mofa --outcome not-found
      muniment list https://www.example.gov/notice.pdf
      muniment list 附件 --since 2026-01-01 --json
    """
    most = limit or (None if as_json else SHOWN)
    within = collection_of(archive, collection)
    wanted = Filter(
        collection=within.id if within else None,
        source=source,
        crawl=crawl_by_id(archive.engine, crawl).id if crawl else None,
        outcome=outcome,
        containing=quote(url, safe=string.printable) if url else None,  # as URLs hold it
        since=since,
        until=until,
        limit=most,
    )
    found: Iterable[Capture]
    if url and is_url(url) and not url.endswith("*") and within is None:
        held = captures_of(archive.engine, url)
        found = islice(filter(_fits(archive, wanted), held), most)
    else:
        found = list_captures(archive.engine, _by_beginning(wanted))
    count = write_captures(archive, found, as_json=as_json)
    if count == 0:
        say("nothing here is of this kind")
    elif count == most and limit is None:
        say(f"these are the latest {count}; --limit N shows more")


def _by_beginning(wanted: Filter) -> Filter:
    """`https://host/path*` asks for what begins so."""
    text = wanted.containing
    if text and is_url(text):
        return replace(wanted, containing=None, prefix=text.removesuffix("*"))
    return wanted


def _fits(archive: Archive, wanted: Filter) -> Callable[[Capture], bool]:
    """The filter for the captures of one URL, which are few."""
    recorded = {crawl.id for crawl in crawls(archive.engine, wanted.source)}

    def fits(capture: Capture) -> bool:
        return (
            (wanted.source is None or capture.crawl_id in recorded)
            and wanted.crawl in {None, capture.crawl_id}
            and wanted.outcome in {None, capture.outcome}
            and (wanted.since is None or capture.time >= wanted.since)
            and (wanted.until is None or capture.time < wanted.until)
        )

    return fits
