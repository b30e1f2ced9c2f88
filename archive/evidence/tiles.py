"""A log's tree as tiles of 256 hashes: where they lie, and what is in them (C2SP tlog-tiles).

Tiles never change once they are full, and a partial one only grows, so a larger log holds every
older one: all that is read here is cut to the width that the tree's size asks for. Nothing read is
trusted for being there; a root means something only beside a checkpoint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from archive.errors import DamagedError, RecordError, Where, reading
from archive.evidence.merkle import HASH, leaf_hash, node_hash

WIDTH = 256
"""Most hashes in a tile, and most entries in a bundle."""

HEIGHT = 8
"""Levels of the tree in one tile: 2 ** 8 = 256."""

MAX_LEVEL = 63
MAX_ENTRY = 0xFFFF
"""Most bytes of an entry: its length stands before it in two bytes."""

_PATH = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)


class TileError(DamagedError):
    """A tile or an entry bundle is missing or is not what it must be."""


@dataclass(frozen=True, slots=True)
class Tile:
    """`width` hashes of the tree at height 8 * `level`, the first at 256 * `index`."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it lies below the log, as in `tile/0/x001/067.p/5`."""
        return f"tile/{self.level}/{_numbered(self.index, self.width)}"


@dataclass(frozen=True, slots=True)
class EntryBundle:
    """The `width` entries whose hashes are in the tile of level 0 with the same `index`."""

    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it lies below the log, as in `tile/entries/x001/067.p/5`."""
        return f"tile/entries/{_numbered(self.index, self.width)}"


class TileReader(Protocol):
    """Gives what lies at the path of a tile or an entry bundle.

    Where a partial one is gone, it may give a wider one of that index instead. Raises errors of
    `archive.errors`.
    """

    def __call__(self, path: str, /) -> bytes: ...


class TileFolder:
    """Reads tiles from the folder of a log. Raises `TileError` with the file that is wrong."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, path: str, /) -> bytes:
        part = parse_path(path)
        for width in (part.width, WIDTH, *range(part.width + 1, WIDTH)):
            there = replace(part, width=width)
            data = _read_file(self.folder / there.path, there)
            if data is not None:
                return data
        raise TileError("a part of the log is missing", where=Where(self.folder / path))


def encode_entry_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries one after the other, each after its length in two bytes (tlog-tiles, "Log entries").

    Raises `ValueError` for an entry of more than `MAX_ENTRY` bytes.
    """
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise ValueError(f"an entry of {len(entry)} bytes; a log takes at most {MAX_ENTRY}")
        parts += (len(entry).to_bytes(2), entry)
    return b"".join(parts)


def parse_entry_bundle(data: bytes, width: int) -> list[bytes]:
    """The entries of a bundle of exactly `width`. Raises `TileError`."""
    entries = _split_bundle(data)
    if len(entries) != width:
        raise TileError(f"an entry bundle of {len(entries)} entries instead of {width}")
    return entries


def parse_path(path: str) -> Tile | EntryBundle:
    """The tile or bundle that lies at a path. Raises `TileError` for one that no tile has."""
    found = _PATH.fullmatch(path)
    if found is not None:
        level, number, partial = found.groups()
        index = int(number.replace("x", "").replace("/", ""))
        width = int(partial or WIDTH)
        part = EntryBundle(index, width) if level == "entries" else Tile(int(level), index, width)
        if part.path == path and (isinstance(part, EntryBundle) or part.level <= MAX_LEVEL):
            return part
    raise TileError(f"not the path of a tile: {path[:200]!r}")


def _numbered(index: int, width: int) -> str:
    """The last elements of a path: the index in threes of digits, and a partial width."""
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    threes = [digits[place : place + 3] for place in range(0, len(digits), 3)]
    partial = f".p/{width}" if width < WIDTH else ""
    return "/".join([*(f"x{three}" for three in threes[:-1]), threes[-1]]) + partial


def _split_bundle(data: bytes) -> list[bytes]:
    entries: list[bytes] = []
    position = 0
    while position < len(data) and len(entries) < WIDTH:
        start = position + 2
        position = start + int.from_bytes(data[position:start])
        entries.append(data[start:position])
    if position != len(data):
        raise TileError("an entry bundle that is cut off or too long")
    return entries


def _read_file(file: Path, part: Tile | EntryBundle) -> bytes | None:
    """All of a file that must be just this tile or bundle; `None` where there is none."""
    limit = WIDTH * (HASH if isinstance(part, Tile) else MAX_ENTRY + 2)
    try:
        with reading(file), file.open("rb") as stream:
            data = stream.read(limit + 1)
    except RecordError:  # says `reading` of a file that is not there
        return None
    if isinstance(part, Tile) and len(data) != part.width * HASH:
        raise TileError(
            f"a tile of {len(data)} bytes instead of {part.width * HASH}", where=Where(file)
        )
    if isinstance(part, EntryBundle):
        try:
            parse_entry_bundle(data, part.width)
        except TileError as error:
            raise TileError(error.what, where=Where(file)) from error
    return data


def read_tile(read: TileReader, tile: Tile) -> bytes:
    """The hashes of a tile; of a wider one, the first."""
    data = read(tile.path)
    if not tile.width * HASH <= len(data) <= WIDTH * HASH or len(data) % HASH:
        raise TileError(f"a tile of {len(data)} bytes", where=Where(tile.path))
    return data[: tile.width * HASH]


def read_bundle(read: TileReader, bundle: EntryBundle) -> list[bytes]:
    """The entries of a bundle; of a wider one, the first."""
    entries = _split_bundle(read(bundle.path))
    if len(entries) < bundle.width:
        raise TileError(f"an entry bundle of {len(entries)} entries", where=Where(bundle.path))
    return entries[: bundle.width]


def check_leaves(bundle: EntryBundle, entries: Sequence[bytes], hashes: bytes) -> None:
    """Compare the entries of a bundle with the tile of their hashes."""
    for place, entry in enumerate(entries):
        if leaf_hash(entry) != hashes[place * HASH : (place + 1) * HASH]:
            raise TileError(
                f"entry {bundle.index * WIDTH + place} is not the one whose hash the log has",
                where=Where(bundle.path),
            )


def heights(hashes: bytes) -> Iterator[bytes]:
    """The hashes of a tile, and the complete nodes at each of the eight heights above them."""
    yield hashes
    for _ in range(HEIGHT):
        pairs = range(0, len(hashes) - HASH, 2 * HASH)
        hashes = b"".join(
            node_hash(hashes[place : place + HASH], hashes[place + HASH : place + 2 * HASH])
            for place in pairs
        )
        yield hashes
