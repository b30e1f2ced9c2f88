"""Reading scans: what a machine makes out on the images of contents that have no text of their own.

Off unless it is asked for, as it takes seconds a page. What comes of it is a second text of the content, of
the kind `ocr`: it is found by search, and verifies no quotation.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine, and_, exists, insert, or_, select

from archive.layout import ArchiveRoot
from catalog.database import writing
from catalog.holdings import Capture
from catalog.indexing import IndexReport, Progress
from catalog.keys import version_id
from catalog.search.index import reindexing
from catalog.text import ocr
from catalog.text.normal import normal
from catalog.text.reading import Reading
from catalog.text.worker import Job, Readers
from catalog.text.worker_limits import Limits
from catalog.text_rows import read_contents, spooled_contents, stored, text_row
from catalog.texts import OCR, TEXT, Text
from catalog.values import table_of, values

LIMITS = Limits(cpu=600, seconds=10_800)
"""Of one content: three hours for two hundred pages."""


def unread_scans(engine: Engine) -> list[Capture]:
    """The captures of contents that may be scans and have not been read as such, in the order of the
    files: PDF without text, and images, of which other text is not to be had.
    """
    capture, text = table_of(Capture), table_of(Text)
    scan = text.alias("scan")
    without = or_(
        and_(text.c.code == "no-text", text.c.real_type == "application/pdf"),
        and_(text.c.code == "unsupported", text.c.real_type.in_(sorted(ocr.IMAGES))),
    )
    known = exists().where(scan.c.version_id == text.c.version_id, scan.c.kind == OCR)
    query = (
        select(capture)
        .join(text, text.c.capture_id == capture.c.id)
        .where(text.c.kind == TEXT, without, ~known)
        .order_by(capture.c.file, capture.c.offset)
    )
    with engine.connect() as connection:
        return list(values(Capture, connection.execute(query)))


def index_scans(engine: Engine, root: ArchiveRoot, progress: Progress | None = None) -> IndexReport:
    """Read every scan that is not read yet. Each is entered when it is read, so a stop costs one."""
    report = IndexReport()
    lost: list[tuple[Capture, Reading]] = []
    with (
        tempfile.TemporaryDirectory(prefix="muniment-scan-") as spool,
        Readers(1, LIMITS) as readers,
        writing(engine) as connection,
    ):
        waiting = unread_scans(engine)
        spooled = spooled_contents(
            engine, root, waiting, Path(spool), damaged=report.damaged, lost=lost
        )
        for done, (capture, reading) in enumerate(read_contents(readers, _as_scans(spooled)), 1):
            contents = [version_id(capture.content_sha256 or b"")]
            placed = stored(reading)
            row = text_row(capture, reading, placed, normal(placed.text), OCR)
            with connection.begin(), reindexing(connection, contents):
                connection.execute(insert(table_of(Text)), row)
            report.count(reading.extraction.code)
            if progress:
                progress(done, len(waiting))
    return report


def _as_scans(spooled: Iterator[tuple[Capture, Job]]) -> Iterator[tuple[Capture, Job]]:
    for capture, job in spooled:
        yield capture, replace(job, scan=True)
