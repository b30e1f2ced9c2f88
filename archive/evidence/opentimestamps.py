"""OpenTimestamps: what calendars and Bitcoin blocks attest of a checkpoint. Pure; no network, no clock.

A proof is a tree of operations (append, SHA-256 …) from the SHA-256 of the checkpoint to attestations.
*Pending* is a calendar's promise and proves nothing. An attestation of a block says that the block's
Merkle root follows from the checkpoint; it proves a time as far as the block's header is genuine.

The format is the library's, which is an optional part of the program: importing this module raises
`UncheckedError` where it is not installed.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from archive.errors import DamagedError, UncheckedError
from archive.evidence.bitcoin import LAYER, BlockHeader, BlockTime, HeaderError, State
from archive.verdict import Check, Verdict

try:
    from opentimestamps.core.notary import BitcoinBlockHeaderAttestation, PendingAttestation
    from opentimestamps.core.op import OpAppend, OpSHA256
    from opentimestamps.core.serialize import (
        BytesDeserializationContext,
        BytesSerializationContext,
        DeserializationError,
    )
    from opentimestamps.core.timestamp import DetachedTimestampFile, Timestamp
except ImportError as error:
    raise UncheckedError(
        "OpenTimestamps needs a library that is not installed",
        advice="install it: pip install 'muniment[ots]'",
    ) from error

LARGEST = 64 * 1024
"""Bytes of a proof; one that four calendars upgraded has about 4 KiB."""
_HIGHEST = 2**31 - 1


class OpenTimestampsError(DamagedError):
    """Bytes that are no proof for this checkpoint; `reason` is a word that does not change."""

    def __init__(self, reason: str, what: str = "") -> None:
        super().__init__(f"no OpenTimestamps proof, {reason}: {what}")
        self.reason = reason
        self.detail = what


@dataclass(frozen=True, slots=True)
class Pending:
    """A calendar's promise to have `commitment` put into a block."""

    calendar: str
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Attested:
    """A claim that the block at `height` has this Merkle root; true only if its header says so."""

    height: int
    merkle_root: bytes


class Proof:
    """The operations and attestations that follow from one checkpoint. It never changes."""

    __slots__ = ("_stamp",)

    def __init__(self, checkpoint: bytes) -> None:
        """A proof that has no attestation yet, and so no bytes either."""
        self._stamp: Any = Timestamp(sha256(checkpoint).digest())

    @classmethod
    def parse(cls, data: bytes, checkpoint: bytes) -> Proof:
        """Read a detached `.ots` file. Raises `OpenTimestampsError` whatever is wrong with it."""
        proof = cls(checkpoint)
        if len(data) > LARGEST:
            raise OpenTimestampsError("too-large", f"more than {LARGEST} bytes")
        with _reading():
            read = DetachedTimestampFile.deserialize(BytesDeserializationContext(data))
        if read.file_hash_op != OpSHA256() or read.file_digest != proof._stamp.msg:
            raise OpenTimestampsError("wrong-digest", "it is for other bytes than the checkpoint")
        proof._stamp = read.timestamp
        _require_heights(proof._stamp)
        return proof

    def to_bytes(self) -> bytes:
        """The detached file, which any OpenTimestamps program reads; not of an empty proof."""
        context = BytesSerializationContext()
        DetachedTimestampFile(OpSHA256(), self._stamp).serialize(context)
        return bytes(context.getbytes())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Proof) and self._stamp == other._stamp

    __hash__ = None  # type: ignore[assignment]  # what the library compares it does not hash

    def question(self, calendar: str) -> bytes:
        """The digest to send: SHA-256(SHA-256(checkpoint) ‖ the calendar's own 16 bytes).

        So each calendar has a branch of its own, and calendars cannot tell that they were sent the
        same thing.
        """
        return sha256(self._stamp.msg + _branch(calendar)).digest()

    def asked(self, calendar: str) -> bool:
        """Whether the proof holds the calendar's answer to `question`."""
        return any(node.msg == self.question(calendar) for node in _nodes(self._stamp))

    @property
    def pending(self) -> list[Pending]:
        """The promises that no block has kept yet."""
        return [
            Pending(attestation.uri.rstrip("/"), node.msg)
            for node in _nodes(self._stamp)
            for attestation in sorted(node.attestations)
            if isinstance(attestation, PendingAttestation) and not any(_blocks(node))
        ]

    @property
    def blocks(self) -> list[Attested]:
        """What blocks are said to attest, the lowest first."""
        return sorted(_blocks(self._stamp), key=lambda one: one.height)

    def answered(self, calendar: str, answer: bytes) -> Proof:
        """With a calendar's answer to `question`. Raises `OpenTimestampsError` and adds nothing."""
        with _reading():
            proof = self._copy()
            node = proof._stamp.ops.add(OpAppend(_branch(calendar))).ops.add(OpSHA256())
            node.merge(_read(answer, node.msg))
            return proof._checked()

    def upgraded(self, commitment: bytes, answer: bytes) -> Proof:
        """With what a calendar now says of a commitment. Raises as `answered`."""
        with _reading():
            proof = self._copy()
            for node in list(_nodes(proof._stamp)):
                if node.msg == commitment:
                    node.merge(_read(answer, commitment))
            return proof._checked()

    def _copy(self) -> Proof:
        proof = Proof(b"")
        proof._stamp = Timestamp(self._stamp.msg)
        proof._stamp.merge(self._stamp)
        return proof

    def _checked(self) -> Proof:
        """Itself, where it can be read again: an answer may make it too large or too deep."""
        data = self.to_bytes()
        if len(data) > LARGEST:
            raise OpenTimestampsError("too-large", f"more than {LARGEST} bytes with that answer")
        DetachedTimestampFile.deserialize(BytesDeserializationContext(data))
        return self


