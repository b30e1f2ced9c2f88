"""A proof file convinces programs that are not ours, and no changed one convinces anybody."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import DamagedError
from archive.evidence.checkpoint import Checkpoint
from archive.evidence.merkle import ProofError
from archive.evidence.note import CosignatureVerifier, Ed25519Signer, Note, NoteError, cosign
from archive.evidence.proof import InclusionProof
from archive.evidence.tree import Tree
from tests.shared import program, shared
from tests.tlogs import Tiles, entries, grown, judge_of_go, write

ORIGIN = "log.example/notices"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
WITNESS = CosignatureVerifier.of("witness.example/w1", WITNESS_KEY.public_key())
SIGNER = Ed25519Signer(ORIGIN, KEY)
KNOWN = (SIGNER.verifier, WITNESS)
JUDGED_SIZES = (1, 2, 255, 256, 257, 1000, 70_000)


@dataclass(frozen=True)
class Log:
    """A log and its checkpoint."""

    size: int
    tiles: Tiles
    checkpoint: bytes

    def proof(self, index: int, extra: bytes | None = None) -> InclusionProof:
        return InclusionProof(
            index, Tree(self.size, self.tiles).inclusion(index), self.checkpoint, extra
        )


def make_log(size: int) -> Log:
    growth, tiles = grown(size)
    note = Note.sign(Checkpoint(ORIGIN, size, growth.root).text, SIGNER)
    cosigned = cosign(note.text, WITNESS.name, WITNESS_KEY, 1679315147)
    return Log(size, tiles, Note(note.text, (*note.signatures, cosigned)).to_bytes())


LOG = make_log(300)
ENTRY = entries(300)[299]
PROOF = LOG.proof(299, b"salt")


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 1000])
def test_every_entry_is_proved_by_its_file_alone(size: int) -> None:
    log = make_log(size)
    for index in range(size):
        proof = InclusionProof.parse(log.proof(index).to_bytes())
        checkpoint = proof.verify(entries(1, index)[0], KNOWN)
        assert (checkpoint.origin, checkpoint.size) == (ORIGIN, size)


def test_the_file_is_the_text_of_the_standard() -> None:
    proof = InclusionProof(5, (bytes(32), b"\xff" * 32), b"checkpoint\n", b"extra information")
    assert proof.to_bytes() == (
        b"c2sp.org/tlog-proof@v1\n"
        b"extra ZXh0cmEgaW5mb3JtYXRpb24=\n"
        b"index 5\n"
        b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
        b"//////////////////////////////////////////8=\n"
        b"\n"
        b"checkpoint\n"
    )
    alone = InclusionProof(0, (), b"checkpoint\n")
    assert alone.to_bytes() == b"c2sp.org/tlog-proof@v1\nindex 0\n\ncheckpoint\n"
    for each in (proof, alone, replace(proof, extra=b"")):
        assert InclusionProof.parse(each.to_bytes()) == each


def test_each_changed_byte_is_refused_except_where_nothing_is_proved() -> None:
    """The extra data is anybody's, and so is a signature of which only the claim is changed."""
    data = PROOF.to_bytes()
    extra = range(data.index(b"extra ") + 6, data.index(b"\nindex"))
    note = data.index(b"\n\n") + 2
    claims = range(data.index(b"\n\n", note), len(data))
    for position in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[position] ^= 1 << bit
            if position in claims and not _claims_the_same(bytes(changed), data):
                continue
            assert not _accepted(bytes(changed)) or position in extra, (position, bit)


def test_a_proof_is_for_its_own_entry_place_and_log_only() -> None:
    assert PROOF.verify(ENTRY, KNOWN).size == 300
    other = make_log(299)
    for wrong in (
        replace(PROOF, index=298),
        replace(PROOF, index=300),
        replace(PROOF, path=PROOF.path[1:]),
        replace(PROOF, path=(*PROOF.path, bytes(32))),
        replace(PROOF, path=LOG.proof(298).path),
        replace(PROOF, checkpoint=other.checkpoint),
    ):
        with pytest.raises(ProofError):
            wrong.verify(ENTRY, KNOWN)
    with pytest.raises(ProofError, match="leads to the root"):
        PROOF.verify(ENTRY[:-1], KNOWN)


