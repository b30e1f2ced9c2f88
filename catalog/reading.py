"""Sealed files to batches of rows, here or in a process of their own."""

from __future__ import annotations

import gc
import gzip
import marshal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import NamedTuple

from blake3 import blake3
from sqlalchemy import make_url

from archive.digest import Digests
from archive.errors import DamagedError, Where
from archive.reader import after_warcinfo, mapped
from archive.salvage import salvage
from archive.stored import StoredGroup, StoredRecord
from archive.warc import header, parse_head
from catalog.apart import Apart
from catalog.inserts import Insert, inserts
from catalog.rows import RowBuilder, Rows

BATCH_GROUPS = 2_000
LARGE = 256 << 20
"""Bytes of input from which processes of their own are worth their start."""
READERS = 2
"""Processes that read; to read a file takes longer than to insert its rows."""


@dataclass(frozen=True)
class Batch:
    """Rows of one file, ready for the driver."""

    rows: Rows
    groups: int

    def __reduce__(self) -> tuple[Callable[[bytes], Batch], tuple[bytes]]:
        # Nothing but plain values, for which marshal takes two thirds of the time of pickle.
        return _unpacked, (marshal.dumps((self.rows, self.groups)),)


def _unpacked(data: bytes) -> Batch:
    return Batch(*marshal.loads(data))  # noqa: S302 - from our own child process


@dataclass(frozen=True)
class End:
    """The file is read to its end. `damage` is the first that was found, if any."""

    damage: DamagedError | None = None


Piece = Batch | End


class Round(NamedTuple):
    """Files that are read, and go into the catalog, together."""

    paths: tuple[Path, ...]
    pieces: Iterator[tuple[Path, Piece]]
    """The batches of each file, the file's `End` last."""


def is_large(paths: Iterable[Path]) -> bool:
    return sum(path.stat().st_size for path in paths) >= LARGE


@contextmanager
def rounds(paths: Sequence[Path], dialect: str) -> Iterator[Iterator[Round]]:
    """The files in rounds of one, or of as many as processes read at the same time."""
    if len(paths) == 1 or not is_large(paths):  # one file may be large by a few large records
        yield (read_alone(path, dialect) for path in paths)
        return
    with ExitStack() as stack:
        shares = [paths[number::READERS] for number in range(min(READERS, len(paths)))]
        reading = [
            stack.enter_context(closing(Apart(_read_share, share, dialect))) for share in shares
        ]
        yield _received(paths, reading)


def read_alone(path: Path, dialect: str) -> Round:
    """The round of one file, read in this process."""
    return Round((path,), ((path, piece) for piece in _read_all([path], dialect)))


def _received(paths: Sequence[Path], reading: Sequence[Apart[Piece]]) -> Iterator[Round]:
    for start in range(0, len(paths), READERS):
        together = tuple(paths[start : start + READERS])
        yield Round(together, _merged(dict(zip(together, reading, strict=False))))


def _merged(reading: dict[Path, Apart[Piece]]) -> Iterator[tuple[Path, Piece]]:
    """Whatever comes next of any of the files, until all of them are at their end."""
    paths = {each.connection: path for path, each in reading.items()}
    while paths:
        for ready in wait(list(paths)):
            assert isinstance(ready, Connection), "there is nothing else to wait for"
            piece = reading[paths[ready]].take()
            yield paths[ready], piece
            if isinstance(piece, End):
                del paths[ready]


def _read_share(paths: Sequence[Path], dialect: str) -> Iterator[Piece]:
    gc.disable()  # rows come and go by the hundred thousand, and none is part of a cycle
    return _read_all(paths, dialect)


def _read_all(paths: Iterable[Path], dialect: str) -> Iterator[Piece]:
    sql = inserts(make_url(f"{dialect}://").get_dialect()())
    for path in paths:
        yield from _read(path, sql)


def _read(path: Path, sql: dict[str, Insert]) -> Iterator[Piece]:
    """The batches of a file; damage costs the group that it lies in, and no other."""
    rows = RowBuilder()
    damage: DamagedError | None = None
    count = 0
    try:
        rows.add_record(_warcinfo(path), "warcinfo", None)
        for found in salvage(path):
            if isinstance(found, StoredGroup):
                count += 1
                fault = _added(rows, found)
                damage = damage or fault
            else:
                damage = damage or found
            if count == BATCH_GROUPS:
                yield _batch(rows, sql, count)
                count = 0
    except DamagedError as error:
        damage = damage or error
    yield _batch(rows, sql, count)
    yield End(damage)


def _added(rows: RowBuilder, group: StoredGroup) -> DamagedError | None:
    try:
        rows.add(group)
    except DamagedError as error:
        return error
    return None


def _batch(rows: RowBuilder, sql: dict[str, Insert], count: int) -> Batch:
    taken = rows.take()
    return Batch({name: sql[name].parameters(taken[name]) for name in sql if name in taken}, count)


def _warcinfo(path: Path) -> StoredRecord:
    """The first record, which belongs to no group; nothing outside the file tells its digests."""
    with mapped(path) as view:
        packed = bytes(view[: after_warcinfo(path, view)])
    plain = gzip.decompress(packed)
    headers, _ = parse_head(plain, Where(path, 0))
    return StoredRecord(
        file=path.name,
        offset=0,
        length=len(packed),
        type="warcinfo",
        id=(header(headers, "WARC-Record-ID") or "").strip("<>"),
        stored=Digests.of(packed),
        plain_length=len(plain),
        plain_blake3=blake3(plain).digest(),
        uri=None,
    )
