"""A log's tree as tiles of 256 hashes: where they lie, proofs out of them, new ones (C2SP tlog-tiles).

Tiles never change once they are full, and a partial one only grows, so a larger log holds every
older one: all that is read here is cut to the width that the tree's size asks for. Nothing read is
trusted for being there; a root means something only beside a checkpoint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Protocol

from archive.errors import DamagedError, RecordError, Where, reading
from archive.evidence.merkle import EMPTY_ROOT, HASH, ProofError, leaf_hash, node_hash

WIDTH = 256
"""Most hashes in a tile, and most entries in a bundle."""

HEIGHT = 8
"""Levels of the tree in one tile: 2 ** 8 = 256."""

MAX_LEVEL = 63
MAX_ENTRY = 0xFFFF
"""Most bytes of an entry: its length stands before it in two bytes."""

CACHED_TILES = 64
"""Tiles that a `Tree` keeps, 16 KiB each: those above every entry, and those of a stretch of it."""

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


class Tree:
    """The tree of the first `size` entries, read out of tiles that may hold more.

    Errors: `TileError`, those of the reader, and `ProofError` for an entry that is not in the tree.
    """

    def __init__(self, size: int, tiles: TileReader) -> None:
        self.size = size
        self._read = tiles
        self._heights = lru_cache(CACHED_TILES)(self._read_heights)

    def root(self) -> bytes:
        """The root, as the tiles have it."""
        return self._range(0, self.size) if self.size else EMPTY_ROOT

    def leaf_hash(self, index: int) -> bytes:
        """The hash of the entry at `index`, as its tile has it."""
        self._check(index, 1)
        return self._node(0, index)

    def entry(self, index: int) -> bytes:
        """The entry at `index`; its hash is the one in the tile."""
        return next(self.entries(index, 1))

    def entries(self, first: int, count: int) -> Iterator[bytes]:
        """The entries from `first` on; the hash of each is the one in its tile."""
        self._check(first, count)
        return self._entries(first, first + count)

    def raw_entries(self) -> Iterator[bytes]:
        """All entries as their bundles have them, compared with no hash."""
        for number in range(-(-self.size // WIDTH)):
            width = min(WIDTH, self.size - number * WIDTH)
            yield from _read_bundle(self._read, EntryBundle(number, width))

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """The path by which `verify_inclusion` finds the entry (PATH of RFC 6962, 2.1.1)."""
        self._check(index, 1)
        return self._inclusion(index, 0, self.size)

    def consistency(self, old_size: int) -> tuple[bytes, ...]:
        """The path by which `verify_consistency` finds the tree of `old_size` entries in this one.

        PROOF of RFC 6962, 2.1.2. Raises `ProofError` where there can be none: from a larger tree,
        or from the empty one to another.
        """
        if not min(self.size, 1) <= old_size <= self.size:
            raise ProofError(f"no proof leads from {old_size} entries to {self.size}")
        return self._consistency(old_size, 0, self.size) if old_size < self.size else ()

    def _inclusion(self, index: int, start: int, end: int) -> tuple[bytes, ...]:
        if end - start == 1:
            return ()
        middle = start + _split(end - start)
        if index < middle:
            return (*self._inclusion(index, start, middle), self._range(middle, end))
        return (*self._inclusion(index, middle, end), self._range(start, middle))

    def _consistency(self, old: int, start: int, end: int) -> tuple[bytes, ...]:
        """SUBPROOF: the older tree is `start` to `old`; when it is whole, its root is known."""
        if old == end:
            return (self._range(start, end),) if start else ()
        middle = start + _split(end - start)
        if old <= middle:
            return (*self._consistency(old, start, middle), self._range(middle, end))
        return (*self._consistency(old, middle, end), self._range(start, middle))

    def _range(self, start: int, end: int) -> bytes:
        """MTH of RFC 6962, 2.1, over the entries from `start`; complete subtrees come from tiles."""
        size = end - start
        height = size.bit_length() - 1
        if size == 1 << height:
            return self._node(height, start >> height)
        middle = start + _split(size)
        return node_hash(self._range(start, middle), self._range(middle, end))

    def _node(self, height: int, index: int) -> bytes:
        """The node above the entries from `index * 2**height` on, all of which are in the tree."""
        level, inside = divmod(height, HEIGHT)
        tile, place = divmod(index << inside, WIDTH)
        hashes = self._heights(self._tile(level, tile))[inside]
        offset = (place >> inside) * HASH
        return hashes[offset : offset + HASH]

    def _tile(self, level: int, index: int) -> Tile:
        return Tile(level, index, min(WIDTH, (self.size >> HEIGHT * level) - index * WIDTH))

    def _read_heights(self, tile: Tile) -> tuple[bytes, ...]:
        """The hashes of a tile, then of the complete nodes above them, height by height."""
        return tuple(_heights(_read_tile(self._read, tile)))

    def _entries(self, first: int, end: int) -> Iterator[bytes]:
        while first < end:
            number, skip = divmod(first, WIDTH)
            tile = self._tile(0, number)
            bundle = EntryBundle(number, tile.width)
            entries = _read_bundle(self._read, bundle)
            _check_leaves(bundle, entries, self._heights(tile)[0])
            wanted = entries[skip : skip + end - first]
            yield from wanted
            first += len(wanted)

    def _check(self, first: int, count: int) -> None:
        if count < 0 or not 0 <= first <= first + count <= self.size:
            what = f"entry {first} is" if count == 1 else f"entries {first} to {first + count} are"
            raise ProofError(f"{what} not in a tree of {self.size} entries")


class Growth:
    """Makes the tiles of a log that grows, from the right edge of those that it has.

    Holds one tile of each level and one bundle, however many entries come. Writes nothing.
    """

    def __init__(self, size: int, tiles: TileReader) -> None:
        """Read the right edge of the log of `size` entries. Raises `TileError` where it is damaged."""
        self.size = size
        self._levels = [_read_tile(tiles, tile) if tile.width else b"" for tile in _edge(size)]
        self._pending: list[bytes] = []
        if size % WIDTH:
            bundle = EntryBundle(*divmod(size, WIDTH))
            self._pending = _read_bundle(tiles, bundle)
            _check_leaves(bundle, self._pending, self._levels[0])

    @property
    def root(self) -> bytes:
        """The root of the tree of `size` entries."""
        root = b""
        for level in self._levels:
            for hashes in _heights(level):
                if len(hashes) // HASH % 2:  # the last one here has no sibling yet
                    node = hashes[-HASH:]
                    root = node_hash(node, root) if root else node
        return root or EMPTY_ROOT

    def extend(self, entries: Iterable[bytes]) -> Iterator[tuple[str, bytes]]:
        """Append entries: the path and the bytes of every tile and bundle that is new or grew.

        A full one comes as soon as it is, the partial ones of the new size at the end; a bundle
        before the hashes of its entries, and a tile before those above it. `size` and `root` are
        the new ones once the last was taken; until then, and if anything fails, the old ones.
        Raises `ValueError` for an entry of more than `MAX_ENTRY` bytes.
        """
        size, levels, pending = self.size, self._levels.copy() or [b""], self._pending
        incoming = iter(entries)
        while chunk := list(islice(incoming, WIDTH - len(pending))):
            size += len(chunk)
            pending = pending + chunk
            levels[0] += b"".join(map(leaf_hash, chunk))
            if len(pending) == WIDTH:
                yield EntryBundle(size // WIDTH - 1).path, encode_entry_bundle(pending)
                yield from _fill(levels, size)
                pending = []
        if pending and size != self.size:
            yield EntryBundle(*divmod(size, WIDTH)).path, encode_entry_bundle(pending)
        for tile in _edge(size):
            shift = HEIGHT * tile.level
            if tile.width and size >> shift != self.size >> shift:
                yield tile.path, levels[tile.level]
        self.size, self._levels, self._pending = size, levels, pending


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


def _edge(size: int) -> Iterator[Tile]:
    """The tile of each level that is not full yet; of width 0 where the last one just became so."""
    level = 0
    while hashes := size >> HEIGHT * level:
        yield Tile(level, *divmod(hashes, WIDTH))
        level += 1


def _fill(levels: list[bytes], size: int) -> Iterator[tuple[str, bytes]]:
    """The tiles that became full at `size`; the root of each goes into the one above."""
    level = 0
    while len(levels[level]) == WIDTH * HASH:
        full, levels[level] = levels[level], b""
        level += 1
        yield Tile(level - 1, (size >> HEIGHT * level) - 1).path, full
        if level == len(levels):
            levels.append(b"")
        *_, root = _heights(full)
        levels[level] += root


def _heights(hashes: bytes) -> Iterator[bytes]:
    """The hashes of a tile, and the complete nodes at each of the eight heights above them."""
    yield hashes
    for _ in range(HEIGHT):
        pairs = range(0, len(hashes) - HASH, 2 * HASH)
        hashes = b"".join(
            node_hash(hashes[place : place + HASH], hashes[place + HASH : place + 2 * HASH])
            for place in pairs
        )
        yield hashes


def _split(size: int) -> int:
    """The largest power of two smaller than `size` (k of RFC 6962, 2.1)."""
    return 1 << (size - 1).bit_length() - 1


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


def _read_tile(read: TileReader, tile: Tile) -> bytes:
    """The hashes of a tile; of a wider one, the first."""
    data = read(tile.path)
    if not tile.width * HASH <= len(data) <= WIDTH * HASH or len(data) % HASH:
        raise TileError(f"a tile of {len(data)} bytes", where=Where(tile.path))
    return data[: tile.width * HASH]


def _read_bundle(read: TileReader, bundle: EntryBundle) -> list[bytes]:
    """The entries of a bundle; of a wider one, the first."""
    entries = _split_bundle(read(bundle.path))
    if len(entries) < bundle.width:
        raise TileError(f"an entry bundle of {len(entries)} entries", where=Where(bundle.path))
    return entries[: bundle.width]


def _check_leaves(bundle: EntryBundle, entries: Sequence[bytes], hashes: bytes) -> None:
    """Compare the entries of a bundle with the tile of their hashes."""
    for place, entry in enumerate(entries):
        if leaf_hash(entry) != hashes[place * HASH : (place + 1) * HASH]:
            raise TileError(
                f"entry {bundle.index * WIDTH + place} is not the one whose hash the log has",
                where=Where(bundle.path),
            )
