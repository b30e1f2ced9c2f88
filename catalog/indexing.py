"""Bringing the texts up to date: each content that we hold is read once, after ingest.

What was read is entered in batches, each in one transaction: a crash costs the batch, and the next
order reads it again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, and_, delete, exists, insert, or_, select

from archive.errors import DamagedError
from archive.layout import ArchiveRoot
from catalog.database import writing
from catalog.documents import UNREAD
from catalog.holdings import Capture, Version
from catalog.search.index import catch_up, reindexing
from catalog.text.reading import Reading
from catalog.text.worker import Readers
from catalog.text_rows import TextRows, read_contents, spooled_contents, text_rows_of
from catalog.texts import TEXT, Text
from catalog.values import table_of

Progress = Callable[[int, int], None]
"""Told how many contents are read, and of how many."""


@dataclass
class IndexReport:
    """What an indexing did."""

    texts: int = 0
    """Contents with text."""
    reasons: dict[str, int] = field(default_factory=dict)
    """Contents without, by code."""
    damaged: list[DamagedError] = field(default_factory=list)
    """Contents that could not be read out of the archive; the next indexing tries again."""

    def count(self, code: str | None) -> None:
        """Count one more content that was read, and why it has no text, if it has none."""
        if code is None:
            self.texts += 1
        else:
            self.reasons[code] = self.reasons.get(code, 0) + 1


def unread(engine: Engine, files: Collection[str] | None = ()) -> list[str]:
    """The ids of the first captures of all contents that the catalog has no text of, in the order of the files.

    With the names of `files` just ingested, also those that turn out to be earlier than the capture
    that a text was read from; with `None` such captures in any file.
    """
    capture, version, text = table_of(Capture), table_of(Version), table_of(Text)
    columns = (capture.c[name] for name in ("content_sha256", "time", "id", "file", "offset"))
    wanted = select(*columns)
    # Asked apart, for both are told by small indexes: every order asks, and seldom is there any.
    of_versions = wanted.join(version, version.c.id == capture.c.version_id).where(UNREAD)
    of_no_version = wanted.where(
        capture.c.version_id.is_(None),
        capture.c.content_sha256.is_not(None),
        ~exists().where(text.c.content_sha256 == capture.c.content_sha256, text.c.kind == TEXT),
    )
    first: dict[bytes, _First] = {}
    with engine.connect() as connection:
        for query in (of_versions, of_no_version):
            for sha256, *found in connection.execute(query):
                if sha256 is not None:  # where nothing had changed, none came
                    _keep_first(first, sha256, _First(*found))
        if files is None or files:
            of = capture.alias("of")
            earlier = or_(
                capture.c.time < of.c.time,
                and_(capture.c.time == of.c.time, capture.c.id < of.c.id),
            )
            late = (
                wanted.join(text, text.c.content_sha256 == capture.c.content_sha256)
                .join(of, of.c.id == text.c.capture_id)
                .where(text.c.kind == TEXT, earlier)
            )
            if files is not None:
                late = late.where(capture.c.file.in_(files))
            for sha256, *found in connection.execute(late):
                _keep_first(first, sha256, _First(*found))
    placed = sorted(first.values(), key=lambda found: (found.file, found.offset))
    return [found.id for found in placed]


def index(
    engine: Engine,
    root: ArchiveRoot,
    files: Collection[str] | None = (),
    progress: Progress | None = None,
) -> IndexReport:
    """Read and index every content of which there is no text yet (see `unread`)."""
    report = IndexReport()
    catch_up(engine)
    found = unread(engine, files)
    done = 0
    with text_rows_of(engine, root, found) as made, writing(engine) as connection:
        for each in made:
            with connection.begin(), reindexing(connection, each.version_ids):
                _enter(connection, each)
            for code in each.codes:
                report.count(code)
            report.damaged += each.damaged
            done += len(each.codes) + len(each.damaged)
            if progress:
                progress(done, len(found))
    return report


def _enter(connection: Connection, read: TextRows) -> None:
    """Enter what was read of contents, in place of what earlier readings of them gave."""
    for model, rows in read.rows.items():
        table = table_of(model)
        connection.execute(delete(table).where(table.c.version_id.in_(read.version_ids)))
        if rows:
            connection.execute(insert(table), rows)


def read_again(engine: Engine, root: ArchiveRoot, captures: Iterable[Capture]) -> list[Reading]:
    """What there is to read in the contents of captures, out of the archive and not the catalog.

    Raises `DamagedError` where the bytes of one have changed.
    """
    listed = list(captures)
    damaged: list[DamagedError] = []
    lost: list[tuple[Capture, Reading]] = []
    with tempfile.TemporaryDirectory(prefix="muniment-text-") as spool, Readers(1) as readers:
        spooled = spooled_contents(engine, root, listed, Path(spool), damaged=damaged, lost=lost)
        found = {
            capture.id: reading for capture, reading in chain(read_contents(readers, spooled), lost)
        }
    if damaged:
        raise damaged[0]
    return [found[capture.id] for capture in listed]


class _First(NamedTuple):
    """When and where a content was seen first, as far as is known."""

    time: datetime
    id: str
    file: str
    offset: int


def _keep_first(first: dict[bytes, _First], sha256: bytes, found: _First) -> None:
    other = first.get(sha256)
    if other is None or found[:2] < other[:2]:
        first[sha256] = found
