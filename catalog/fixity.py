"""What fixity needs from the catalog: what each record must be, and when its file was last checked."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import starmap
from typing import Any

from sqlalchemy import Engine, Row, and_, func
from sqlalchemy import select as sql
from sqlmodel import Session, SQLModel, col, select

from archive.expected import Expected
from catalog.capture_rows import ANSWER, LAYERS
from catalog.holdings import Capture
from catalog.keys import url_key
from catalog.premis import Event, EventObject, Record, WarcFile

FIXITY_CHECK = "fixity check"
"""Type of the events that tell of one; their objects are names of WARC files."""
_ROWS = 2000
_RECORD = (
    "file",
    "offset",
    "stored_length",
    "record_id",
    "stored_sha256",
    "stored_blake3",
    "plain_length",
    "plain_blake3",
)
"""Columns, in the order of `Expected`."""


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
    engine: Engine,
    *,
    files: Collection[str] | None = None,
    capture: Capture | None = None,
    layers: bool = True,
) -> Iterator[Expected]:
    """What the records of an archive, of some files or of one capture must be, by file and offset.

    Without `layers`, which are what is inside a record, they are read in half the time.
    """
    record, of = SQLModel.metadata.tables["record"], SQLModel.metadata.tables["capture"]
    query = sql(*(record.c[name] for name in _RECORD))
    if layers:
        digests = [of.c[f"{layer}_{name}"] for layer in LAYERS for name in ("sha256", "blake3")]
        told = and_(of.c.id == record.c.statement_id, record.c.role == ANSWER)
        query = query.add_columns(record.c.type, of.c.method, of.c.absent, *digests)
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
        rows = connection.execution_options(yield_per=_ROWS).execute(query)
        yield from map(_with_layers, rows) if layers else starmap(Expected, rows)


def _with_layers(row: Row[Any]) -> Expected:
    """Of a row by position: names cost more than all else here."""
    of = Expected(*row[: len(_RECORD)])
    type_, method, absent, *digests = row[len(_RECORD) :]
    # A revisit's statement tells of the answer that it stands for; the record itself holds less.
    if method is None or type_ == "revisit":
        return of
    missing = {word.partition("=")[0] for word in absent.split()}
    told = zip(LAYERS, digests[::2], digests[1::2], strict=True)
    layers = tuple(each for each in told if each[1] is not None or each[0] in missing)
    return of._replace(layers=layers, method=method if type_ == "response" else "")


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
