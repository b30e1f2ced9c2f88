"""Trees and proofs written down as RFC 6962 defines them: slow, plain, and not our code."""

from __future__ import annotations

from hashlib import sha256


def merkle_root(leaves: list[bytes]) -> bytes:
    """MTH of section 2.1, over leaf hashes."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    left, right = merkle_root(leaves[:split]), merkle_root(leaves[split:])
    return sha256(b"\1" + left + right).digest()


def inclusion(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.1."""
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion(index, leaves[:split]), merkle_root(leaves[split:])]
    return [*inclusion(index - split, leaves[split:]), merkle_root(leaves[:split])]


def consistency(older: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    """PROOF and SUBPROOF of section 2.1.2."""
    if older == len(leaves):
        return [] if whole else [merkle_root(leaves)]
    split = _split(len(leaves))
    if older <= split:
        return [*consistency(older, leaves[:split], whole=whole), merkle_root(leaves[split:])]
    rest = consistency(older - split, leaves[split:], whole=False)
    return [*rest, merkle_root(leaves[:split])]


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    split = 1
    while split * 2 < size:
        split *= 2
    return split
