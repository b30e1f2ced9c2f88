"""The cosigner's side: it signs a log's checkpoint only if the log grew from the last one it signed.

C2SP tlog-witness and tlog-cosignature (Ed25519). For each log one file is kept, a signed note: the
last checkpoint, the log's signatures and the cosignature. It is durable before the cosignature
leaves, so no crash makes the cosigner sign two trees of which neither begins with the other.

The folder must never be brought back from a backup: a cosigner that forgot what it signed signs a
fork. One that lost its folder needs a new key.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive.durable import Files, write_over
from archive.errors import DamagedError, UsageError, Where, reading, storage
from archive.evidence.checkpoint import Checkpoint, parse_decimal
from archive.evidence.merkle import EMPTY_ROOT, ProofError, verify_consistency
from archive.evidence.note import (
    ED25519,
    CosignatureVerifier,
    Note,
    NoteError,
    Verifier,
    cosign,
    decode_base64,
    encode_base64,
)

MAX_REQUEST = 256 * 1024
"""Most bytes of a request: 63 hashes, and a checkpoint with more signatures than any has."""
MAX_PROOF_LINES = 63
"""As the standard has it: no tree of ours needs more."""
SIZE_TYPE = "text/x.tlog.size"
"""Content-Type of the answer that tells the last size cosigned."""
TEXT_TYPE = "text/plain; charset=utf-8"
LOCK = "lock"


class Answer(NamedTuple):
    """What to answer over HTTP."""

    status: int
    body: bytes
    media_type: str = TEXT_TYPE


class RequestError(DamagedError):
    """A request that is not answered with a cosignature, and the status that says why."""

    def __init__(self, status: int, what: str = "", *, size: int | None = None) -> None:
        super().__init__(what)
        self.status = status
        self.size = size

    @property
    def answer(self) -> Answer:
        if self.size is not None:
            return Answer(self.status, f"{self.size}\n".encode(), SIZE_TYPE)
        return Answer(self.status, f"{self.what}\n".encode())


@dataclass(frozen=True, slots=True)
class Request:
    """What a log sends to `add-checkpoint`: its checkpoint, and the proof from an older size to it."""

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: bytes
    """The signed note."""

    @classmethod
    def parse(cls, body: bytes) -> Request:
        """Raises `RequestError`. The checkpoint is read later."""
        if len(body) > MAX_REQUEST:
            raise RequestError(413, f"a request of more than {MAX_REQUEST} bytes")
        head, blank, checkpoint = body.partition(b"\n\n")
        try:
            first, *lines = head.decode("ascii").split("\n")
            if not blank or not first.startswith("old ") or len(lines) > MAX_PROOF_LINES:
                raise NoteError(
                    "it needs an old size, at most 63 hashes, a blank line, a checkpoint"
                )
            old_size = parse_decimal(first.removeprefix("old "))
            return cls(old_size, tuple(map(decode_base64, lines)), checkpoint)
        except (UnicodeDecodeError, NoteError) as error:
            raise RequestError(400, f"not a request: {error}") from error

    def to_bytes(self) -> bytes:
        """The body, which `parse` reads."""
        lines = [f"old {self.old_size}", *map(encode_base64, self.proof)]
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + self.checkpoint


class Cosigner:
    """Cosigns for the logs whose keys it was given; one request at a time, whatever the process.

    `name` is its key name, `folder` its state. Several keys of one name are those of one log that
    is replacing its key. Raises `UsageError` for a key that is not a log's, `NoteError` for a name
    that cannot be one.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        private_key: Ed25519PrivateKey,
        logs: Iterable[Verifier],
        files: Files | None = None,
    ) -> None:
        self.verifier = CosignatureVerifier.of(name, private_key.public_key())
        self._folder = folder
        self._key = private_key
        self._files = files or Files()
        self._logs: dict[str, list[Verifier]] = {}
        for log in logs:
            if log.algorithm != ED25519:
                raise UsageError(f"not the key of a log: {log.vkey}")
            self._logs.setdefault(log.name, []).append(log)

    def add_checkpoint(self, body: bytes, now: int) -> Answer:
        """Answer a request (tlog-witness, "add-checkpoint") as of `now`, in seconds since 1970.

        200 with the cosignature, 409 with the last size, or 400, 403, 404, 413, 422 with a sentence.
        Raises `DamagedError` and `StorageError` where the cosigner's own state is in trouble.
        """
        if now < 1:
            raise ValueError("a cosignature needs a time")
        try:
            request = Request.parse(body)
            note, checkpoint = self._signed_by_log(request.checkpoint)
            with self._alone():
                _check_growth(request, checkpoint, self._latest(checkpoint.origin))
                cosignature = cosign(note.text, self.verifier.name, self._key, now)
                kept = Note(note.text, (*note.signatures, cosignature)).to_bytes()
                write_over(self._path(checkpoint.origin), kept, self._files)
        except RequestError as refusal:
            return refusal.answer
        return Answer(200, str(cosignature).encode())

    def monitored(self, origin_hash: str) -> Answer:
        """The last checkpoint cosigned for a log (tlog-witness, "Monitor Retrieval Mechanism").

        `origin_hash` is the SHA-256 of its origin in hex. Raises as `add_checkpoint` does.
        """
        for origin in self._logs:
            if _hashed(origin) == origin_hash:
                with self._alone():
                    note = self._latest_note(origin)
                if note is not None:
                    return Answer(200, note.to_bytes())
        return Answer(404, b"no checkpoint of such a log was cosigned\n")

    def _signed_by_log(self, data: bytes) -> tuple[Note, Checkpoint]:
        """The checkpoint with those of its signatures that are by a known key of the log."""
        try:
            note = Note.parse(data)
            checkpoint = Checkpoint.parse(note.text)
        except NoteError as error:
            raise RequestError(400, f"not a signed checkpoint: {error}") from error
        keys = self._logs.get(checkpoint.origin)
        if keys is None:
            raise RequestError(404, "an unknown log")
        try:
            by = note.verified_by(keys)
        except NoteError as error:
            raise RequestError(403, str(error)) from error
        if not by:
            raise RequestError(403, "no known key of the log signed the checkpoint")
        # One line of each key: a log can make any number of true ones.
        lines = (next(line for line in note.signatures if line.by(key)) for key in by)
        return Note(note.text, tuple(lines)), checkpoint

    def _latest(self, origin: str) -> Checkpoint:
        """What was cosigned last; the empty tree before that."""
        note = self._latest_note(origin)
        return Checkpoint.parse(note.text) if note else Checkpoint(origin, 0, EMPTY_ROOT)

    def _latest_note(self, origin: str) -> Note | None:
        path = self._path(origin)
        # A run that was killed, or whose disk failed, may have left the file under its name without
        # that being durable. Nothing is answered from it before it is.
        with storage(self._folder):
            self._files.fsync_folder(self._folder)
        if not path.exists():
            return None
        with reading(path):
            data = path.read_bytes()
        try:
            note = Note.parse(data)
            if self.verifier not in note.verified_by([self.verifier]):
                raise NoteError("this cosigner's key did not sign it")
            if Checkpoint.parse(note.text).origin != origin:
                raise NoteError("it is of another log")
        except NoteError as error:
            raise DamagedError(
                f"the state of the cosigner is damaged: {error}",
                where=Where(path),
                advice="take a new key and a new folder; what was signed with this one stays good",
            ) from error
        return note

    def _path(self, origin: str) -> Path:
        return self._folder / f"{_hashed(origin)}.checkpoint"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        path = self._folder / LOCK
        with storage(self._folder):
            self._files.mkdir(self._folder)
            path.touch()
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            self._files.lock(fd, wait=True)
            yield
        finally:
            os.close(fd)


def _check_growth(request: Request, new: Checkpoint, latest: Checkpoint) -> None:
    """The checks of `add-checkpoint` that follow the signature's, in their order."""
    if request.old_size > new.size:
        raise RequestError(400, f"from {request.old_size} entries to {new.size}")
    if request.old_size != latest.size:
        raise RequestError(409, "another size was cosigned", size=latest.size)
    try:
        if latest.size or not new.size:
            verify_consistency(latest.size, new.size, latest.root, new.root, request.proof)
        elif request.proof:
            raise ProofError("nothing is to be proved from the empty tree")
    except ProofError as error:
        raise RequestError(422, error.what) from error


def _hashed(origin: str) -> str:
    return sha256(origin.encode()).hexdigest()
