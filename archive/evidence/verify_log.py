"""Steps 5, 6 and 8: the leaves are in the log, which its key signed and cosigners countersigned."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from archive.errors import DamagedError
from archive.evidence.checkpoint import Checkpoint
from archive.evidence.merkle import leaf_hash, verify_inclusion
from archive.evidence.note import COSIGNATURE, ED25519, CosignatureVerifier, Note, Verifier
from archive.evidence.proof import InclusionProof
from archive.evidence.verify_files import Failure, Found, PackageError, PackageFiles
from archive.evidence.verify_leaves import ID, Leaf, leaves

CHECKPOINT = "log/checkpoint"
POLICY = "log/policy.txt"
EARLIER = r"timestamps/earlier/[^/]+/"
"""Where checkpoints lie that were stamped before the package's own, with proofs and stamps."""
_CLOSED = r"log/closed-[^/]+/checkpoint"
_TEXT = 4 << 20
_LATEST = 253_402_300_799
"""9999-12-31T23:59:59Z."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Whom log/policy.txt names (C2SP tlog-policy)."""

    logs: tuple[Verifier, ...]
    cosigners: tuple[CosignatureVerifier, ...]


def check_logged(files: PackageFiles) -> Found:
    """Step 5: from each entry a proof leads to the root in a checkpoint of the package."""
    found = leaves(files)
    checkpoints = []
    for name in (CHECKPOINT, *files.named(_CLOSED)):
        try:
            checkpoints.append(files.read(name, _TEXT))
        except PackageError:
            continue  # step 6 tells of it
    proofs = [(leaf, leaf.proof, checkpoints) for leaf in found]
    by_id = {leaf.id: leaf for leaf in found}
    failures = []
    for name in files.named(rf"{EARLIER}{ID}\.tlog-proof"):
        folder, _, file = name.rpartition("/")
        covered = by_id.get(file.removesuffix(".tlog-proof"))
        if covered is None or f"{folder}/checkpoint" not in files:
            failures.append(Failure(name, "proves no leaf in a checkpoint of this package"))
        else:
            proofs.append((covered, name, [files.read(f"{folder}/checkpoint", _TEXT)]))
    for leaf, name, among in proofs:
        try:
            verify_logged(leaf, name, among)
        except DamagedError as error:
            failures.append(Failure(name, error.what))
    others = set(files.named(r"log/[^/]+\.tlog-proof")) - {leaf.proof for leaf in found}
    failures += [Failure(name, "proves no leaf") for name in sorted(others)]
    return Found(f"{len(proofs)} proofs", failures)


def verify_logged(leaf: Leaf, name: str, checkpoints: list[bytes]) -> None:
    """Check the proof in file `name`; signatures are for step 6. Raises `DamagedError`."""
    proof = InclusionProof.parse(leaf.files.read(name, _TEXT))
    if proof.checkpoint not in checkpoints:
        raise PackageError("its checkpoint is not one of this package")
    checkpoint = Checkpoint.parse(Note.parse(proof.checkpoint).text)
    hashed = leaf_hash(leaf.entry)
    verify_inclusion(proof.index, checkpoint.size, hashed, proof.path, checkpoint.root)


def check_signed(files: PackageFiles) -> Found:
    """Step 6: which logs signed what size, with the fingerprints of their keys."""
    failures: list[Failure] = []
    keys = _keys(files, r"log/keys/[^/]+\.vkey", failures)
    details = []
    try:
        trusted = policy(files).logs
        if not trusted:
            failures.append(Failure(POLICY, "names no key of a log"))
        if not set(trusted) <= set(keys):
            failures.append(Failure(POLICY, "a key that is not in log/keys"))
    except DamagedError as error:
        failures.append(Failure(POLICY, error.what))
        trusted = ()
    older = (*keys, *_keys(files, r"log/closed-[^/]+/keys/[^/]+\.vkey", failures))
    others = (*files.named(_CLOSED), *files.named(rf"{EARLIER}checkpoint"))
    for name in (CHECKPOINT, *others):
        known = trusted if name == CHECKPOINT else older
        try:
            details.append(_signed(files.read(name, _TEXT), known))
        except DamagedError as error:
            failures.append(Failure(name, error.what))
    folders = re.compile(rf"(log/closed-[^/]+/|{EARLIER})")
    found = filter(None, map(folders.match, files.places))
    missing = {f"{match[0]}checkpoint" for match in found} - files.places.keys()
    failures += [Failure(name, "missing") for name in sorted(missing)]
    return Found("; ".join(details), failures)


