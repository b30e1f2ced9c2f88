"""OpenTimestamps proofs: pending proves nothing, a block only with its header, and nothing is lost."""

from __future__ import annotations

import errno
import itertools
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import StorageError
from archive.evidence.bitcoin import BlockHeader, HeaderError
from archive.evidence.calendar_proofs import add, read_proof, state_of
from archive.evidence.opentimestamps import (
    LARGEST,
    OpenTimestampsError,
    Pending,
    Proof,
    state,
)
from archive.evidence.stamps import enqueue
from archive.layout import ArchiveRoot
from archive.verdict import Verdict
from tests.calendar_server import (
    AT,
    SHA256,
    append,
    bitcoin,
    double,
    header,
    pending,
    prepend,
    varuint,
)
from tests.ots_examples import (
    HELLO_WORLD,
    HELLO_WORLD_OTS,
    TWO_CALENDARS,
    TWO_CALENDARS_OTS,
)
from tests.storage import Crash, FailingFiles, LossyFiles

CHECKPOINT = b"a checkpoint"
FIRST, SECOND = "https://first.example", "https://second.example/ots"
MAGIC = b"\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94\x01"
GENESIS = (
    "01000000" + "00" * 32 + "3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a"
    "29ab5f49ffff001d1dac2b7c"
)


def ots(tree: bytes, checkpoint: bytes = CHECKPOINT) -> bytes:
    """A detached file by hand."""
    return MAGIC + SHA256 + sha256(checkpoint).digest() + tree


def promised(*calendars: str) -> Proof:
    proof = Proof(CHECKPOINT)
    for calendar in calendars:
        proof = proof.answered(calendar, append(b"time") + SHA256 + pending(calendar))
    return proof


def in_block(proof: Proof, height: int) -> tuple[Proof, bytes]:
    """The first promise kept by a block, and the block's Merkle root."""
    message = proof.pending[0].commitment
    way = prepend(b"before") + append(b"after") + SHA256 + SHA256 + bitcoin(height)
    return proof.upgraded(message, way), double(b"before" + message + b"after")


def test_each_calendar_is_sent_a_digest_of_its_own_that_follows_from_the_checkpoint() -> None:
    proof = Proof(CHECKPOINT)
    tag = sha256(FIRST.encode()).digest()[:16]
    assert proof.question(FIRST) == sha256(sha256(CHECKPOINT).digest() + tag).digest()
    assert proof.question(FIRST) != proof.question(SECOND)
    assert not proof.asked(FIRST)
    assert promised(FIRST).asked(FIRST)
    assert not promised(FIRST).asked(SECOND)


def test_a_promise_is_pending_and_never_passed() -> None:
    proof = promised(FIRST, SECOND)
    assert [one.calendar for one in proof.pending] == sorted(
        [FIRST, SECOND], key=lambda url: sha256(url.encode()).digest()
    )
    found = state(proof, {0: GENESIS.encode()})
    assert found.check.verdict is Verdict.NOT_CHECKED
    assert found.check.reason.startswith("pending at https://")
    assert found.pending
    assert found.block is None


def test_a_block_without_its_header_is_not_checked() -> None:
    proof, _ = in_block(promised(FIRST), 905_000)
    found = state(proof, {})
    assert found.check.verdict is Verdict.NOT_CHECKED
    assert "in Bitcoin block 905000" in found.check.reason
    assert "header" in found.check.reason
    assert found.block is None
    assert not found.pending
    assert proof.pending == []


def test_a_block_with_its_header_passes_and_tells_the_hash_to_compare() -> None:
    proof, root = in_block(promised(FIRST, SECOND), 905_000)
    kept = header(root)
    found = state(proof, {905_000: kept.hex().encode() + b"\n", 1: b"of something else"})
    assert found.check.verdict is Verdict.PASSED
    assert found.block is not None
    assert found.block.time == AT
    assert found.block.header.hash == double(kept)[::-1].hex()
    assert found.block.header.hash in found.check.reason
    assert len(proof.pending) == 1


