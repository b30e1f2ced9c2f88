"""Block headers of Bitcoin: what the 80 bytes say, and whether they can be a header at all.

Whether a header is in the chain that the world agrees on is not seen here. Its hash is given, so that
a person can compare it with what any node or block explorer tells for that height.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from archive.errors import DamagedError
from archive.times import to_text
from archive.verdict import Check

LAYER = "OpenTimestamps"

_HEADER = struct.Struct("<i32s32sIII")
"""Version, previous block, Merkle root, seconds since 1970, target in short form, nonce."""


class HeaderError(DamagedError):
    """Bytes that are no block header."""


@dataclass(frozen=True, slots=True)
class BlockHeader:
    """A header whose hash meets the target that it names itself."""

    merkle_root: bytes
    """In the order in which it is hashed; explorers print it reversed."""
    time: datetime
    """By the miner's clock, which the rules let be off by up to two hours."""
    hash: str
    """As explorers print it: 64 hex digits, reversed."""

    @classmethod
    def parse(cls, data: bytes) -> BlockHeader:
        """Raises `HeaderError`. What was altered in a header, but for its target, shows in its hash."""
        if len(data) != _HEADER.size:
            raise HeaderError(f"not a block header: {len(data)} bytes, not {_HEADER.size}")
        _, _, merkle_root, seconds, bits, _ = _HEADER.unpack(data)
        digest = sha256(sha256(data).digest()).digest()
        if int.from_bytes(digest, "little") > _target(bits):
            raise HeaderError("not a block header: its hash does not meet its own target")
        return cls(merkle_root, datetime.fromtimestamp(seconds, UTC), digest[::-1].hex())

    @classmethod
    def from_hex(cls, text: bytes) -> BlockHeader:
        """160 hex digits, as nodes and explorers give them. Raises `HeaderError`."""
        try:
            data = bytes.fromhex(text.decode("ascii"))
        except ValueError as error:
            raise HeaderError("not a block header in hex") from error
        return cls.parse(data)


@dataclass(frozen=True, slots=True)
class BlockTime:
    """An outside proof by a block: what it commits to existed before the block did."""

    height: int
    header: BlockHeader

    @property
    def time(self) -> datetime:
        return self.header.time

    def __str__(self) -> str:
        return (
            f"{to_text(self.time)} (within two hours) by Bitcoin block {self.height}, "
            f"if its hash is {self.header.hash}"
        )


@dataclass(frozen=True, slots=True)
class State:
    """What OpenTimestamps says of a checkpoint. Only a block whose header was checked proves a time."""

    check: Check
    block: BlockTime | None = None
    pending: bool = False
    """Nothing but promises so far."""


def _target(bits: int) -> int:
    """The largest hash allowed: 23 bits of mantissa, 8 of exponent to base 256.

    Where that is negative or has more than 256 bits, none is allowed.
    """
    exponent, mantissa = bits >> 24, bits & 0x7FFFFF
    target = mantissa << 8 * (exponent - 3) if exponent > 3 else mantissa >> 8 * (3 - exponent)
    return -1 if bits & 0x800000 or target >= 1 << 256 else target
