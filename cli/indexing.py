"""Bringing the texts and the search up to date, with progress on a terminal."""

from __future__ import annotations

from collections.abc import Collection

import click

from catalog.indexing import IndexReport
from catalog.indexing import index as index_catalog
from cli.complaint import complaint
from cli.context import Archive
from cli.output import progress


def index(archive: Archive, files: Collection[str] | None = ()) -> IndexReport:
    """Read every content of which there is no text yet; `files` as in `catalog.indexing.unread`."""
    with progress("reading texts", None) as advance:
        report = index_catalog(archive.engine, archive.root, files, advance)
    for error in report.damaged:
        click.echo(complaint(error).line, err=True)
    if archive.config.text.ocr:
        _read_scans(archive)
    return report


def _read_scans(archive: Archive) -> None:
    """Make out letters on scans, which the archive's configuration asks for."""
    from catalog.scans import index_scans, unread_scans  # noqa: PLC0415 -- only where it is asked for
    from catalog.text import ocr  # noqa: PLC0415

    waiting = len(unread_scans(archive.engine))
    if not waiting:
        return
    if not ocr.is_there():
        missing = f"the program {ocr.PROGRAM} is not installed ({ocr.PACKAGES})"
        click.echo(f"{waiting} scans are not read: {missing}", err=True)
        return
    with progress("reading scans", waiting) as advance:
        report = index_scans(archive.engine, archive.root, advance)
    for error in report.damaged:
        click.echo(complaint(error).line, err=True)
