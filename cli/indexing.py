"""Bringing the texts and the search up to date, with progress on a terminal."""

from __future__ import annotations

from collections.abc import Collection

import click

from catalog.indexing import IndexReport
from catalog.indexing import index as index_catalog
from cli.complaint import complaint
from cli.context import Archive
from cli.output import progress


def index(archive: Archive, files: Collection[str] = ()) -> IndexReport:
    """Read every content of which there is no text yet; `files` are the names of those just ingested."""
    done = 0
    with progress("reading texts", None) as advance:

        def tell(count: int) -> None:
            nonlocal done
            done += count
            advance(done)

        report = index_catalog(archive.engine, archive.root, files, tell)
    for error in report.damaged:
        click.echo(complaint(error).line, err=True)
    return report
