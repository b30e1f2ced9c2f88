"""The tiles of a log that grows, made from the right edge of those that it has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from archive.evidence.merkle import EMPTY_ROOT, HASH, leaf_hash, node_hash
from archive.evidence.tiles import (
    HEIGHT,
    WIDTH,
    EntryBundle,
    Tile,
    TileReader,
    check_leaves,
    encode_entry_bundle,
    heights,
    read_bundle,
    read_tile,
)


class Growth:
    """Makes the tiles of a log that grows, from the right edge of those that it has.

    Holds one tile of each level and one bundle, however many entries come. Writes nothing.
    """

    def __init__(self, size: int, tiles: TileReader) -> None:
        """Read the right edge of the log of `size` entries. Raises `TileError` where it is damaged."""
        self.size = size
        self._levels = [read_tile(tiles, tile) if tile.width else b"" for tile in _edge(size)]
        self._pending: list[bytes] = []
        if size % WIDTH:
            bundle = EntryBundle(*divmod(size, WIDTH))
            self._pending = read_bundle(tiles, bundle)
            check_leaves(bundle, self._pending, self._levels[0])

    @property
    def root(self) -> bytes:
        """The root of the tree of `size` entries."""
        root = b""
        for level in self._levels:
            for hashes in heights(level):
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
        *_, root = heights(full)
        levels[level] += root
