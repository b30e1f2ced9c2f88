"""Checkpoints: what a log says it holds, as the text of a signed note (C2SP tlog-checkpoint)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from archive.evidence.merkle import HASH
from archive.evidence.note import NoteError, decode_base64, encode_base64

MAX_SIZE = 2**63 - 1
"""Most entries of a log: what other programs hold in a signed 64-bit number."""

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree's size and root, and whose tree it is. Raises `NoteError` for what cannot be written."""

    origin: str
    """The unique name of the log; in our logs the name of its key as well."""
    size: int
    """Number of entries."""
    root: bytes
    extensions: tuple[str, ...] = ()
    """Further lines, which mean nothing to us and are kept as they are."""

    def __post_init__(self) -> None:
        lines = (self.origin, *self.extensions)
        if not all(lines) or any("\n" in line for line in lines):
            raise NoteError("not a checkpoint: an empty or broken line")
        if not 0 <= self.size <= MAX_SIZE:
            raise NoteError(f"not the size of a log: {self.size}")
        if len(self.root) != HASH:
            raise NoteError(f"the root of a checkpoint has {len(self.root)} bytes, not {HASH}")

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a note (tlog-checkpoint, "Note text"). Raises `NoteError`."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop():
            raise NoteError("not a checkpoint: it needs three lines, each with a newline")
        origin, size, root, *extensions = lines
        return cls(origin, parse_decimal(size), decode_base64(root), tuple(extensions))

    @property
    def text(self) -> str:
        """The text to sign, which `parse` reads."""
        lines = (self.origin, str(self.size), encode_base64(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def parse_decimal(text: str) -> int:
    """A size or an index: ASCII digits without a leading zero or sign. Raises `NoteError`."""
    if not _DECIMAL.fullmatch(text):
        raise NoteError(f"not a decimal number: {text[:200]!r}")
    return int(text)