def state(proof: Proof, headers: Mapping[int, bytes]) -> State:
    """Passed by the lowest block whose header fits; failed where headers are given and none fits.

    `headers` are hex, by height. A header that the operator supplied proves as much as itself: its
    hash is told, to be compared with what others say of that height.
    """
    if not proof.blocks:
        places = ", ".join(dict.fromkeys(one.calendar for one in proof.pending))
        said = f"pending at {places}" if places else "it names no calendar and no block known here"
        return State(Check(LAYER, Verdict.NOT_CHECKED, said), pending=True)
    wrong = []
    for claim in proof.blocks:
        if claim.height not in headers:
            continue
        try:
            header = BlockHeader.from_hex(headers[claim.height])
        except HeaderError as error:
            wrong.append(f"header of Bitcoin block {claim.height}: {error.what}")
            continue
        if header.merkle_root == claim.merkle_root:
            block = BlockTime(claim.height, header)
            return State(Check(LAYER, Verdict.PASSED, str(block)), block)
        wrong.append(
            f"Bitcoin block {claim.height}: the header {header.hash} has another Merkle root"
        )
    if wrong:
        return State(Check(LAYER, Verdict.FAILED, "; ".join(wrong)))
    height = proof.blocks[0].height
    said = f"in Bitcoin block {height}, whose header is needed to check it"
    return State(Check(LAYER, Verdict.NOT_CHECKED, said))


def _branch(calendar: str) -> bytes:
    return sha256(calendar.encode()).digest()[:16]


def _read(answer: bytes, message: bytes) -> Any:
    """An answer's own tree, from `message` on."""
    context = BytesDeserializationContext(answer)
    stamp = Timestamp.deserialize(context, message)
    context.assert_eof()
    _require_heights(stamp)
    return stamp


@contextmanager
def _reading() -> Iterator[None]:
    """Let whatever bytes do to the library come out as our error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)  # of an operation nobody uses
        try:
            yield
        except (DeserializationError, ValueError, RecursionError) as error:
            raise OpenTimestampsError("unreadable", str(error)) from error


def _nodes(stamp: Any) -> Iterator[Any]:
    yield stamp
    for _, below in sorted(stamp.ops.items(), key=lambda item: item[0]):
        yield from _nodes(below)


def _blocks(stamp: Any) -> Iterator[Attested]:
    for message, attestation in stamp.all_attestations():
        if isinstance(attestation, BitcoinBlockHeaderAttestation):
            yield Attested(attestation.height, message)


def _require_heights(stamp: Any) -> None:
    """A height is a number of any length in the format; none that matters has more than 31 bits."""
    if any(claim.height > _HIGHEST for claim in _blocks(stamp)):
        raise OpenTimestampsError("unreadable", "no block has that height")
