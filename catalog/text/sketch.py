"""Sketches of texts, by which near-duplicates are found: the least hashes of their 3-character runs.

The share of hashes that two sketches have in common estimates how much the texts have in common
(Broder 1997, bottom-k); what it finds is compared exactly before anybody is told.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RECIPE = "sketch/1"
RUN = 3
"""Characters of a run."""
KEPT = 8
"""Hashes that are kept of a text. Two texts that share a part J of their runs share none of these with a
probability of (1 - J)^8: one of 256 where they are half alike, next to none above that."""
SHORTEST = 40
"""Characters below which texts are alike by accident, and have no sketch."""
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)
_FINISH = np.uint64(0xD6E8FEB86659FD93)
_SIGN = np.uint64(1 << 63)
_RANGE = 1 << 63
FEW = 256
"""Hashes of which it is no saving to sort a part."""

Runs = NDArray[np.uint64]
"""Hashes of the runs of a text."""


def sketch(normalised: str) -> list[int]:
    """The least hashes of a text (catalog.text.normal), as integers of 63 bits; none of a short one."""
    if len(normalised) < SHORTEST:
        return []
    hashes = _hashes(normalised)
    if hashes.size > FEW:  # of so many, the least are below a small part of their range
        least = hashes[hashes < _RANGE // hashes.size * FEW]
        if _distinct(least).size >= KEPT:
            hashes = least
    return [int(value) for value in _distinct(hashes)[:KEPT]]


def similarity(one: str, other: str) -> float:
    """How much of their runs two texts share, exactly but for equal hashes: from 0 to 1 (Jaccard)."""
    return shared(runs_of(one), runs_of(other)) if one != other else 1.0


def runs_of(text: str) -> Runs:
    """The distinct runs of a text, for `shared`."""
    return _distinct(_hashes(text))


def shared(first: Runs, second: Runs) -> float:
    """The share of what both have in what either has: from 0 to 1."""
    if not first.size or not second.size:
        return 0.0
    together = np.sort(np.concatenate((first, second)))
    common = int(np.count_nonzero(together[1:] == together[:-1]))
    return common / (first.size + second.size - common)


def _distinct(hashes: Runs) -> Runs:
    """In order, each once. (`np.unique` is many times slower where most are distinct.)"""
    ordered = np.sort(hashes)
    keep = np.ones(ordered.size, dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=keep[1:])
    return ordered[keep]


def _hashes(text: str) -> Runs:
    points = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    if points.size < RUN:
        return np.empty(0, dtype=np.uint64)
    mixed = points[:-2] * _MIX[0] ^ points[1:-1] * _MIX[1] ^ points[2:] * _MIX[2]
    mixed ^= mixed >> np.uint64(32)
    mixed *= _FINISH
    mixed ^= mixed >> np.uint64(29)
    kept: Runs = mixed & ~_SIGN
    return kept
