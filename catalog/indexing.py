"""Reading what we hold: the text of each content goes into the catalog once, after ingest.

What a row of text says follows from the content and from the headers of the first capture that saw
it, so that a rebuild comes to the same rows. Contents are read in batches, each in one transaction:
a crash costs the batch, and the next order reads it again.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, and_, delete, exists, insert, or_, select
from sqlmodel import SQLModel

from archive.coding import CodingError
from archive.errors import DamagedError, NotFoundError
from archive.layout import ArchiveRoot
from archive.names import safe_name
from catalog.contents import open_answer
from catalog.database import writing
from catalog.holdings import Capture
from catalog.keys import version_id
from catalog.postings.attachments import attachment_rows
from catalog.postings.posting import posting_rows
from catalog.search.index import catch_up, reindexing
from catalog.text.extraction import Passage
from catalog.text.kind import declared_type, unknown
from catalog.text.normal import RECIPE, digest, normal
from catalog.text.outcome import AROUND
from catalog.text.placed import PlacedText
from catalog.text.reading import Reading, nothing
from catalog.text.sketch import sketch
from catalog.text.worker import Job, Readers
from catalog.texts import TEXT, Attachment, Posting, Sketch, Stated, Text
from catalog.types import visible
from catalog.values import table_of, values

BATCH = 100
"""Contents of one transaction."""

CHARACTERS = 10_000_000
"""Characters of the texts of one transaction, about: so much of them is in memory at once."""

FEW = 4
"""Contents that one process has read before a second has started."""

Row = dict[str, Any]
Progress = Callable[[int], None]
"""Told how many more contents are read."""


@dataclass
class IndexReport:
    """What an indexing did."""

    texts: int = 0
    """Contents with text."""
    reasons: dict[str, int] = field(default_factory=dict)
    """Contents without, by code."""
    damaged: list[DamagedError] = field(default_factory=list)
    """Contents that could not be read out of the archive; the next indexing tries again."""

    def count(self, reading: Reading) -> None:
        """Count one more content that was read."""
        code = reading.extraction.code
        if code is None:
            self.texts += 1
        else:
            self.reasons[code] = self.reasons.get(code, 0) + 1


def unread(engine: Engine, files: Collection[str] | None = ()) -> list[str]:
    """The ids of the first captures of all contents that the catalog has no text of, in the order of the files.

    With the names of `files` just ingested, also those that turn out to be earlier than the capture
    that a text was read from; with `None` such captures in any file.
    """
    capture, text = table_of(Capture), table_of(Text)
    known = exists().where(text.c.content_sha256 == capture.c.content_sha256, text.c.kind == TEXT)
    columns = (capture.c[name] for name in ("content_sha256", "time", "id", "file", "offset"))
    wanted = select(*columns).where(capture.c.content_sha256.is_not(None))
    first: dict[bytes, _First] = {}
    with engine.connect() as connection:
        for sha256, *found in connection.execute(wanted.where(~known)):
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


def _captures(engine: Engine, ids: list[str]) -> Iterator[Capture]:
    """The captures of these ids, in their order; few of them are in memory at a time."""
    capture = table_of(Capture)
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        with engine.connect() as connection:
            rows = connection.execute(select(capture).where(capture.c.id.in_(batch)))
            found = {each.id: each for each in values(Capture, rows)}
        yield from (found[id_] for id_ in batch)


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
    with (
        tempfile.TemporaryDirectory(prefix="muniment-text-") as spool,
        Readers(1 if len(found) <= FEW else min(os.cpu_count() or 1, 2)) as readers,
        writing(engine) as connection,
    ):
        lost: list[tuple[Capture, Reading]] = []
        spooled = spooled_contents(
            engine, root, _captures(engine, found), Path(spool), report=report, lost=lost
        )
        for readings in _batches(chain(read_contents(readers, spooled), lost)):
            contents = [version_id(capture.content_sha256 or b"") for capture, _ in readings]
            with connection.begin(), reindexing(connection, contents):
                enter(connection, readings)
            for _, reading in readings:
                report.count(reading)
            if progress:
                progress(len(readings))
    return report


def read_again(engine: Engine, root: ArchiveRoot, captures: Iterable[Capture]) -> list[Reading]:
    """What there is to read in the contents of captures, out of the archive and not the catalog.

    Raises `DamagedError` where the bytes of one have changed.
    """
    listed, report = list(captures), IndexReport()
    lost: list[tuple[Capture, Reading]] = []
    with tempfile.TemporaryDirectory(prefix="muniment-text-") as spool, Readers(1) as readers:
        spooled = spooled_contents(engine, root, listed, Path(spool), report=report, lost=lost)
        found = {
            capture.id: reading for capture, reading in chain(read_contents(readers, spooled), lost)
        }
    if report.damaged:
        raise report.damaged[0]
    return [found[capture.id] for capture in listed]


def spooled_contents(
    engine: Engine,
    root: ArchiveRoot,
    captures: Iterable[Capture],
    spool: Path,
    *,
    report: IndexReport,
    lost: list[tuple[Capture, Reading]],
) -> Iterator[tuple[Capture, Job]]:
    """The contents of captures as files, written when they are asked for. `lost` takes those whose
    digests are told and whose bytes are not to be had, as in some records of others.
    """
    for number, capture in enumerate(captures):
        path = spool / str(number)
        try:
            with path.open("wb") as file:
                for chunk in open_answer(engine, root, capture).bytes_of("content"):
                    file.write(chunk)
        except DamagedError as error:
            path.unlink(missing_ok=True)
            report.damaged.append(error)
            continue
        except (NotFoundError, CodingError) as error:
            path.unlink(missing_ok=True)
            none = nothing("damaged", f"its bytes are not to be had: {error}")
            lost.append((capture, Reading(unknown(declared_type(capture.media_type)), none)))
            continue
        name = capture.filename or safe_name(None, capture.url)
        yield capture, Job(path, capture.media_type, name)


def read_contents(
    readers: Readers, spooled: Iterable[tuple[Capture, Job]]
) -> Iterator[tuple[Capture, Reading]]:
    """The readings of spooled contents, whose files are removed."""
    jobs = (((capture, job.path), job) for capture, job in spooled)
    for (capture, path), reading in readers.read(jobs):
        path.unlink()
        yield capture, reading


def _batches(
    readings: Iterable[tuple[Capture, Reading]],
) -> Iterator[list[tuple[Capture, Reading]]]:
    """Readings by transaction: not too many, and not too much text."""
    batch, characters = [], 0
    for capture, reading in readings:
        batch.append((capture, reading))
        characters += len(reading.extraction.text)
        if len(batch) >= BATCH or characters >= CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def enter(connection: Connection, readings: Iterable[tuple[Capture, Reading]]) -> None:
    """Enter what was read of contents, in place of what earlier readings of them gave."""
    rows: dict[type[SQLModel], list[Row]] = {model: [] for model in _OF_A_READING}
    for capture, reading in readings:
        for model, added in _rows(capture, reading):
            rows[model] += added
    ids = [row["version_id"] for row in rows[Text]]
    for model, added in rows.items():
        table = table_of(model)
        connection.execute(delete(table).where(table.c.version_id.in_(ids)))
        if added:
            connection.execute(insert(table), added)


_OF_A_READING = (Text, Posting, Stated, Attachment, Sketch)
"""The tables of what was read of a content."""


def _rows(capture: Capture, reading: Reading) -> Iterator[tuple[type[SQLModel], list[Row]]]:
    """The rows of one content."""
    assert capture.content_sha256 is not None
    id_ = version_id(capture.content_sha256)
    extraction = reading.extraction
    placed = stored(reading)
    normalised = normal(placed.text)
    yield Text, [text_row(capture, reading, placed, normalised)]
    if reading.outcome != "content":
        return
    if extraction.passages:
        posting, stated = posting_rows(id_, extraction, capture.url, capture.last_modified)
        yield Posting, [posting]
        yield Stated, stated
    encoding = extraction.encoding.name if extraction.encoding else None
    yield Attachment, attachment_rows(id_, capture.url, extraction.links, encoding)
    yield Sketch, [{"hash": hash_, "version_id": id_} for hash_ in _sketch(placed, normalised)]


def stored(reading: Reading) -> PlacedText:
    """The text as the database can store it: the places count its characters."""
    placed = PlacedText.of(reading.extraction.passages)
    if visible(placed.text) == placed.text:
        return placed
    return PlacedText.of(
        Passage(visible(each.text), each.at) for each in reading.extraction.passages
    )


def _sketch(placed: PlacedText, normalised: str) -> list[int]:
    """Of what a page says itself: what leads around it is alike on all pages of its site."""
    own = placed.without(AROUND)
    return sketch(normalised if own == placed.text else normal(own))


def text_row(
    capture: Capture, reading: Reading, placed: PlacedText, normalised: str, kind: str = TEXT
) -> Row:
    """The row of a text with its places, `normalised` by catalog.text.normal."""
    extraction = reading.extraction
    encoding = extraction.encoding
    assert capture.content_sha256 is not None
    return {
        "version_id": version_id(capture.content_sha256),
        "kind": kind,
        "content_sha256": capture.content_sha256,
        "capture_id": capture.id,
        "tool": extraction.tool,
        "recipe": extraction.recipe,
        "code": extraction.code,
        "detail": extraction.detail,
        "declared_type": reading.kind.declared,
        "real_type": reading.kind.real,
        "agrees": reading.kind.agrees,
        "outcome": reading.outcome,
        "outcome_reason": reading.outcome_reason,
        "encoding": encoding.name if encoding else None,
        "encoding_rule": encoding.rule if encoding else None,
        "encoding_declared": encoding.declared if encoding else None,
        "replaced": encoding.replaced if encoding else None,
        "language": None,
        "text_sha256": hashlib.sha256(placed.text.encode()).digest(),
        "normal_sha256": digest(normalised) if normalised else None,
        "normal_recipe": RECIPE if normalised else None,
        "characters": len(placed.text),
        "body": placed.text,
        "passages": placed.to_json(),
        "properties": [list(pair) for pair in extraction.properties],
    }


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