def test_the_checkpoint_must_be_of_a_known_log_and_not_only_cosigned() -> None:
    stranger = Ed25519Signer(ORIGIN, WITNESS_KEY).verifier
    namesake = CosignatureVerifier.of(ORIGIN, KEY.public_key())
    elsewhere = Ed25519Signer("log.example/other", KEY).verifier
    for known in ((), (WITNESS,), (stranger,), (namesake,), (elsewhere,)):
        with pytest.raises(NoteError, match="no known key"):
            PROOF.verify(ENTRY, known)
    other_origin = Note.sign(Checkpoint("log.example/other", 300, bytes(32)).text, SIGNER)
    with pytest.raises(NoteError, match="no known key"):
        replace(PROOF, checkpoint=other_origin.to_bytes()).verify(ENTRY, KNOWN)


def test_a_false_cosignature_of_a_known_cosigner_spoils_the_proof() -> None:
    note = Note.parse(LOG.checkpoint)
    log_line, cosigned = note.signatures
    false = replace(cosigned, signature=cosigned.signature[:-1] + b"\0")
    spoiled = replace(PROOF, checkpoint=Note(note.text, (log_line, false)).to_bytes())
    with pytest.raises(NoteError, match=r"witness\.example/w1 is false"):
        spoiled.verify(ENTRY, KNOWN)
    assert spoiled.verify(ENTRY, (SIGNER.verifier,)).size == 300


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"wrong-header\nindex 0\n\ncheckpoint\n",
        b"c2sp.org/tlog-proof@v1\n\nindex 0\n\ncheckpoint\n",
        b"c2sp.org/tlog-proof@v1\nindex 0\ncheckpoint\n",
        b"c2sp.org/tlog-proof@v1\nextra !!notbase64!!\nindex 0\n\ncheckpoint\n",
        b"c2sp.org/tlog-proof@v1\nindex 0\nextra AAAA\n\ncheckpoint\n",
        b"c2sp.org/tlog-proof@v1\nextra AAAA\nextra AAAA\nindex 0\n\ncheckpoint\n",
        b"c2sp.org/tlog-proof@v1\nextra AAAA\n\ncheckpoint\n",
        b"c2sp.org/tlog-proof@v1\nindex notanumber\n\ncheckpoint\n",
        b"c2sp.org/tlog-proof@v1\nindex -5\n\ncheckpoint\n",
        b"c2sp.org/tlog-proof@v1\nindex 05\n\ncheckpoint\n",
        b"c2sp.org/tlog-proof@v1\nindex 0 \n\ncheckpoint\n",
        b"c2sp.org/tlog-proof@v1\nindex 0\n!!notbase64!!\n\ncheckpoint\n",
        b"c2sp.org/tlog-proof@v1\nindex 0\n" + b"A" * 86 + b"==\n\ncheckpoint\n",
        b"c2sp.org/tlog-proof@v1\r\nindex 0\n\ncheckpoint\n",
        b"c2sp.org/tlog-proof@v1\nindex 0\n\xff\n\ncheckpoint\n",
        b"c2sp.org/tlog-proof@v1\nindex 0\n\n" + bytes(4_000_000),
    ],
)
def test_a_malformed_proof_is_refused(data: bytes) -> None:
    with pytest.raises(ProofError):
        InclusionProof.parse(data)


@given(st.binary() | st.text("ABCD=\n 0123456789extraindex").map(str.encode))
def test_no_bytes_break_the_reading_of_a_proof(data: bytes) -> None:
    for head in (b"", b"c2sp.org/tlog-proof@v1\n", b"c2sp.org/tlog-proof@v1\nindex 1\n", b"\n\n"):
        try:
            proof = InclusionProof.parse(head + data)
        except DamagedError:
            continue
        assert proof.to_bytes() == head + data
    with pytest.raises(DamagedError):
        replace(PROOF, checkpoint=data).verify(ENTRY, KNOWN)


