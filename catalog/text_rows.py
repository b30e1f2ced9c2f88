"""From captures to the rows of what can be read in their contents, here or in a process of its own.

What a row says follows from the content and from the headers of the first capture that saw it, so that
a rebuild comes to the same rows.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from sqlmodel import SQLModel

from archive.coding import CodingError
from archive.errors import DamagedError, NotFoundError
from archive.layout import ArchiveRoot
from archive.names import safe_name
from catalog.apart import Apart
from catalog.contents import open_answer
from catalog.database import open_catalog
from catalog.holdings import Capture
from catalog.keys import version_id
from catalog.postings.attachments import attachment_rows
from catalog.postings.posting import posting_rows
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

MANY = 400
"""Contents from which a process that makes their rows is worth its start."""

Row = dict[str, Any]
MODELS = (Text, Posting, Stated, Attachment, Sketch)
"""What is read of a content; all its rows of these are replaced when it is read again."""


@dataclass(frozen=True, slots=True)
class TextRows:
    """What was read of some contents: rows of `MODELS` for one transaction."""

    rows: dict[type[SQLModel], list[Row]]
    codes: tuple[str | None, ...]
    """Of each content, why there is no text of it, if there is none."""
    damaged: tuple[DamagedError, ...]
    """Contents that could not be read out of the archive."""

    @property
    def version_ids(self) -> list[str]:
        return [row["version_id"] for row in self.rows[Text]]


@contextmanager
def text_rows_of(
    engine: Engine, root: ArchiveRoot, captures: Sequence[str]
) -> Iterator[Iterable[TextRows]]:
    """The rows of the contents of captures, named by their ids."""
    made: Generator[TextRows] | Apart[TextRows]
    if len(captures) < MANY:
        made = _text_rows(engine, root, captures)
    else:
        url = engine.url.render_as_string(hide_password=False)
        made = Apart(_text_rows_apart, url, root.path, captures)
    with closing(made):
        yield made


def _text_rows_apart(url: str, folder: Path, captures: Sequence[str]) -> Iterator[TextRows]:
    engine = open_catalog(url)
    try:
        yield from _text_rows(engine, ArchiveRoot(folder), captures)
    finally:
        engine.dispose()


def _text_rows(engine: Engine, root: ArchiveRoot, captures: Sequence[str]) -> Generator[TextRows]:
    damaged: list[DamagedError] = []
    lost: list[tuple[Capture, Reading]] = []
    with (
        tempfile.TemporaryDirectory(prefix="muniment-text-") as spool,
        Readers(1 if len(captures) <= FEW else min(os.cpu_count() or 1, 2)) as readers,
    ):
        spooled = spooled_contents(
            engine, root, _captures(engine, captures), Path(spool), damaged=damaged, lost=lost
        )
        for readings in _batches(chain(read_contents(readers, spooled), lost)):
            yield _together(readings, damaged)
            damaged.clear()
    if damaged:
        yield _together([], damaged)


def _together(
    readings: Sequence[tuple[Capture, Reading]], damaged: Iterable[DamagedError]
) -> TextRows:
    rows: dict[type[SQLModel], list[Row]] = {model: [] for model in MODELS}
    for capture, reading in readings:
        for model, added in _rows(capture, reading):
            rows[model] += added
    codes = tuple(reading.extraction.code for _, reading in readings)
    return TextRows(rows, codes, tuple(damaged))


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


def _captures(engine: Engine, ids: Sequence[str]) -> Iterator[Capture]:
    """The captures of these ids, in their order; few of them are in memory at a time."""
    capture = table_of(Capture)
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        with engine.connect() as connection:
            rows = connection.execute(select(capture).where(capture.c.id.in_(batch)))
            found = {each.id: each for each in values(Capture, rows)}
        yield from (found[id_] for id_ in batch)


def spooled_contents(
    engine: Engine,
    root: ArchiveRoot,
    captures: Iterable[Capture],
    spool: Path,
    *,
    damaged: list[DamagedError],
    lost: list[tuple[Capture, Reading]],
) -> Iterator[tuple[Capture, Job]]:
    """The contents of captures as files, written when they are asked for. `damaged` takes the reasons
    for those that are not there or not as they were, `lost` the captures whose digests are told and
    whose bytes are not to be had, as in some records of others.
    """
    for number, capture in enumerate(captures):
        path = spool / str(number)
        try:
            with path.open("wb") as file:
                for chunk in open_answer(engine, root, capture).bytes_of("content"):
                    file.write(chunk)
        except DamagedError as error:
            path.unlink(missing_ok=True)
            damaged.append(error)
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
