"""Merkle trees of RFC 6962, section 2.1, over SHA-256: hashes, and the checking of proofs.

Pure: no file, no tile. Proofs are made by `archive.evidence.tiles`.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from archive.errors import DamagedError

HASH = 32
"""Length in bytes of every hash in the tree."""

EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree without entries (RFC 6962, 2.1)."""


class ProofError(DamagedError):
    """A proof does not prove what it should.

    `expected` is the root that was given and `computed` the one that the proof leads to; both are
    `None` where the proof has the wrong shape, so that there is nothing to compare.
    """

    def __init__(
        self, what: str, *, expected: bytes | None = None, computed: bytes | None = None
    ) -> None:
        super().__init__(what)
        self.expected = expected
        self.computed = computed


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry as a leaf: a first byte of 0 keeps leaves and nodes apart."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node above two others."""
    return sha256(b"\x01" + left + right).digest()


def root_from_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root to which an audit path (RFC 6962, 2.1.1) leads from the leaf hash at `index`.

    Raises `ProofError` where no tree of `size` entries has a path of that shape there.
    """
    if not 0 <= index < size:
        raise ProofError(f"entry {index} is not in a tree of {size} entries")
    _check_lengths(leaf, *path)
    # Below `inner` the path winds through both sides; above it, it climbs the right border of the
    # tree, where only the nodes to the left of it have a sibling.
    inner = (index ^ (size - 1)).bit_length()
    border = (index >> inner).bit_count()
    _check_count(path, inner + border)
    return _climb_border(_climb(leaf, path[:inner], index), path[inner:])


def verify_inclusion(
    index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes
) -> None:
    """Check that the leaf hash stands at `index` in the tree of that size and root.

    Raises `ProofError`, which holds both roots where they differ.
    """
    _compare(root, root_from_inclusion(index, size, leaf, path))


def verify_consistency(
    size1: int, size2: int, root1: bytes, root2: bytes, path: Sequence[bytes]
) -> None:
    """Check that the tree of `size2` entries begins with that of `size1` (RFC 6962, 2.1.2).

    Every tree begins with the empty one, so a proof from size 0 to a greater one says nothing and
    is refused. Raises `ProofError`, which holds both roots where they differ.
    """
    if not 0 <= size1 <= size2:
        raise ProofError(f"a tree of {size1} entries is not the start of one of {size2}")
    if size1 == size2:
        _check_count(path, 0)
        _compare(root1, root2 if size1 else EMPTY_ROOT)
        _compare(root2, root1)
        return
    if size1 == 0:
        raise ProofError("nothing can be proved from the empty tree")
    _check_lengths(root1, root2, *path)
    # The path starts at the last complete node of the older tree, which the newer one has as well.
    # Where that node is the whole older tree, its root is known and the path leaves it out.
    height = (size1 & -size1).bit_length() - 1
    index = (size1 - 1) >> height
    inner = (index ^ (size2 - 1) >> height).bit_length()
    border = (index >> inner).bit_count()
    known = [root1] if size1 == 1 << height else []
    _check_count(path, 1 - len(known) + inner + border)
    seed, *rest = [*known, *path]
    older = _climb(seed, rest[:inner], index, only_left=True)
    _compare(root1, _climb_border(older, rest[inner:]))
    newer = _climb(seed, rest[:inner], index)
    _compare(root2, _climb_border(newer, rest[inner:]))


def _climb(node: bytes, path: Sequence[bytes], index: int, *, only_left: bool = False) -> bytes:
    """From a node up; `index` says on which side each sibling is. The older tree has no right ones."""
    for sibling in path:
        if index & 1:
            node = node_hash(sibling, node)
        elif not only_left:
            node = node_hash(node, sibling)
        index >>= 1
    return node


def _climb_border(node: bytes, path: Sequence[bytes]) -> bytes:
    """From a node on the right border up: every sibling is on its left."""
    for sibling in path:
        node = node_hash(sibling, node)
    return node


def _check_lengths(*hashes: bytes) -> None:
    for value in hashes:
        if len(value) != HASH:
            raise ProofError(f"a hash of {len(value)} bytes instead of {HASH}")


def _check_count(path: Sequence[bytes], count: int) -> None:
    if len(path) != count:
        raise ProofError(f"the proof has {len(path)} hashes instead of {count}")


def _compare(expected: bytes, computed: bytes) -> None:
    if expected != computed:
        raise ProofError(
            f"the proof leads to the root {computed.hex()}, not to {expected.hex()}",
            expected=expected,
            computed=computed,
        )