@pytest.mark.parametrize(
    ("supplied", "said"),
    [
        (lambda root: header(bytes(32)).hex(), "another Merkle root"),
        (lambda root: header(root[::-1]).hex(), "another Merkle root"),
        (lambda root: header(root, met=False).hex(), "does not meet its own target"),
        (lambda root: header(root).hex()[:-2], "79 bytes, not 80"),
        (lambda root: "no header", "not a block header in hex"),
        (lambda root: "é" * 160, "not a block header in hex"),
        (lambda root: GENESIS, "another Merkle root"),
    ],
)
def test_a_header_that_does_not_fit_fails(supplied: Callable[[bytes], str], said: str) -> None:
    proof, root = in_block(promised(FIRST), 7)
    found = state(proof, {7: supplied(root).encode()})
    assert found.check.verdict is Verdict.FAILED
    assert said in found.check.reason
    assert found.block is None


def test_a_calendar_that_lies_cannot_void_what_another_one_proved() -> None:
    proof, root = in_block(promised(FIRST, SECOND), 9)
    lie = proof.answered("https://liar.example", bitcoin(3))
    found = state(lie, {3: header(bytes(32)).hex().encode(), 9: header(root).hex().encode()})
    assert found.check.verdict is Verdict.PASSED
    assert found.block is not None
    assert found.block.height == 9


def test_the_first_block_of_bitcoin_is_read_as_all_the_world_reads_it() -> None:
    genesis = BlockHeader.from_hex(GENESIS.encode())
    assert genesis.hash == "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
    assert genesis.time == datetime(2009, 1, 3, 18, 15, 5, tzinfo=UTC)
    root = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
    assert genesis.merkle_root[::-1].hex() == root


@given(at=st.integers(0, 71) | st.integers(76, 79), flip=st.integers(1, 255))
def test_a_header_that_was_altered_is_none(at: int, flip: int) -> None:
    data = bytearray(bytes.fromhex(GENESIS))
    data[at] ^= flip
    with pytest.raises(HeaderError):
        BlockHeader.parse(bytes(data))


@pytest.mark.parametrize("bits", [0x1CFFFFFF, 0x1D80FFFF, 0x2101FFFF, 0x237FFFFF, 0xFF000001, 0])
def test_a_target_that_is_none_is_met_by_nothing(bits: int) -> None:
    data = bytes.fromhex(GENESIS)
    with pytest.raises(HeaderError, match="its own target"):
        BlockHeader.parse(data[:72] + bits.to_bytes(4, "little") + data[76:])


@given(data=st.binary(min_size=80, max_size=80))
def test_any_80_bytes_are_a_header_or_our_error(data: bytes) -> None:
    with suppress(HeaderError):
        assert len(BlockHeader.parse(data).hash) == 64


def test_a_file_written_by_hand_is_read_and_written_back_the_same() -> None:
    tag = sha256(FIRST.encode()).digest()[:16]
    data = ots(append(tag) + SHA256 + append(b"time") + SHA256 + pending(FIRST))
    proof = Proof.parse(data, CHECKPOINT)
    assert proof.to_bytes() == data
    assert proof == promised(FIRST)
    digest = sha256(proof.question(FIRST) + b"time").digest()
    assert proof.pending == [Pending(FIRST, digest)]


def test_a_proof_that_others_made_leads_to_the_root_that_the_world_knows() -> None:
    proof = Proof.parse(HELLO_WORLD_OTS, HELLO_WORLD)
    (claim,) = proof.blocks
    root = "8a1b66ecb7cbd07d8139a7e7d7f2c41aab1f5009b8364aaf61d03ad245e47e00"
    assert (claim.height, claim.merkle_root[::-1].hex()) == (358_391, root)
    assert proof.to_bytes() == HELLO_WORLD_OTS
    header_with_root = header(claim.merkle_root).hex().encode()
    assert state(proof, {358_391: header_with_root}).check.verdict is Verdict.PASSED
    with pytest.raises(OpenTimestampsError, match="wrong-digest"):
        Proof.parse(HELLO_WORLD_OTS, HELLO_WORLD[:-1])


def test_what_another_program_sent_to_calendars_is_upgraded_all_the_same() -> None:
    proof = Proof.parse(TWO_CALENDARS_OTS, TWO_CALENDARS)
    assert proof.to_bytes() == TWO_CALENDARS_OTS
    alice, bob = proof.pending
    assert alice.calendar == "https://alice.btc.calendar.opentimestamps.org"
    assert bob.calendar == "https://bob.btc.calendar.opentimestamps.org"
    assert proof.upgraded(alice.commitment, bitcoin(5)).pending == [bob]


