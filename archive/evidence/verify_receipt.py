"""Verifying a citation receipt: leaf, entry, proof, signature, time stamps, and the file it cites."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from archive.errors import Error, reading
from archive.evidence.checkpoint import Checkpoint
from archive.evidence.leaf import SALT_LENGTH, entry
from archive.evidence.merkle import leaf_hash, verify_inclusion
from archive.evidence.note import ED25519, Note, Verifier
from archive.evidence.proof import InclusionProof
from archive.evidence.receipt import Receipt, ReceiptError, head, parse
from archive.evidence.timestamp import TEST_WORDS, Authority, verify_response
from archive.evidence.verify import Step
from archive.evidence.verify_files import Failure, Found
from archive.evidence.verify_leaves import parse_leaf
from archive.evidence.verify_log import fingerprint
from archive.evidence.verify_outside import ALLOWANCE
from archive.times import from_text

NEEDED = frozenset({"leaf", "logged", "signed"})
"""The steps that must pass for a receipt to pass."""


def verify_receipt(text: str, file: Path | None = None) -> list[Step]:
    """Verify a receipt, and whether `file` is the content that it cites, step by step.

    Whatever the text, there is an answer.
    """
    checks = {**_STEPS, "file": lambda receipt: _check_file(receipt, file)}
    try:
        receipt = parse(text)
    except ReceiptError as error:
        others = [Found("", unchecked="the receipt cannot be read")] * (len(checks) - 1)
        found = [Found("", [Failure("receipt", error.what)]), *others]
    else:
        found = [_found(check, receipt) for check in checks.values()]
    numbered = enumerate(zip(checks, found, strict=True), 1)
    return [Step.of(number, name, each) for number, (name, each) in numbered]


def _check_leaf(receipt: Receipt) -> Found:
    if head(parse_leaf(receipt.leaf)) != receipt.head:
        raise ReceiptError("its first lines are not what its leaf says")
    if len(receipt.salt) != SALT_LENGTH:
        raise ReceiptError(f"a salt of {len(receipt.salt)} bytes, not {SALT_LENGTH}")
    return Found(f"entry {entry(receipt.salt, receipt.leaf).hex()}")


def _check_logged(receipt: Receipt) -> Found:
    if len(receipt.salt) != SALT_LENGTH:
        raise ReceiptError("without its salt there is no entry")
    proof = InclusionProof.parse(receipt.proof)
    checkpoint = Checkpoint.parse(Note.parse(proof.checkpoint).text)
    hashed = leaf_hash(entry(receipt.salt, receipt.leaf))
    verify_inclusion(proof.index, checkpoint.size, hashed, proof.path, checkpoint.root)
    return Found(f"entry {proof.index} of {checkpoint.size}")


def _check_signed(receipt: Receipt) -> Found:
    key = Verifier.parse(receipt.key)
    note = Note.parse(InclusionProof.parse(receipt.proof).checkpoint)
    origin = Checkpoint.parse(note.text).origin
    if (key.name, key.algorithm) != (origin, ED25519) or not note.verified_by([key]):
        raise ReceiptError(f"the key of {key.name} did not sign the checkpoint of {origin}")
    return Found(f"{origin}, key sha256 {fingerprint(key)}")


def _check_stamped(receipt: Receipt) -> Found:
    data = InclusionProof.parse(receipt.proof).checkpoint
    told = from_text(str(parse_leaf(receipt.leaf).get("time")))
    words: list[str] = []
    real = False
    for kept in receipt.stamps:
        try:
            roots = tuple(x509.load_pem_x509_certificates(kept.roots))
            chain = tuple(x509.load_pem_x509_certificates(kept.chain)) if kept.chain.strip() else ()
        except ValueError as error:
            raise ReceiptError(f"a certificate that cannot be read: {error}") from error
        authority = Authority(kept.name, "", roots, kept.test)
        stamp = verify_response(kept.response, None, data, authority, chain=chain)
        if told - stamp.time > ALLOWANCE:
            raise ReceiptError(
                f"{kept.name} stamped it before the time that it says: a clock was wrong"
            )
        prints = " ".join(root.fingerprint(hashes.SHA256()).hex() for root in roots)
        line = f"{kept.name} {stamp.time:%Y-%m-%dT%H:%M:%SZ}, root sha256 {prints}"
        words.append(f"{line}, {TEST_WORDS}" if kept.test else line)
        real = real or not kept.test
    detail = "; ".join(words)
    return Found(detail, unchecked=None if real else detail or "no time stamp")


def _check_file(receipt: Receipt, path: Path | None) -> Found:
    if path is None:
        return Found("", unchecked="no file was given")
    digests = parse_leaf(receipt.leaf).get("digests")
    content = digests.get("content") if isinstance(digests, dict) else None
    stated = content.get("sha256") if isinstance(content, dict) else None
    with reading(path), path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != stated:
        raise ReceiptError(f"{path.name} is not the content: its sha256 is {found}, not {stated}")
    return Found(f"sha256 {found}")


Check = Callable[[Receipt], Found]
_STEPS: dict[str, Check] = {
    "leaf": _check_leaf,
    "logged": _check_logged,
    "signed": _check_signed,
    "stamped": _check_stamped,
}


def _found(check: Check, receipt: Receipt) -> Found:
    try:
        return check(receipt)
    except Error as error:
        return Found("", [Failure("receipt", error.what)])
