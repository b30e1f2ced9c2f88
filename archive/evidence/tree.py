"""A log's tree, read out of its tiles: roots, entries and proofs, at any size up to what lies there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from archive.evidence.merkle import EMPTY_ROOT, HASH, ProofError, node_hash
from archive.evidence.tiles import (
    HEIGHT,
    WIDTH,
    EntryBundle,
    Tile,
    TileReader,
    check_leaves,
    heights,
    read_bundle,
    read_tile,
)

CACHED_TILES = 64
"""Tiles that a `Tree` keeps, 16 KiB each: those above every entry, and those of a stretch of it."""


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
            yield from read_bundle(self._read, EntryBundle(number, width))

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
        return tuple(heights(read_tile(self._read, tile)))

    def _entries(self, first: int, end: int) -> Iterator[bytes]:
        while first < end:
            number, skip = divmod(first, WIDTH)
            tile = self._tile(0, number)
            bundle = EntryBundle(number, tile.width)
            entries = read_bundle(self._read, bundle)
            check_leaves(bundle, entries, self._heights(tile)[0])
            wanted = entries[skip : skip + end - first]
            yield from wanted
            first += len(wanted)

    def _check(self, first: int, count: int) -> None:
        if count < 0 or not 0 <= first <= first + count <= self.size:
            what = f"entry {first} is" if count == 1 else f"entries {first} to {first + count} are"
            raise ProofError(f"{what} not in a tree of {self.size} entries")


def _split(size: int) -> int:
    """The largest power of two smaller than `size` (k of RFC 6962, 2.1)."""
    return 1 << (size - 1).bit_length() - 1
