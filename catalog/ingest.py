"""Ingest: sealed WARC files into rows, no file in more than one transaction.

A file's row in `warc_file` is written with its last rows, so after a crash at any moment the file is
entered whole or not at all, and the same ingest given again does what is left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, select
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import SQLModel

from archive.errors import DamagedError, StorageError, Where
from archive.layout import ArchiveRoot
from archive.stored import OPEN
from catalog.collections import derive_collections
from catalog.database import writing
from catalog.indexes import leave_indexes_for_last, make_indexes
from catalog.inserts import inserts
from catalog.publications import derive_publications
from catalog.quotes import derive_quotes
from catalog.reading import Batch, Round, is_large, read_alone, rounds
from catalog.revisits import resolve_revisits
from catalog.search.index import clear as clear_search

BULK_CACHE_KIB = 64 * 1024
CHECKPOINT_PAGES = 50_000

Progress = Callable[[str, int], None]
"""Told the name of a file and how many more of its groups are ingested."""


@dataclass
class IngestReport:
    """What an ingest did. `files` are those that went in whole."""

    files: list[str] = field(default_factory=list)
    groups: int = 0
    records: int = 0
    known: int = 0
    """Files that were in the catalog already."""
    damaged: list[DamagedError] = field(default_factory=list)


def sealed(root: ArchiveRoot) -> list[Path]:
    """All sealed files of an archive, in the order of their names."""
    return sorted(path for path in root.warc.iterdir() if path.name.endswith(".warc.gz"))


def not_ingested(engine: Engine, root: ArchiveRoot) -> list[Path]:
    """The sealed files that the catalog lacks."""
    table = SQLModel.metadata.tables["warc_file"]
    with engine.connect() as connection:
        known = set(connection.scalars(select(table.c.name)))
    return [path for path in sealed(root) if path.name not in known]


def ingest(
    engine: Engine,
    paths: Iterable[Path],
    root: ArchiveRoot,
    progress: Progress | None = None,
) -> IngestReport:
    """Enter sealed files into the catalog; those that are in it already are passed over.

    Of a damaged file what can be read goes in, and the report tells of the damage; it is not entered
    as whole, so every later ingest tells of it again, and completes it once it is repaired.
    Raises `StorageError` where the database takes no more.
    """
    report = IngestReport()
    with _storage(engine), writing(engine) as connection:
        new = _new(connection, [root.warc / path for path in paths], report)
        if is_large(new):
            leave_indexes_for_last(connection)
        with _bulk(connection), rounds(new, engine.dialect.name) as together:
            for round_ in together:
                _ingest_round(connection, round_, report, progress)
        with _bulk(connection), connection.begin():
            make_indexes(connection)
            resolve_revisits(connection)
            derive_collections(connection)
            derive_quotes(connection)
            derive_publications(connection)
    return report


def rebuild(engine: Engine, root: ArchiveRoot, progress: Progress | None = None) -> IngestReport:
    """Make all rows again from the records alone."""
    with _storage(engine), writing(engine) as connection, connection.begin():
        for table in SQLModel.metadata.sorted_tables:
            connection.execute(delete(table))
        clear_search(connection)
    return ingest(engine, sealed(root), root, progress)


def _new(connection: Connection, paths: Sequence[Path], report: IngestReport) -> list[Path]:
    table = SQLModel.metadata.tables["warc_file"]
    with connection.begin():
        known = {row.name: row.length for row in connection.execute(select(table))}
    new = []
    for path in paths:
        length = path.stat().st_size
        if path.name.endswith(OPEN):
            raise ValueError(f"{path} is not sealed")
        if path.name not in known:
            new.append(path)
        elif known[path.name] == length:
            report.known += 1
        else:
            report.damaged.append(
                DamagedError(
                    f"a sealed file of {known[path.name]} bytes has {length} now",
                    where=Where(path),
                    advice="get the file back from a replica or a backup",
                )
            )
    return new


def _ingest_round(
    connection: Connection, round_: Round, report: IngestReport, progress: Progress | None
) -> None:
    """Enter the files of a round in one transaction; where one is at fault, each in its own."""
    try:
        with connection.begin():
            counts = _insert(connection, round_, progress)
    except IntegrityError as error:
        deque(round_.pieces, maxlen=0)
        if len(round_.paths) > 1:
            for path in round_.paths:
                alone = read_alone(path, connection.dialect.name)
                _ingest_round(connection, alone, report, progress)
            return
        report.damaged.append(_collision(round_.paths[0], error))
    else:
        report.files += [path.name for path, count in counts.items() if count.damage is None]
        report.damaged += [count.damage for count in counts.values() if count.damage]
        report.groups += sum(count.groups for count in counts.values())
        report.records += sum(count.records for count in counts.values())


@dataclass
class _Count:
    groups: int = 0
    records: int = 0
    damage: DamagedError | None = None


def _insert(connection: Connection, round_: Round, progress: Progress | None) -> dict[Path, _Count]:
    sql = inserts(connection.dialect)
    counts = {path: _Count() for path in round_.paths}
    for path, piece in round_.pieces:
        if isinstance(piece, Batch):
            for name, rows in piece.rows.items():
                connection.exec_driver_sql(sql[name].sql, rows)
            counts[path].groups += piece.groups
            counts[path].records += len(piece.rows.get("record", ()))
            if progress:
                progress(path.name, piece.groups)
        else:
            counts[path].damage = piece.damage
    whole = [
        (path.name, path.stat().st_size, count.groups, count.records)
        for path, count in counts.items()
        if count.damage is None
    ]
    if whole:
        connection.exec_driver_sql(sql["warc_file"].sql, whole)
    return counts


def _collision(path: Path, error: IntegrityError) -> DamagedError:
    return DamagedError(
        f"it names two different things by one id ({error.orig})",
        where=Where(path),
        advice="one of two files was altered: check both with `muniment verify`",
    )


@contextmanager
def _bulk(connection: Connection) -> Iterator[None]:
    """SQLite's settings for many rows: more cache, and the log copied back in larger pieces."""
    driver = connection.connection.dbapi_connection
    if connection.dialect.name != "sqlite" or driver is None:
        yield
        return
    before = driver.cursor().execute("PRAGMA cache_size").fetchone()[0]
    driver.cursor().execute(f"PRAGMA cache_size = -{BULK_CACHE_KIB}")
    driver.cursor().execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    try:
        yield
    finally:
        driver.cursor().execute(f"PRAGMA cache_size = {before}")
        driver.cursor().execute("PRAGMA wal_autocheckpoint = 1000")


@contextmanager
def _storage(engine: Engine) -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise StorageError(
            f"cannot write the catalog: {error.orig}",
            where=Where(engine.url.render_as_string()),
            advice="nothing of the archive is lost; free space, then run `muniment rebuild`",
        ) from error
