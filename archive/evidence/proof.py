"""The proof that one entry is in a log, as a text file for offline use (C2SP tlog-proof, v1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from archive.evidence.checkpoint import Checkpoint, parse_decimal
from archive.evidence.merkle import HASH, ProofError, leaf_hash, verify_inclusion
from archive.evidence.note import ED25519, Note, NoteError, Verifier, decode_base64, encode_base64

HEADER = "c2sp.org/tlog-proof@v1"

MAX_PROOF = 4_000_000
"""Most bytes of a proof: a note at its own limit, and as much again of extra data and path."""


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """Where an entry stands in a log, the path from it to the root, and the log's checkpoint."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    """The signed checkpoint, byte for byte."""
    extra: bytes | None = None
    """Data of the application. Nothing proves it, unless the entry is computed from it."""

    @classmethod
    def parse(cls, data: bytes) -> InclusionProof:
        """Read a `.tlog-proof`; `to_bytes` gives the same bytes again.

        Raises `ProofError`; the checkpoint is read by `verify`.
        """
        if len(data) > MAX_PROOF:
            raise ProofError(f"a proof of more than {MAX_PROOF} bytes")
        head, blank, checkpoint = data.partition(b"\n\n")
        try:
            header, *lines = head.decode("ascii").split("\n")
            if not blank or header != HEADER:
                raise ProofError(f"not a proof that we can read: it does not begin with {HEADER}")
            extra = _field("extra", lines) if lines[:1] and lines[0].startswith("extra ") else None
            return cls(
                index=parse_decimal(_field("index", lines)),
                path=tuple(_hash(line) for line in lines),
                checkpoint=checkpoint,
                extra=None if extra is None else decode_base64(extra),
            )
        except (UnicodeDecodeError, NoteError) as error:
            raise ProofError(f"a malformed proof: {error}") from error

    def to_bytes(self) -> bytes:
        """The file, which `parse` reads."""
        extra = [] if self.extra is None else [f"extra {encode_base64(self.extra)}"]
        path = map(encode_base64, self.path)
        head = "\n".join([HEADER, *extra, f"index {self.index}", *path])
        return f"{head}\n\n".encode() + self.checkpoint

    def verify(self, entry: bytes, verifiers: Iterable[Verifier]) -> Checkpoint:
        """Check, offline, that a log said that it holds `entry`; what else it said is returned.

        1. The leaf hash is computed from the entry.
        2. The checkpoint is signed by a known Ed25519 key that has the name of its origin.
        3. Every cosignature of a known cosigner is right; how many must be there, and as of what
           time, is the caller's policy (`CosignatureVerifier.stated_time`).
        4. The path leads from the leaf hash to the root of the checkpoint.

        Raises `NoteError` where step 2 or 3 fails, `ProofError` where step 4 does.
        """
        # 1.
        leaf = leaf_hash(entry)
        # 2. and 3. A known key, of whatever kind, with a false signature spoils the note.
        note = Note.parse(self.checkpoint)
        checkpoint = Checkpoint.parse(note.text)
        signed_by = note.verified_by(verifiers)
        if (checkpoint.origin, ED25519) not in {(key.name, key.algorithm) for key in signed_by}:
            raise NoteError(f"no known key of {checkpoint.origin} signed the checkpoint")
        # 4.
        verify_inclusion(self.index, checkpoint.size, leaf, self.path, checkpoint.root)
        return checkpoint


def _field(name: str, lines: list[str]) -> str:
    """The value of the next line, which is taken away and must be `name VALUE`."""
    line = lines.pop(0) if lines else ""
    if not line.startswith(f"{name} "):
        raise ProofError(f"a malformed proof: {name} is missing")
    return line[len(name) + 1 :]


def _hash(line: str) -> bytes:
    value = decode_base64(line)
    if len(value) != HASH:
        raise ProofError(f"a malformed proof: a hash of {len(value)} bytes instead of {HASH}")
    return value
