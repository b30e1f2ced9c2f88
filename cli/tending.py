"""Before anything new is written, what an earlier end left behind is put in order."""

from __future__ import annotations

import shutil
from datetime import timedelta

from archive.errors import storage
from archive.recover import recover
from cli.context import Archive
from cli.events import record_event
from cli.output import number, say, size
from crawler.order import ORDER, OVER, discard

SETTLED = timedelta(seconds=2)
"""Age at which a crawl's folder without an order is one that was never begun."""


def tend(archive: Archive, operator: str) -> None:
    """Recover and seal what a crash left open, ingest whatever the catalog lacks, clear what is over."""
    mend(archive, operator)
    archive.ingest()
    clear_crawls(archive)


def mend(archive: Archive, operator: str) -> None:
    """Recover and seal what a crash left open; each recovery is an event."""
    for found in recover(archive.root, archive.clock):
        archive.unlogged = True
        if not found.cut_bytes:
            continue
        say(
            f"{found.file}: ended within a write; {number(found.kept_groups, 'whole group')} kept, "
            f"{size(found.cut_bytes)} set aside in {found.quarantine}"
        )
        record_event(
            archive,
            "recovery",
            operator,
            detail={
                "kept_groups": found.kept_groups,
                "cut_bytes": found.cut_bytes,
                "quarantine": found.quarantine.name if found.quarantine else None,
            },
            objects=[found.file],
        )


def clear_crawls(archive: Archive) -> None:
    """Remove the folders of crawls that are over and ingested, or that never began."""
    for folder in archive.root.crawls.iterdir():
        if (folder / OVER).exists():
            discard(archive.root, folder.name)
        elif not (folder / ORDER).exists():
            age = archive.clock().timestamp() - folder.stat().st_mtime
            if age > SETTLED.total_seconds():
                with storage(folder):
                    shutil.rmtree(folder)
