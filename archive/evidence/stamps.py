"""The folder timestamps/: which checkpoints wait for which stamps, and those that came.

    timestamps/<size>-<first 16 hex digits of the root>/
        checkpoint                the stamped bytes; written last, so half a folder is none
        <authority>.tsq           the request; alone, it waits
        <authority>.attempts.jsonl  when it was tried in vain, and why
        <authority>.chain.pem .crl.pem  the signer's chain, and revocation lists of that day
        <authority>.tsr           the full response; written last, so it stands for all of them

There is no other state: whatever a crash leaves says what is still to do. One process at a time
writes here; its caller sees to that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from archive.durable import Files, OverwriteError, write_new
from archive.errors import Where, reading, storage
from archive.evidence.attempts import Attempt, append_attempt, next_try, read_attempts
from archive.evidence.certpath import UNREADABLE
from archive.evidence.stamp_errors import Reason, TimeStampError
from archive.evidence.stamp_token import read_request
from archive.evidence.timestamp import (
    TEST_WORDS,
    Authority,
    TimeStamp,
    request,
    verify_response,
)
from archive.layout import ArchiveRoot
from archive.verdict import Check, Verdict

CHECKPOINT = "checkpoint"
CALENDAR_PROOF = f"{CHECKPOINT}.ots"
"""What calendars give (archive.evidence.calendar_proofs); it is nothing that waits here."""
LAYER = "time stamp"

_FOLDER = re.compile(r"([1-9][0-9]*)-[0-9a-f]{16}")
_CRL = re.compile(rb"-----BEGIN X509 CRL-----.+?-----END X509 CRL-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stamp that is still to be had."""

    folder: Path
    size: int
    """Of the log at that checkpoint."""
    authority: str
    attempts: tuple[Attempt, ...]

    @property
    def next_try(self) -> datetime | None:
        """Not before then; None where it was not tried yet."""
        return next_try(self.attempts)

    def due(self, now: datetime) -> bool:
        return self.next_try is None or self.next_try <= now

    @property
    def last_reason(self) -> str:
        return str(self.attempts[-1]) if self.attempts else "not asked for yet"

    def checkpoint(self) -> bytes:
        """Raises `RecordError`, `StorageError`."""
        return _read(self.folder / CHECKPOINT)

    def request(self) -> bytes:
        """Raises `RecordError`, `StorageError`."""
        return _read(self.folder / f"{self.authority}.tsq")


@dataclass(frozen=True, slots=True)
class Kept:
    """What one authority's stamp of a checkpoint comes to now."""

    authority: str
    check: Check
    stamp: TimeStamp | None = None


def folder_of(root: ArchiveRoot, size: int, root_hash: bytes) -> Path:
    """Where the stamps of the checkpoint with that size and root lie."""
    return root.timestamps / f"{size}-{root_hash.hex()[:16]}"


def enqueue(
    root: ArchiveRoot,
    checkpoint: bytes,
    size: int,
    root_hash: bytes,
    authorities: Iterable[Authority],
    *,
    files: Files | None = None,
) -> Path:
    """Have a checkpoint wait for a stamp of each authority; once more is fine, and adds new ones.

    Raises `OverwriteError` where other bytes were chosen for that size and root, `StorageError`.
    """
    files = files or Files()
    folder = folder_of(root, size, root_hash)
    path = folder / CHECKPOINT
    with storage(folder):
        files.mkdir(folder)
        if not path.exists():
            _sweep(folder, checkpoint, files)
        elif _read(path) != checkpoint:
            raise OverwriteError("another checkpoint is stamped there", where=Where(path))
        for authority in authorities:
            query = folder / f"{authority.name}.tsq"
            if not query.exists():
                write_new(query, request(checkpoint), files)
        write_new(path, checkpoint, files)
    return folder


def _sweep(folder: Path, checkpoint: bytes, files: Files) -> None:
    """Drop requests that a crash left without their checkpoint: nobody has sent them."""
    for query in folder.glob("*.tsq"):
        try:
            fits = read_request(_read(query)).imprint.is_of(checkpoint)
        except TimeStampError:
            fits = False
        if not fits:
            files.unlink(query)


def pending(root: ArchiveRoot) -> list[Waiting]:
    """All that waits, the smallest log first. Raises `RecordError` for a damaged list of attempts."""
    return [
        Waiting(folder, size, name, tuple(read_attempts(_attempts(folder, name))))
        for size, folder in _folders(root)
        for name in _names(folder)
        if not (folder / f"{name}.tsr").exists()
    ]