@pytest.fixture(scope="session")
def go(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The judge over Go's log library; skips where there is none."""
    base = tmp_path_factory.getbasetemp()
    return judge_of_go(base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)


@dataclass(frozen=True)
class Judges:
    """Programs that are not ours, and the folder that they look at: what each says is kept apart."""

    folder: Path
    go: Path

    def by_go(self) -> str | None:
        """Signature, inclusion, and the consistency of all tiles with the checkpoint."""
        return self._run(self.go, self.folder)

    def by_shell(self) -> str | None:
        """Signature and inclusion, with nothing but a shell, coreutils and openssl."""
        judge = shared("tools/judges/verify_tlog.sh")
        files = (self.folder / name for name in ("proof", "leaf", "key.pem"))
        return self._run(program("sh"), judge, *files)

    def show(self, proof: InclusionProof, entry: bytes) -> None:
        (self.folder / "proof").write_bytes(proof.to_bytes())
        (self.folder / "leaf").write_bytes(entry)

    def _run(self, *command: str | Path) -> str | None:
        """What it said when it accepted; `None` where it refused."""
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip() if done.returncode == 0 else None


@pytest.fixture
def judges(go: Path, tmp_path: Path) -> Judges:
    program("openssl")
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(pem)
    (tmp_path / "vkey").write_text(SIGNER.verifier.vkey)
    return Judges(tmp_path, go)


@pytest.mark.parametrize("size", JUDGED_SIZES)
def test_programs_that_are_not_ours_accept_the_log(size: int, judges: Judges) -> None:
    log = make_log(size)
    write(log.tiles.items(), judges.folder)
    for index in sorted({0, size // 3, size - 1}):
        judges.show(log.proof(index), entries(1, index)[0])
        shell, go = judges.by_shell(), judges.by_go()
        assert shell is not None
        assert shell.startswith(f"OK: entry {index} is in {ORIGIN} at size {size}")
        assert go is not None
        assert f"inclusion proof OK {index} {size}" in go
        assert size == 1 or f"consistency proof {size // 2} -> {size} OK" in go


@pytest.mark.parametrize("size", JUDGED_SIZES)
def test_programs_that_are_not_ours_refuse_a_changed_log(size: int, judges: Judges) -> None:
    log = make_log(size)
    write(log.tiles.items(), judges.folder)
    proof, entry = log.proof(size - 1), entries(1, size - 1)[0]
    resized = log.checkpoint.replace(b"\n%d\n" % size, b"\n%d\n" % (size + 1))
    for wrong, claimed in (
        (proof, sha256(b"another").digest()),
        (replace(proof, checkpoint=resized), entry),
        (replace(proof, path=(bytes(32), *proof.path)), entry),
    ):
        judges.show(wrong, claimed)
        assert judges.by_shell() is None
        assert judges.by_go() is None
    if size > 1:  # the judge reads no tiles for one entry
        judges.show(proof, entry)
        assert judges.by_go() is not None
        top, hashes = list(log.tiles.items())[-1]
        (judges.folder / top).write_bytes(hashes[:-1] + bytes([hashes[-1] ^ 1]))
        assert judges.by_go() is None


def _accepted(data: bytes) -> bool:
    try:
        InclusionProof.parse(data).verify(ENTRY, KNOWN)
    except DamagedError:
        return False
    return True


def _claims_the_same(changed: bytes, data: bytes) -> bool:
    """Whether the signatures say that they are by the same keys."""
    try:
        notes = [Note.parse(InclusionProof.parse(each).checkpoint) for each in (changed, data)]
    except DamagedError:
        return True
    one, other = ([(line.name, line.key_id) for line in note.signatures] for note in notes)
    return one == other
