"""`muniment crawls`: list crawls, or show what one holds and lacks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import click
import orjson

from archive.errors import NotFoundError
from archive.ident import printed
from archive.reader import groups, read_record
from archive.warc import chunks
from catalog.holdings import Crawl
from catalog.overviews import agent_name, crawl_by_id, crawls
from cli.context import Archive, with_archive
from cli.crawl_words import crawl_fields, crawl_json
from cli.output import Column, Row, json_option, moment, write_fields, write_json, write_rows

COLUMNS = (
    Column("id", "Crawl"),
    Column("source", "Source"),
    Column("time", "Begun", moment),
    Column("outcome", "Ended"),
    Column("captures", "Captures", lambda counts: f"{sum(counts.values()):,}", right=True),
    Column("complete", "Complete"),
)
LEFT_OUT = (
    Column("reason", "Reason"),
    Column("url", "URL"),
    Column("via", "On"),
)


@click.group("crawls", invoke_without_command=True)
@json_option
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List crawls, the latest first, or show one.

    \b
    Example:
      muniment crawls
      muniment crawls show 9q2v
    """
    if context.invoked_subcommand is None:
        context.invoke(list_, as_json=as_json)


@command.command("list")
@json_option
@with_archive
def list_(archive: Archive, as_json: bool) -> None:
    """List crawls, the latest first.

    \b
    Example:
      muniment crawls list --json
    """
    write_rows(map(_json, crawls(archive.engine)), COLUMNS, as_json=as_json)


@command.command("show")
@click.argument("name", metavar="ID")
@click.option("--not-requested", "left_out", is_flag=True, help="List the URLs it did not ask for.")
@json_option
@with_archive
def show(archive: Archive, name: str, *, left_out: bool, as_json: bool) -> None:
    """Show what a crawl holds, what it left out and why, and what it lacks.

    \b
    Example:
      muniment crawls show 9q2v --not-requested
    """
    crawl = crawl_by_id(archive.engine, name)
    if left_out:
        write_rows(_left_out(archive, crawl), LEFT_OUT, as_json=as_json)
    elif as_json:
        write_json({**_json(crawl), "settings": crawl.settings})
    else:
        write_fields([*_begun(archive, crawl), *crawl_fields(_json(crawl))])


def _json(crawl: Crawl) -> Row:
    told = crawl_json(
        id=printed(crawl.id),
        source=crawl.source,
        end=crawl.end,
        counts=crawl.counts,
        not_requested=crawl.not_requested,
        queued=crawl.queued,
        complete=crawl.complete,
        shortfall=crawl.shortfall,
    )
    return {**told, "time": crawl.started, "ended": crawl.ended}


def _begun(archive: Archive, crawl: Crawl) -> Iterator[tuple[str, str]]:
    yield "begun", moment(crawl.started)
    yield "ended", moment(crawl.ended)
    yield "ordered by", agent_name(archive.engine, crawl.operator_id) or "-"
    yield "done by", agent_name(archive.engine, crawl.software_id) or "-"


def _left_out(archive: Archive, crawl: Crawl) -> Iterator[dict[str, Any]]:
    """The list that the crawl's last close keeps of what was not requested."""
    if crawl.source is None or crawl.close_id is None:
        raise NotFoundError(f"the crawl {printed(crawl.id)} has no close yet")
    files = sorted(archive.root.warc.glob(f"{crawl.source}-{crawl.id}-*.warc.gz"), reverse=True)
    found = (
        (path, group) for path in files for group in groups(path) if group.id == crawl.close_id
    )
    for path, group in islice(found, 1):
        for record in group.records[1:]:
            block = read_record(path, record.offset, record.length).block
            yield from map(orjson.loads, b"".join(chunks(block)).splitlines())
