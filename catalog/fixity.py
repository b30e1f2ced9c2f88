"""What fixity needs from the catalog: what each record must be, and when its file was last checked."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, and_, func
from sqlalchemy import select as sql
from sqlmodel import Session, SQLModel, col, select

from archive.expected import Expected, ExpectedLayer
from catalog.capture_rows import ANSWER, LAYERS
from catalog.holdings import Capture
from catalog.keys import url_key
from catalog.premis import Event, EventObject, Record, WarcFile

FIXITY_CHECK = "fixity check"
"""Type of the events that tell of one; their objects are names of WARC files."""
_ROWS = 2000


@dataclass(frozen=True)
class FileCheck:
    """A WARC file, and the end of its last fixity check; `None` where there was none."""

    name: str
    length: int
    records: int
    last: datetime | None


def records_of(engine: Engine, capture: Capture) -> list[Record]:
    """The records of a capture, the statement first, in the order of the file."""
    start, end = capture.offset, capture.offset + capture.length
    offset = col(Record.offset)
    query = select(Record).where(Record.file == capture.file, offset >= start, offset < end)
    with Session(engine) as session:
        return list(session.exec(query.order_by(offset)))


def record_referred_to(engine: Engine, revisit: Capture) -> Record | None:
    """The record that holds the body of a revisit, where the archive has it."""
    query = (
        select(Record)
        .join(Capture, col(Capture.id) == col(Record.statement_id))
        .where(
            Capture.url_key == url_key(revisit.revisit_url or ""),
            Capture.record_id == revisit.revisit_of,
            Record.file == Capture.file,
            col(Record.offset) >= col(Capture.offset),
            col(Record.offset) < col(Capture.offset) + col(Capture.length),
            Record.record_id == revisit.revisit_of,
        )
    )
    with Session(engine) as session:
        return session.exec(query).first()


def expected_records(
    engine: Engine, *, files: Collection[str] | None = None, capture: Capture | None = None
) -> Iterator[Expected]:
    """What the records of an archive, of some files or of one capture must be, by file and offset."""
    record, of = SQLModel.metadata.tables["record"], SQLModel.metadata.tables["capture"]
    digests = [of.c[f"{layer}_{name}"] for layer in LAYERS for name in ("sha256", "blake3")]
    told = and_(of.c.id == record.c.statement_id, record.c.role == ANSWER)
    query = sql(record, of.c.method, of.c.absent, *digests)
    query = query.select_from(record.outerjoin(of, told))
    if files is not None:
        query = query.where(record.c.file.in_(files))
    if capture is not None:
        end = capture.offset + capture.length
        query = query.where(
            record.c.file == capture.file,
            record.c.offset >= capture.offset,
            record.c.offset < end,
        )
    query = query.order_by(record.c.file, record.c.offset)
    with engine.connect() as connection:
        yield from map(_expected, connection.execution_options(yield_per=_ROWS).execute(query))


def _expected(row: Row[Any]) -> Expected:
    # A revisit's statement tells of the answer that it stands for; the record itself holds less.
    whole = row.method is not None and row.type != "revisit"
    return Expected(
        row.file,
        row.offset,
        row.stored_length,
        row.record_id,
        row.stored_sha256,
        row.stored_blake3,
        row.plain_length,
        row.plain_blake3,
        tuple(_layers(row)) if whole else (),
        row.method if row.type == "response" else "",
    )


def _layers(row: Row[Any]) -> Iterator[ExpectedLayer]:
    absent = {word.partition("=")[0] for word in row.absent.split()}
    for layer in LAYERS:
        sha256, blake3 = row._mapping[f"{layer}_sha256"], row._mapping[f"{layer}_blake3"]
        if sha256 is not None or layer in absent:
            yield (layer, sha256, blake3)


def file_checks(engine: Engine) -> list[FileCheck]:
    """All WARC files by name, each with its last fixity check."""
    last = (
        select(col(EventObject.object).label("name"), func.max(Event.time).label("last"))
        .join(Event, col(Event.id) == col(EventObject.event_id))
        .where(Event.type == FIXITY_CHECK)
        .group_by(col(EventObject.object))
        .subquery()
    )
    query = (
        select(WarcFile, last.c.last)
        .outerjoin(last, last.c.name == col(WarcFile.name))
        .order_by(col(WarcFile.name))
    )
    with Session(engine) as session:
        return [
            FileCheck(file.name, file.length, file.records, checked)
            for file, checked in session.exec(query)
        ]


def due(engine: Engine, before: datetime) -> list[FileCheck]:
    """The files that were never checked, or last before that instant; those never checked first,
    then the longest unchecked.
    """
    waiting = [check for check in file_checks(engine) if check.last is None or check.last < before]
    return sorted(
        waiting, key=lambda check: (check.last is not None, check.last or before, check.name)
    )