def keep(
    waiting: Waiting,
    response: bytes,
    authority: Authority,
    *,
    chain: Sequence[x509.Certificate] = (),
    crls: Sequence[x509.CertificateRevocationList] = (),
    files: Files | None = None,
) -> TimeStamp:
    """Verify a response and, where it holds, keep it with all that it takes to verify it again.

    Raises `TimeStampError` and keeps nothing; `OverwriteError`, `StorageError`.
    """
    files = files or Files()
    stamp = verify_response(
        response, waiting.request(), waiting.checkpoint(), authority, chain=chain, crls=crls
    )
    kept = {
        end: waiting.folder / f"{waiting.authority}.{end}"
        for end in ("chain.pem", "crl.pem", "tsr")
    }
    with storage(waiting.folder):
        if kept["tsr"].exists():
            raise OverwriteError("there is a stamp already", where=Where(kept["tsr"]))
        for path in kept.values():
            if path.exists():  # what a crash left of an earlier answer
                files.unlink(path)
        write_new(kept["chain.pem"], _pem(stamp.path), files)
        if crls:
            write_new(kept["crl.pem"], _pem(crls), files)
        write_new(kept["tsr"], response, files)
    return stamp


def refused(waiting: Waiting, attempt: Attempt, files: Files | None = None) -> None:
    """Note an attempt that brought no stamp. Raises `StorageError`."""
    append_attempt(_attempts(waiting.folder, waiting.authority), attempt, files)


def stamps(folder: Path, authorities: Iterable[Authority]) -> list[Kept]:
    """Verify all that a checkpoint has or waits for, anew.

    A stamp of a test authority is *not checked*, whatever it says: it proves nothing. Raises
    `RecordError` where the checkpoint is missing or the list of attempts is damaged.
    """
    known = {authority.name: authority for authority in authorities}
    return [_kept(folder, name, known.get(name)) for name in _names(folder)]


def _kept(folder: Path, name: str, authority: Authority | None) -> Kept:
    path = folder / f"{name}.tsr"
    if not path.exists():
        attempts = read_attempts(_attempts(folder, name))
        reason = f"waits for its stamp: {attempts[-1]}" if attempts else "waits for its stamp"
        return Kept(name, Check(LAYER, Verdict.NOT_CHECKED, reason))
    if authority is None:
        reason = "no root of this authority is configured"
        return Kept(name, Check(LAYER, Verdict.NOT_CHECKED, reason))
    query = folder / f"{name}.tsq"
    try:
        stamp = verify_response(
            _read(path),
            _read(query) if query.exists() else None,
            _read(folder / CHECKPOINT),
            authority,
            chain=_chain(folder / f"{name}.chain.pem"),
            crls=_crls(folder / f"{name}.crl.pem"),
        )
    except TimeStampError as error:
        return Kept(name, Check(LAYER, Verdict.FAILED, error.what))
    if stamp.test:
        return Kept(name, Check(LAYER, Verdict.NOT_CHECKED, TEST_WORDS), stamp)
    return Kept(name, Check(LAYER, Verdict.PASSED), stamp)


def earliest(kept: Iterable[Kept]) -> TimeStamp | None:
    """The stamp that proves most: the first in time of those that passed; never a test's."""
    held = [one.stamp for one in kept if one.stamp and one.check.verdict is Verdict.PASSED]
    return min(held, key=lambda stamp: stamp.time, default=None)


def renewal_due(kept: Iterable[Kept], now: datetime, ahead: timedelta) -> list[TimeStamp]:
    """Stamps whose chain ends within `ahead`: what a renewal should commit to before then."""
    held = (one.stamp for one in kept if one.check.verdict is Verdict.PASSED)
    return [stamp for stamp in held if stamp and stamp.ends <= now + ahead]


def stamp_folders(root: ArchiveRoot) -> list[Path]:
    """The folders of all checkpoints that were chosen to be stamped, the smallest log first."""
    return [folder for _, folder in _folders(root)]


def _folders(root: ArchiveRoot) -> list[tuple[int, Path]]:
    """Those that stand: with a checkpoint."""
    if not root.timestamps.is_dir():
        return []
    found = []
    for folder in root.timestamps.iterdir():
        match = _FOLDER.fullmatch(folder.name)
        if match and (folder / CHECKPOINT).exists():
            found.append((int(match[1]), folder))
    return sorted(found)


def _names(folder: Path) -> list[str]:
    ends = (".tsq", ".tsr")
    return sorted({p.stem for p in folder.iterdir() if p.suffix in ends and p.name[0] != "."})


def _attempts(folder: Path, name: str) -> Path:
    return folder / f"{name}.attempts.jsonl"


def _pem(
    things: Iterable[x509.Certificate] | Iterable[x509.CertificateRevocationList],
) -> Iterator[bytes]:
    return (thing.public_bytes(Encoding.PEM) for thing in things)


def _chain(path: Path) -> list[x509.Certificate]:
    if not path.exists():
        return []
    try:
        return x509.load_pem_x509_certificates(_read(path))
    except UNREADABLE as error:
        raise TimeStampError(Reason.UNREADABLE, f"the kept chain: {error}") from error


def _crls(path: Path) -> list[x509.CertificateRevocationList]:
    if not path.exists():
        return []
    found = _CRL.findall(_read(path))
    try:
        if not found:
            raise ValueError("no list in it")
        return [x509.load_pem_x509_crl(pem) for pem in found]
    except UNREADABLE as error:
        raise TimeStampError(Reason.UNREADABLE, f"the kept revocation lists: {error}") from error


def _read(path: Path) -> bytes:
    with reading(path):
        return path.read_bytes()