def test_what_no_program_of_today_knows_is_kept() -> None:
    unknown = b"\x00" + b"\x01\x02\x03\x04\x05\x06\x07\x08" + b"\x03abc"
    proof = Proof.parse(ots(unknown), CHECKPOINT)
    found = state(proof, {})
    assert found.check.verdict is Verdict.NOT_CHECKED
    assert "no calendar" in found.check.reason
    more = proof.answered(FIRST, pending(FIRST))
    assert unknown in more.to_bytes()
    assert Proof.parse(more.to_bytes(), CHECKPOINT) == more


WRONG = {
    "empty": b"",
    "no-magic": b"\x00OpenTimestamps",
    "cut": promised(FIRST).to_bytes()[:-1],
    "more": promised(FIRST).to_bytes() + b"\x00",
    "other-version": MAGIC[:-1] + b"\x02" + promised(FIRST).to_bytes()[len(MAGIC) :],
    "other-bytes": ots(pending(FIRST), b"another checkpoint"),
    "sha1": MAGIC + b"\x02" + bytes(20) + pending(FIRST),
    "too-large": ots(pending(FIRST)) + bytes(LARGEST),
    "too-deep": ots(SHA256 * 300 + pending(FIRST)),
    "too-long": ots(b"\xf3" * 10 + pending(FIRST)),
    "too-high": ots(bitcoin(2**31)),
    "very-high": ots(bitcoin(1 << 50_000)),
    "a-place": ots(pending("https://first.example/?x=\n")),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_damaged_or_foreign_file_is_one_error_of_ours(wrong: str) -> None:
    with pytest.raises(OpenTimestampsError) as caught:
        Proof.parse(WRONG[wrong], CHECKPOINT)
    assert caught.value.reason in {"unreadable", "too-large", "wrong-digest"}
    assert caught.value.detail


def test_a_rarely_used_operation_is_no_warning() -> None:
    proof = Proof.parse(ots(b"\xf2" + pending(FIRST)), CHECKPOINT)
    assert proof.pending[0].commitment == sha256(CHECKPOINT).digest()[::-1]
    assert proof.upgraded(proof.pending[0].commitment, b"\xf2" + bitcoin(5)).blocks


OPERATIONS = st.sampled_from(
    [b"\x02", b"\x03", SHA256, b"\x67", b"\xf2", b"\xf3", b"\xff", append(b"x"), prepend(b"y" * 99)]
)
ENDS = st.sampled_from([pending(FIRST), bitcoin(1), bitcoin(2**40), b"\x00" + bytes(9), b""])
TREES = st.lists(OPERATIONS | ENDS | st.binary(max_size=4), max_size=40).map(b"".join)


@given(tree=TREES)
def test_any_bytes_are_a_proof_or_our_error(tree: bytes) -> None:
    with suppress(OpenTimestampsError):
        proof = Proof.parse(ots(tree), CHECKPOINT)
        assert Proof.parse(proof.to_bytes(), CHECKPOINT) == proof
        found = state(proof, {1: GENESIS.encode()})
        assert found.check.verdict is not Verdict.PASSED


@given(data=st.binary(max_size=200))
def test_any_file_at_all_is_a_proof_or_our_error(data: bytes) -> None:
    with suppress(OpenTimestampsError):
        Proof.parse(data, CHECKPOINT)


@given(answers=st.lists(st.tuples(st.sampled_from([FIRST, SECOND]), TREES), max_size=6))
def test_an_answer_only_ever_adds(answers: list[tuple[str, bytes]]) -> None:
    proof, root = in_block(promised(FIRST), 905_000)
    for calendar, answer in answers:
        kept, seen = set(proof.blocks), {one.calendar for one in proof.pending}
        with suppress(OpenTimestampsError):
            proof = proof.answered(calendar, answer)
        for promise in proof.pending:
            with suppress(OpenTimestampsError):
                proof = proof.upgraded(promise.commitment, answer)
        assert kept <= set(proof.blocks)
        assert seen <= {one.calendar for one in proof.pending} or len(proof.blocks) > len(kept)
        assert Proof.parse(proof.to_bytes(), CHECKPOINT) == proof
    assert state(proof, {905_000: header(root).hex().encode()}).check.verdict is Verdict.PASSED


def test_answers_that_make_a_proof_too_deep_or_too_large_are_refused_and_it_stays() -> None:
    proof = promised(FIRST)
    deep = SHA256 * 200 + pending(FIRST)
    proof = proof.upgraded(proof.pending[0].commitment, deep)
    before = proof.to_bytes()
    with pytest.raises(OpenTimestampsError):
        proof.upgraded(proof.pending[1].commitment, deep)
    large = b"".join(b"\xff" + append(bytes([n]) * 4000) + pending(FIRST) for n in range(20))
    with pytest.raises(OpenTimestampsError, match="too-large"):
        proof.answered(SECOND, large + pending(FIRST))
    assert proof.to_bytes() == before


def put(path: Path) -> Path:
    return enqueue(ArchiveRoot.create(path), CHECKPOINT, 3, bytes(range(32)), [])


def whole_story(folder: Path, files: LossyFiles | FailingFiles) -> None:
    """Two answers and an upgrade; from wherever it stands."""
    for calendar in (FIRST, SECOND):
        answer = append(b"time") + SHA256 + pending(calendar)
        if not read_proof(folder).asked(calendar):
            add(folder, lambda proof, c=calendar, a=answer: proof.answered(c, a), files)  # type: ignore[misc]
    if not read_proof(folder).blocks:
        add(folder, lambda proof: in_block(proof, 5)[0], files)


def check_story(folder: Path) -> None:
    _, root = in_block(promised(FIRST, SECOND), 5)
    (folder / "5.header").write_text(header(root).hex())
    found = state_of(folder)
    assert found is not None
    assert found.check.verdict is Verdict.PASSED
    assert len(read_proof(folder).pending) == 1


@pytest.mark.parametrize("survives", ["nothing", "part", "zeros"])
def test_after_a_crash_at_any_step_the_proof_is_the_earlier_or_the_later(
    tmp_path: Path, survives: str
) -> None:
    stages = [Proof(CHECKPOINT), promised(FIRST), promised(FIRST, SECOND)]
    stages.append(in_block(stages[-1], 5)[0])
    for at in itertools.count(1):
        folder = put(tmp_path / str(at))
        files = LossyFiles(folder, at)
        done = False
        try:
            whole_story(folder, files)
            done = True
        except Crash:
            pass
        files.crash(survives)
        assert read_proof(folder) in stages
        if done:
            break
        whole_story(folder, FailingFiles(0, errno.ENOSPC))
        check_story(folder)
    check_story(folder)
    assert at > 15


@pytest.mark.parametrize("effect", ["none", "part", "all"])
def test_a_disk_that_refuses_any_step_is_said_and_nothing_is_lost(
    tmp_path: Path, effect: str
) -> None:
    for at in itertools.count(1):
        folder = put(tmp_path / str(at))
        try:
            whole_story(folder, FailingFiles(at, errno.ENOSPC, effect=effect))
        except StorageError:
            pass
        else:
            check_story(folder)
            break
        whole_story(folder, FailingFiles(0, errno.ENOSPC))
        check_story(folder)
    assert at > 15


def test_an_answer_that_adds_nothing_writes_nothing(tmp_path: Path) -> None:
    folder = put(tmp_path / "archive")
    assert state_of(folder) is None
    assert add(folder, lambda proof: proof.answered(FIRST, pending(FIRST)))
    before = (folder / "checkpoint.ots").stat()
    assert not add(folder, lambda proof: proof.answered(FIRST, pending(FIRST)))
    assert (folder / "checkpoint.ots").stat() == before


def test_a_damaged_proof_fails_and_is_never_written_over(tmp_path: Path) -> None:
    folder = put(tmp_path / "archive")
    (folder / "checkpoint.ots").write_bytes(b"\x00" * 50)
    found = state_of(folder)
    assert found is not None
    assert found.check.verdict is Verdict.FAILED
    with pytest.raises(OpenTimestampsError):
        add(folder, lambda proof: proof.answered(FIRST, pending(FIRST)))
    assert (folder / "checkpoint.ots").read_bytes() == b"\x00" * 50


def test_a_height_is_written_as_the_format_has_it() -> None:
    assert Proof.parse(ots(bitcoin(358_391)), CHECKPOINT).blocks[0].height == 358_391
    assert varuint(358_391) == b"\xf7\xef\x15"
