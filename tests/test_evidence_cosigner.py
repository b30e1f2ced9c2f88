"""A cosigner signs a log that grows, and never two trees of which neither begins with the other."""

from __future__ import annotations

import errno
import shutil
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import DamagedError, StorageError, UsageError
from archive.evidence.cosigner import MAX_REQUEST, Answer, Cosigner, Request
from archive.evidence.cosigner_key import CosignerKey
from archive.evidence.log import Signed
from archive.evidence.note import Ed25519Signer, Note, Verifier
from archive.evidence.tree import Tree
from tests.cosigners import (
    COSIGNER_VERIFIER,
    LOG,
    NOW,
    ORIGIN,
    STRANGER,
    body,
    cosigned_time,
    cosigner,
    signed,
    tree,
)
from tests.storage import Crash, FailingFiles, LossyFiles, Steps

HASHED = sha256(ORIGIN.encode()).hexdigest()


def at(folder: Path, size: int) -> Cosigner:
    """A cosigner that has signed the tree of `size` entries."""
    made = cosigner(folder)
    assert made.add_checkpoint(body(0, tree(size)), NOW).status == 200
    return made


def latest(cosigner: Cosigner) -> Signed | None:
    answer = cosigner.monitored(HASHED)
    return Signed.parse(answer.body) if answer.status == 200 else None


def test_a_log_that_grows_is_cosigned_each_time(tmp_path: Path) -> None:
    made = cosigner(tmp_path / "state")
    assert made.monitored(HASHED).status == 404
    for old, new in ((0, 1), (1, 5), (5, 256), (256, 600), (600, 600)):
        answer = made.add_checkpoint(body(old, tree(new)), NOW + new)
        assert answer.status == 200
        assert cosigned_time(signed(tree(new)), answer.body) == NOW + new
        kept = latest(cosigner(tmp_path / "state"))
        assert kept is not None
        assert kept.checkpoint == signed(tree(new)).checkpoint
        by = Note.parse(kept.data).verified_by([LOG.verifier, COSIGNER_VERIFIER])
        assert by == (LOG.verifier, COSIGNER_VERIFIER)


def changed(request: bytes, old: bytes, new: bytes) -> bytes:
    assert old in request
    return request.replace(old, new, 1)


def by(*signers: Ed25519Signer, size: int = 9) -> bytes:
    grown = tree(size)
    return Request(5, grown.consistency(5), signed(grown, signers).data).to_bytes()


def with_false_line(request: bytes) -> bytes:
    line = str(Note.sign("other\n", LOG).signatures[0])
    return request + line.encode()


GOOD = body(5, tree(9))
REFUSED = [
    ("nothing", b"", 400),
    ("no old size", changed(GOOD, b"old 5", b"size 5"), 400),
    ("a zero before the size", changed(GOOD, b"old 5", b"old 05"), 400),
    ("a size below zero", changed(GOOD, b"old 5", b"old -5"), 400),
    ("another digit", changed(GOOD, b"old 5", "old ٥".encode()), 400),
    ("a hash that is no base64", changed(GOOD, b"\n", b"\n###\n"), 400),
    ("carriage returns", GOOD.replace(b"\n", b"\r\n"), 400),
    ("64 hashes", b"old 5\n" + b"AAAA\n" * 64 + GOOD[GOOD.index(b"\n\n") + 1 :], 400),
    ("no checkpoint", GOOD[: GOOD.index(b"\n\n") + 2], 400),
    ("no signature", GOOD[: GOOD.index("— ".encode())], 400),
    ("a size larger than the checkpoint's", Request(10, (), signed(tree(9)).data).to_bytes(), 400),
    ("too many bytes", GOOD + b"x" * MAX_REQUEST, 413),
    ("another log", changed(GOOD, ORIGIN.encode(), b"other.example/log"), 404),
    ("another signer", by(STRANGER), 403),
    ("a false signature beside a true one", with_false_line(GOOD), 403),
    ("a changed root", changed(GOOD, b"\n9\n", b"\n8\n"), 403),
    ("a smaller size than cosigned", body(3, tree(9)), 409),
    ("a larger size than cosigned", body(6, tree(9)), 409),
    ("an old checkpoint", body(3, tree(4)), 409),
    ("the first size again", body(0, tree(9)), 409),
    ("no proof", Request(5, (), signed(tree(9)).data).to_bytes(), 422),
    ("a short hash", Request(5, (b"x",), signed(tree(9)).data).to_bytes(), 422),
    ("another proof", Request(5, tree(9).consistency(6), signed(tree(9)).data).to_bytes(), 422),
    ("a fork of the same size", body(5, tree(5, fork=4)), 422),
    ("a fork that grew", body(5, tree(9, fork=4)), 422),
]


