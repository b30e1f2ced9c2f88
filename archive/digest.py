"""Digests as values: SHA-256 for everybody, BLAKE3 beside it (design 6)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from blake3 import blake3

from archive.errors import UsageError

SIZES = {"md5": 16, "sha1": 20, "sha256": 32, "sha512": 64, "blake3": 32}
"""Length in bytes of each digest that archives carry."""

PIECE = 1 << 16
"""Bytes that one algorithm reads before the other does: they are in the processor's cache then."""

READ = 1 << 20
"""Bytes of a file that are read at a time."""

ABSENT = frozenset({"undecodable", "truncated", "over-limit"})
"""Why a layer has no digest: there is never a digest of a part."""


class Digest:
    """An algorithm and its value, equal by meaning, with the form it was read in.

    `sha256:…`, `SHA-256:…`, hex, base32 and base64 of the same bytes are the same digest.
    """

    __slots__ = ("algorithm", "raw", "value")

    def __init__(self, algorithm: str, value: bytes, raw: str | None = None) -> None:
        self.algorithm = algorithm.lower().replace("-", "").replace("_", "")
        self.value = value
        self.raw = raw if raw is not None else f"{self.algorithm}:{value.hex()}"

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read `algorithm:value`, the value in hex, base32 or base64 (WARC 1.1, 5.8).

        Raises `UsageError` where the algorithm is unknown or the value has another length.
        """
        label, colon, value = text.strip().partition(":")
        algorithm = label.lower().replace("-", "").replace("_", "")
        size = SIZES.get(algorithm)
        if not colon or size is None:
            raise UsageError(f"not a digest that we know: {text!r}")
        for decode in (_from_hex, _from_base32, _from_base64):
            found = decode(value.strip())
            if found is not None and len(found) == size:
                return cls(algorithm, found, text)
        raise UsageError(f"not a {algorithm} value in hex, base32 or base64: {text!r}")

    @property
    def hex(self) -> str:
        return self.value.hex()

    @property
    def base32(self) -> str:
        return base64.b32encode(self.value).decode().rstrip("=")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Digest):
            return NotImplemented
        return (self.algorithm, self.value) == (other.algorithm, other.value)

    def __hash__(self) -> int:
        return hash((self.algorithm, self.value))

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"

    def __repr__(self) -> str:
        return f"Digest({self.raw!r})"


class Digests(NamedTuple):
    """Length in bytes and both digests of the same bytes.

    A tuple, for an ingest makes several of each capture, and a frozen dataclass takes twice as long.
    """

    length: int
    sha256: bytes
    blake3: bytes

    @classmethod
    def of(cls, data: bytes | bytearray | memoryview) -> Digests:
        if len(data) <= PIECE:
            return cls(len(data), hashlib.sha256(data).digest(), blake3(data).digest())
        return cls.of_all((data,))

    @classmethod
    def of_all(cls, parts: Iterable[bytes | bytearray | memoryview]) -> Digests:
        hasher = Hasher()
        for part in parts:
            hasher.update(part)
        return hasher.digests()

    @classmethod
    def of_file(cls, path: Path) -> Digests:
        """Of a file of any size. Raises `OSError` where it cannot be read."""
        with path.open("rb") as file:
            return cls.of_all(iter(lambda: file.read(READ), b""))

    def to_json(self) -> dict[str, Any]:
        return {"length": self.length, "sha256": self.sha256.hex(), "blake3": self.blake3.hex()}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Digests:
        """Raises `KeyError`, `TypeError` or `ValueError` where a field is absent or malformed."""
        return cls(
            int(value["length"]), bytes.fromhex(value["sha256"]), bytes.fromhex(value["blake3"])
        )


@dataclass(frozen=True, slots=True)
class Absent:
    """A layer without a digest, and why (one of `ABSENT`)."""

    reason: str

    def __post_init__(self) -> None:
        if self.reason not in ABSENT:
            raise ValueError(f"not a reason for an absent digest: {self.reason}")

    def to_json(self) -> dict[str, Any]:
        return {"absent": self.reason}


Layer = Digests | Absent


def layer_from_json(value: dict[str, Any]) -> Digests | Absent:
    return Absent(value["absent"]) if "absent" in value else Digests.from_json(value)


class Hasher:
    """Both digests of bytes that come in pieces."""

    __slots__ = ("_blake3", "_length", "_sha256")

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self._blake3 = blake3()
        self._length = 0

    def update(self, data: bytes | bytearray | memoryview) -> None:
        view = memoryview(data)
        for at in range(0, len(view), PIECE):
            piece = view[at : at + PIECE]
            self._sha256.update(piece)
            self._blake3.update(piece)
        self._length += len(view)

    def digests(self) -> Digests:
        return Digests(self._length, self._sha256.digest(), self._blake3.digest())


def _from_hex(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None


def _from_base32(text: str) -> bytes | None:
    try:
        return base64.b32decode(text + "=" * (-len(text) % 8), casefold=True)
    except binascii.Error:
        return None


def _from_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        return None