def check_countersigned(files: PackageFiles) -> Found:
    """Step 8: who countersigned, as of when; nothing where nobody did."""
    try:
        note = Note.parse(files.read(CHECKPOINT, _TEXT))
    except DamagedError as error:
        return Found("", [Failure(CHECKPOINT, error.what)])
    try:
        cosigners = policy(files).cosigners
    except DamagedError as error:
        return Found("", [Failure(POLICY, error.what)])
    details: list[str] = []
    failures = []
    for cosigner in cosigners:
        for signature in note.signatures:
            if not signature.by(cosigner):
                continue
            try:
                time = CosignatureVerifier.stated_time(cosigner, Note(note.text, (signature,)))
            except DamagedError:
                what = f"the cosignature of {cosigner.name} is false"
                failures.append(Failure(CHECKPOINT, what))
                continue
            details.append(f"{cosigner.name} {_second(time or 0)}")
    return Found("; ".join(details), failures, None if details else "no cosignature")


def policy(files: PackageFiles) -> Policy:
    """The keys of log and cosigners in log/policy.txt. Raises `PackageError` or `NoteError`."""
    logs: list[Verifier] = []
    cosigners: list[CosignatureVerifier] = []
    try:
        lines = files.read(POLICY, _TEXT).decode().split("\n")
    except UnicodeDecodeError:
        raise PackageError("not UTF-8") from None
    for line in lines:
        word, _, rest = line.partition(" ")
        names = rest.split(" ")
        if word == "log":
            logs.append(Verifier.parse(names[0]))
        elif word == "witness":
            found = Verifier.parse(names[1] if len(names) > 1 else "")
            if not isinstance(found, CosignatureVerifier):
                raise PackageError("not the key of a cosigner")
            cosigners.append(found)
    return Policy(tuple(key for key in logs if key.algorithm == ED25519), tuple(cosigners))


def fingerprint(key: Verifier) -> str:
    """SHA-256 of the 32 bytes of a public key, in hex."""
    return sha256(key.public_key).hexdigest()


def _signed(data: bytes, known: tuple[Verifier, ...]) -> str:
    note = Note.parse(data)
    checkpoint = Checkpoint.parse(note.text)
    own = [key for key in known if (key.name, key.algorithm) == (checkpoint.origin, ED25519)]
    signers = note.verified_by(own)
    if not signers:
        raise PackageError(f"no known key of {checkpoint.origin} signed it")
    prints = " ".join(sorted({fingerprint(key) for key in signers}))
    return f"{checkpoint.origin}, {checkpoint.size} entries, key sha256 {prints}"


def _keys(files: PackageFiles, pattern: str, failures: list[Failure]) -> tuple[Verifier, ...]:
    """The keys of logs in .vkey files, each with the same key for OpenSSL beside it."""
    found = []
    for name in files.named(pattern):
        pem = name.removesuffix(".vkey") + ".pub.pem"
        try:
            key = Verifier.parse(files.read(name, _TEXT).decode("utf-8", "replace").strip())
            if key.algorithm == COSIGNATURE:
                raise PackageError("not an Ed25519 verifier key")
        except DamagedError as error:
            failures.append(Failure(name, error.what))
            continue
        if _public(files, pem) != key.public_key:
            failures.append(Failure(pem, f"not the key of {name}"))
        found.append(key)
    return tuple(found)


def _public(files: PackageFiles, name: str) -> bytes | None:
    try:
        key = load_pem_public_key(files.read(name, _TEXT))
    except (DamagedError, ValueError, TypeError):
        return None
    return key.public_bytes_raw() if isinstance(key, Ed25519PublicKey) else None


def _second(time: int) -> str:
    return f"{datetime.fromtimestamp(min(time, _LATEST), UTC):%Y-%m-%dT%H:%M:%SZ}"