@pytest.mark.parametrize(
    ("request_body", "status"), [(r[1], r[2]) for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_each_refusal_has_the_status_of_the_standard(
    tmp_path: Path, request_body: bytes, status: int
) -> None:
    made = at(tmp_path / "state", 5)
    answer = made.add_checkpoint(request_body, NOW)
    assert answer.status == status
    if status == 409:
        assert answer == Answer(409, b"5\n", "text/x.tlog.size")
    kept = latest(made)
    assert kept is not None
    assert kept.checkpoint.size == 5
    assert made.add_checkpoint(GOOD, NOW).status == 200


def test_the_empty_tree_has_one_root_and_needs_no_proof(tmp_path: Path) -> None:
    made = cosigner(tmp_path / "state")
    empty = signed(tree(0))
    false = replace(empty.checkpoint, root=b"x" * 32)
    note = Note.sign(false.text, LOG).to_bytes()
    assert made.add_checkpoint(Request(0, (), note).to_bytes(), NOW).status == 422
    assert made.add_checkpoint(Request(0, (b"x" * 32,), empty.data).to_bytes(), NOW).status == 422
    proved = Request(0, (b"x" * 32,), signed(tree(5)).data)
    assert made.add_checkpoint(proved.to_bytes(), NOW).status == 422
    assert made.add_checkpoint(Request(0, (), empty.data).to_bytes(), NOW).status == 200
    assert made.add_checkpoint(body(0, tree(5)), NOW).status == 200


def test_signatures_of_others_are_passed_over_and_not_kept(tmp_path: Path) -> None:
    made = at(tmp_path / "state", 5)
    assert made.add_checkpoint(by(STRANGER, LOG), NOW).status == 200
    kept = latest(made)
    assert kept is not None
    names = [(line.name, line.key_id) for line in Note.parse(kept.data).signatures]
    verifiers = (LOG.verifier, COSIGNER_VERIFIER)
    assert names == [(verifier.name, verifier.key_id) for verifier in verifiers]


def test_a_hundred_signatures_of_the_log_leave_room_for_the_cosignature(tmp_path: Path) -> None:
    made = at(tmp_path / "state", 5)
    assert made.add_checkpoint(by(*[LOG] * 100), NOW).status == 200


def test_a_log_may_have_two_keys_while_it_changes_them(tmp_path: Path) -> None:
    made = cosigner(tmp_path / "state", logs=(LOG.verifier, STRANGER.verifier))
    assert made.add_checkpoint(body(0, tree(5)), NOW).status == 200
    assert made.add_checkpoint(by(STRANGER), NOW).status == 200


def test_a_cosigners_key_is_not_the_key_of_a_log(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not the key of a log"):
        cosigner(tmp_path, logs=(COSIGNER_VERIFIER,))


def test_logs_are_kept_apart(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    other = Ed25519Signer("other.example/log", key)
    made = cosigner(tmp_path / "state", logs=(LOG.verifier, other.verifier))
    assert made.add_checkpoint(body(0, tree(5)), NOW).status == 200
    checkpoint = replace(signed(tree(3, fork=0)).checkpoint, origin="other.example/log")
    note = Note.sign(checkpoint.text, other).to_bytes()
    assert made.add_checkpoint(Request(0, (), note).to_bytes(), NOW).status == 200
    assert made.add_checkpoint(GOOD, NOW).status == 200


def test_a_cosigner_without_a_clock_signs_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs a time"):
        cosigner(tmp_path / "state").add_checkpoint(body(0, tree(5)), 0)


@pytest.mark.parametrize("damage", [b"", b"\0" * 300, b"nonsense", None])
def test_a_damaged_state_signs_nothing(tmp_path: Path, damage: bytes | None) -> None:
    made = at(tmp_path / "state", 5)
    path = tmp_path / "state" / f"{HASHED}.checkpoint"
    path.write_bytes(signed(tree(2)).data if damage is None else damage)
    for request in (GOOD, body(0, tree(9, fork=0)), body(2, tree(9))):
        with pytest.raises(DamagedError, match="state of the cosigner is damaged"):
            made.add_checkpoint(request, NOW)
    with pytest.raises(DamagedError):
        made.monitored(HASHED)


class Killed(LossyFiles):
    """The process ends before the step `at` (from 1); the disk goes on, and can lose power later."""

    def __init__(self, root: Path, at: int) -> None:
        super().__init__(root)
        self._at = at

    def step(self, act: Callable[[], object], half: Callable[[], object]) -> object:  # type: ignore[override]
        self.steps += 1
        if self.steps == self._at:
            raise Crash
        return act()


def steps_of(folder: Path) -> int:
    at(folder, 5)
    files = Steps()
    assert cosigner(folder, files).add_checkpoint(GOOD, NOW).status == 200
    return files.steps


FORK = tree(9, fork=6)
"""Begins with the five entries that were cosigned, and contradicts the tree of nine."""


def check_one_truth(left: list[Tree], made: Cosigner) -> None:
    """Assert that nothing is cosigned that contradicts what had left; then that a log can go on."""
    for fork in (FORK, tree(9)):
        answers = [made.add_checkpoint(body(old, fork), NOW) for old in (5, 9)]
        left += [fork for answer in answers if answer.status == 200]
    assert left
    assert len({each.root() for each in left if each.size == 9}) == 1


@pytest.mark.parametrize("survives", ["nothing", "part", "zeros"])
def test_a_power_cut_at_any_step_lets_no_fork_through(tmp_path: Path, survives: str) -> None:
    for step in range(1, steps_of(tmp_path / "count") + 1):
        folder = tmp_path / str(step)
        at(folder, 5)
        files = LossyFiles(folder, step)
        with pytest.raises(Crash):
            cosigner(folder, files).add_checkpoint(GOOD, NOW)
        files.crash(survives)
        check_one_truth([], cosigner(folder))
        shutil.rmtree(folder)


@pytest.mark.parametrize("survives", ["nothing", "part", "zeros"])
def test_a_power_cut_after_the_cosignature_left_lets_no_fork_through(
    tmp_path: Path, survives: str
) -> None:
    folder = tmp_path / "state"
    at(folder, 5)
    files = LossyFiles(folder)
    assert cosigner(folder, files).add_checkpoint(GOOD, NOW).status == 200
    files.crash(survives)
    made = cosigner(folder)
    assert made.add_checkpoint(body(5, FORK), NOW).status == 409
    check_one_truth([tree(9)], made)


def test_what_monitors_saw_after_a_kill_is_still_so_after_a_power_cut(tmp_path: Path) -> None:
    """The killed run may have named its file without that being durable; to show it is to sign it."""
    for step in range(1, steps_of(tmp_path / "count") + 1):
        folder = tmp_path / str(step)
        at(folder, 5)
        files = Killed(folder, step)
        with pytest.raises(Crash):
            cosigner(folder, files).add_checkpoint(GOOD, NOW)
        shown = latest(cosigner(folder, files))
        assert shown is not None
        files.crash()
        check_one_truth([tree(9)] if shown.checkpoint.size == 9 else [], cosigner(folder))
        shutil.rmtree(folder)


@pytest.mark.parametrize("effect", ["none", "part", "all"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_write_that_fails_lets_no_cosignature_out_and_no_fork_through(
    tmp_path: Path, effect: str, number: int
) -> None:
    for step in range(1, steps_of(tmp_path / "count") + 1):
        folder = tmp_path / str(step)
        at(folder, 5)
        with pytest.raises(StorageError):
            cosigner(folder, FailingFiles(step, number, effect=effect)).add_checkpoint(GOOD, NOW)
        check_one_truth([], cosigner(folder))
        shutil.rmtree(folder)


def test_of_two_forks_asked_for_at_once_one_is_cosigned(tmp_path: Path) -> None:
    for round_ in range(20):
        folder = tmp_path / str(round_)
        at(folder, 5)
        answers: list[int] = []
        barrier = threading.Barrier(4)

        def ask(
            fork: Tree, made: Cosigner, go: threading.Barrier = barrier, told: list[int] = answers
        ) -> None:
            go.wait()
            told.append(made.add_checkpoint(body(5, fork), NOW).status)

        shared = cosigner(folder)
        forks = (tree(9), FORK, tree(12, fork=7), tree(9, fork=5))
        threads = [
            threading.Thread(target=ask, args=(fork, shared if n % 2 else cosigner(folder)))
            for n, fork in enumerate(forks)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [200, 409, 409, 409]


PIECES = st.one_of(
    st.sampled_from([b"old 5\n", b"old 0\n", b"\n", b"9\n", b"5\n", "— ".encode(), b"x\n"]),
    st.sampled_from([signed(tree(9)).data, signed(tree(5)).data, signed(FORK).data]),
    st.lists(st.binary(min_size=32, max_size=32), max_size=3).map(
        lambda hashes: Request(0, tuple(hashes), b"").to_bytes()[6:-1]
    ),
    st.binary(max_size=40),
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=8).map(b"".join))
def test_no_body_gets_anything_but_an_answer_of_the_standard(
    tmp_path_factory: pytest.TempPathFactory, request_body: bytes
) -> None:
    made = at(tmp_path_factory.mktemp("state") / "state", 5)
    answer = made.add_checkpoint(request_body, NOW)
    assert answer.status in {200, 400, 403, 404, 409, 413, 422}
    if answer.status == 200:  # the same tree once more needs no proof
        request = Request.parse(request_body)
        assert request.old_size == 5
        assert Signed.parse(request.checkpoint).checkpoint.root == tree(5).root()


@settings(deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_a_changed_byte_is_never_cosigned_as_what_it_was_not(
    tmp_path_factory: pytest.TempPathFactory, place: int, change: int
) -> None:
    made = at(tmp_path_factory.mktemp("state") / "state", 5)
    request_body = bytearray(GOOD)
    request_body[place] ^= change
    assert made.add_checkpoint(bytes(request_body), NOW).status in {400, 403, 404, 409, 422}


@given(
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=1, max_size=40), max_size=63).map(tuple),
    st.binary(max_size=200),
)
def test_a_request_reads_as_it_was_written(
    old: int, proof: tuple[bytes, ...], checkpoint: bytes
) -> None:
    request = Request(old, proof, checkpoint)
    assert Request.parse(request.to_bytes()) == request


def test_a_key_is_made_once_for_its_owner_alone_and_keeps_its_name(tmp_path: Path) -> None:
    path = tmp_path / "new" / "cosigner.key"
    key = CosignerKey.open(path, None, "machine.example/cosigner")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    public = path.with_name("cosigner.key.vkey")
    assert Verifier.parse(public.read_text().strip()) == key.verifier
    again = CosignerKey.open(path, None, "other.example/cosigner")
    assert again.verifier == key.verifier
    with pytest.raises(UsageError, match=r"has the name machine\.example/cosigner"):
        CosignerKey.open(path, "other.example/cosigner", "x")
    public.unlink()  # as a crash between the two leaves it
    named = CosignerKey.open(path, "third.example/cosigner", "x")
    assert named.verifier.public_key == key.verifier.public_key
    path.unlink()
    with pytest.raises(UsageError, match="private key is missing"):
        CosignerKey.open(path, None, "x")
    for text in (b"nonsense", b""):
        path.write_bytes(text)
        with pytest.raises(UsageError, match="cannot be used"):
            CosignerKey.open(path, None, "x")
    path.unlink()
    CosignerKey.open(tmp_path / "second.key", None, "x")
    (tmp_path / "second.key").rename(path)
    with pytest.raises(UsageError, match=r"not that of its \.vkey"):
        CosignerKey.open(path, None, "x")
    with pytest.raises(UsageError, match="not a key name"):
        CosignerKey.open(tmp_path / "third.key", "a name", "x")
    assert not (tmp_path / "third.key").exists()
