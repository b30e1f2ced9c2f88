"""Citation receipts: for each capture one text file that proves it, as `evidence --receipt` writes it."""

from __future__ import annotations

from pathlib import Path

from archive.durable import Files, write_new
from archive.errors import DamagedError, storage
from archive.evidence.note import Note, Verifier
from archive.evidence.proof import InclusionProof
from archive.evidence.receipt import ReceiptStamp, receipt_text
from archive.evidence.verify import Step
from archive.evidence.verify_receipt import verify_receipt
from archive.package.facts import Exhibit, PackageFacts, StampFacts


def write_receipts(facts: PackageFacts, out: Path) -> list[Step]:
    """One exhibit's receipt as the file `out`, several as a folder of them; returns how they verify.

    Raises `StorageError`.
    """
    steps: list[Step] = []
    several = len(facts.exhibits) > 1
    if several:
        with storage(out):
            Files().mkdir(out)
    for exhibit in facts.exhibits:
        text = _receipt(facts, exhibit)
        steps += verify_receipt(text)
        write_new(out / f"{exhibit.id}.txt" if several else out, text.encode())
    return steps


def _receipt(facts: PackageFacts, exhibit: Exhibit) -> str:
    """By the checkpoint that was stamped nearest to the capture, or else by the newest."""
    leaf, salt = exhibit.logged.at.group.leaf, exhibit.logged.at.group.salt
    proof, stamps = exhibit.logged.proof, facts.stamps
    for earlier in facts.earlier:
        if exhibit.id in earlier.proofs:
            proof, stamps = earlier.proofs[exhibit.id], earlier.stamps
    if proof.checkpoint not in {facts.log.checkpoint, *_stamped(facts)}:
        stamps = ()  # that of a closed log, which nobody stamped
    return receipt_text(leaf, salt, proof, _key(facts, proof), [_stamp(each) for each in stamps])


def _stamped(facts: PackageFacts) -> set[bytes]:
    return {earlier.checkpoint.data for earlier in facts.earlier}


def _key(facts: PackageFacts, proof: InclusionProof) -> Verifier:
    """The key of the log that signed the checkpoint of a proof."""
    signatures = Note.parse(proof.checkpoint).signatures
    for log in (facts.log, *facts.closed.values()):
        for key in log.keys:
            if any(signature.by(key) for signature in signatures):
                return key
    raise DamagedError("no known key signed the checkpoint of a proof")


def _stamp(stamp: StampFacts) -> ReceiptStamp:
    return ReceiptStamp(
        name=stamp.name,
        test=stamp.test,
        response=stamp.files["tsr"],
        roots=stamp.files["roots.pem"],
        chain=stamp.files.get("chain.pem", b""),
    )
