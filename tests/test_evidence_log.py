"""The log takes every group once, whatever breaks, and never signs two truths."""

from __future__ import annotations

import atexit
import errno
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archive.errors import StorageError, UncheckedError, UsageError
from archive.evidence.audit import audit_entries, audit_log
from archive.evidence.keys import KeyRing
from archive.evidence.log import Head, Signed, all_logs, current_log
from archive.evidence.note import Ed25519Signer, Note, NoteError
from archive.evidence.order import Order, Run
from archive.evidence.sequencer import RefusedError, Sequencer
from archive.layout import ArchiveRoot
from archive.store import WarcWriter
from archive.verdict import Verdict
from tests.captures import TIME, answer, store, wire_group
from tests.checks import check_archive
from tests.groups import capture
from tests.logs import ORIGIN, check_grown, check_logs, commit, logged_archive
from tests.storage import Crash, FailingFiles, LossyFiles, Steps


def fill(root: ArchiveRoot, count: int, prefix: str = "test") -> Path:
    return store(root.path, *(capture(number) for number in range(count)), prefix=prefix)


def audited(root: ArchiveRoot, seen: Signed | None = None) -> dict[str, Verdict]:
    """The verdict of each step of an audit of all logs of an archive."""
    checks = [check for log in all_logs(root) for check in audit_log(log, seen)]
    checks += audit_entries(all_logs(root), root.warc)
    return {check.layer: check.verdict for check in checks}


PASSED = {
    "signed": Verdict.PASSED,
    "head": Verdict.PASSED,
    "consistent": Verdict.PASSED,
    "tiles": Verdict.PASSED,
    "entries": Verdict.PASSED,
    "complete": Verdict.PASSED,
}


@pytest.mark.parametrize("count", [1, 2, 255, 256, 257, 600])
def test_each_group_is_an_entry_in_its_place(tmp_path: Path, count: int) -> None:
    root = logged_archive(tmp_path / "a")
    fill(root, count)
    first = commit(root)
    assert first.checkpoint.size == count
    fill(root, 3, "later")
    second = commit(root)
    check_grown(first, second, root)
    check_logs(root)
    assert audited(root, first) == PASSED


def test_what_is_being_written_is_logged_up_to_its_last_whole_group(tmp_path: Path) -> None:
    root = logged_archive(tmp_path / "a")
    with WarcWriter(root.warc, "live", {}, lambda: TIME) as writer:
        writer.append(capture(1))
        assert commit(root).checkpoint.size == 1
        writer.append(capture(2))
        (path,) = root.warc.glob("*.open")
        with path.open("ab", buffering=0) as file:
            file.write(path.read_bytes()[200:260])
            assert commit(root).checkpoint.size == 2
            file.truncate(path.stat().st_size - 60)
        writer.append(capture(3))
    assert commit(root).checkpoint.size == 3
    check_logs(root)
    check_archive(root)


def test_nothing_new_signs_nothing_new(tmp_path: Path) -> None:
    root = logged_archive(tmp_path / "a")
    fill(root, 2)
    signed = commit(root)
    before = (root.log / "checkpoint").stat().st_mtime_ns
    assert commit(root) == signed
    assert (root.log / "checkpoint").stat().st_mtime_ns == before


def test_an_empty_archive_has_no_checkpoint(tmp_path: Path) -> None:
    root = logged_archive(tmp_path / "a")
    sequencer = Sequencer(root, ORIGIN)
    assert sequencer.append().entries == 0
    assert sequencer.sign(KeyRing(root.keys, ORIGIN).signers()) is None


def test_many_at_once_enter_each_group_once(tmp_path: Path) -> None:
    root = logged_archive(tmp_path / "a")
    for number in range(5):
        fill(root, 40, f"file{number}")
    threads = [threading.Thread(target=commit, args=(root,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check_logs(root)


def test_a_damaged_file_is_told_of_and_keeps_no_other_from_the_log(tmp_path: Path) -> None:
    root = logged_archive(tmp_path / "a")
    damaged = fill(root, 3, "a")
    whole = damaged.read_bytes()
    damaged.chmod(0o644)
    damaged.write_bytes(whole[:-40])
    fill(root, 2, "b")
    appended = Sequencer(root, ORIGIN).append()
    assert [error.where.file for error in appended.damaged if error.where] == [damaged]
    assert appended.entries == 4
    damaged.write_bytes(whole)
    damaged.chmod(0o444)
    commit(root)
    check_logs(root)


class Killed(Steps):
    """The process ends before the step `at` (from 1); what it did until then stays."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._at = at

    def step(self, act: Callable[[], object], half: Callable[[], object]) -> object:  # type: ignore[override]
        self.steps += 1
        if self.steps >= self._at:
            raise Crash
        return act()


@cache
def _template() -> Path:
    root = logged_archive(Path(tempfile.mkdtemp(prefix="muniment-test-")) / "a")
    fill(root, 255, "a")
    commit(root)
    fill(root, 3, "b")
    atexit.register(shutil.rmtree, root.path.parent)
    return root.path


def grown(folder: Path) -> tuple[ArchiveRoot, Signed]:
    """An archive whose log is signed at 255 entries and lacks the three of another file."""
    shutil.copytree(_template(), folder)
    root = ArchiveRoot(folder)
    return root, published(root)


def published(root: ArchiveRoot) -> Signed:
    return Signed.parse((root.log / "checkpoint").read_bytes())


def steps_of(folder: Path) -> int:
    root, _ = grown(folder)
    files = Steps()
    commit(root, files)
    return files.steps


def test_a_kill_between_any_two_writes_never_forks_the_log(tmp_path: Path) -> None:
    steps = steps_of(tmp_path / "count")
    assert steps > 20
    for at in range(1, steps + 1):
        root, before = grown(tmp_path / str(at))
        with pytest.raises(Crash):
            commit(root, Killed(at))
        seen = published(root)
        fill(root, 2, "c")  # what comes next is not what the crashed run was about to enter
        after = commit(root)
        check_grown(before, after, root)
        check_grown(seen, after, root)
        check_logs(root)
        assert audited(root, before) == PASSED
        shutil.rmtree(root.path)


@pytest.mark.parametrize("survives", ["nothing", "part", "zeros"])
def test_a_power_cut_at_any_step_never_forks_the_log(tmp_path: Path, survives: str) -> None:
    for at in range(1, steps_of(tmp_path / "count") + 1):
        root, before = grown(tmp_path / str(at))
        files = LossyFiles(root.path, at)
        with pytest.raises(Crash):
            commit(root, files)
        seen = published(root)
        files.crash(survives)
        for path in root.warc.iterdir():
            path.chmod(0o444)
        fill(root, 2, "c")
        after = commit(root)
        check_grown(before, after, root)
        check_grown(seen, after, root)
        check_logs(root)
        shutil.rmtree(root.path)


@pytest.mark.parametrize("effect", ["none", "part", "all"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_write_that_fails_or_only_seems_to_is_made_good(
    tmp_path: Path, effect: str, number: int
) -> None:
    for at in range(1, steps_of(tmp_path / "count") + 1):
        root, before = grown(tmp_path / str(at))
        with pytest.raises(StorageError):
            commit(root, FailingFiles(at, number, effect=effect))
        seen = published(root)
        fill(root, 2, "c")
        after = commit(root)
        check_grown(before, after, root)
        check_grown(seen, after, root)
        check_logs(root)
        shutil.rmtree(root.path)


def test_tiles_of_a_crashed_run_are_set_aside_and_not_lost(tmp_path: Path) -> None:
    root, _ = grown(tmp_path / "a")
    copy = tmp_path / "copy"
    shutil.copytree(root.path, copy, symlinks=True)
    fill(root, 1, "aa")  # sorts before what the crashed run had entered
    crashed = ArchiveRoot(copy)
    commit(crashed)
    shutil.copytree(crashed.log / "tile", root.log / "tile", dirs_exist_ok=True)
    commit(root)
    check_logs(root)
    assert list(root.quarantine.glob("log_tile_*"))


def rolled_back(root: ArchiveRoot, folder: Path) -> Signed:
    """Put the log back to a copy of before its last checkpoint; returns that checkpoint."""
    shutil.copytree(root.log, folder)
    fill(root, 4, "lost")
    signed = commit(root)
    shutil.rmtree(root.log)
    shutil.copytree(folder, root.log)
    return signed


def refused(root: ArchiveRoot, seen: list[Signed] | None = None) -> str:
    with pytest.raises(RefusedError) as caught:
        commit(root, seen=seen)
    assert "muniment log succeed" in caught.value.advice
    return caught.value.what


def test_a_log_that_is_behind_a_checkpoint_seen_elsewhere_is_not_signed(tmp_path: Path) -> None:
    root, _ = grown(tmp_path / "a")
    lost = rolled_back(root, tmp_path / "copy")
    assert "a checkpoint of 262 entries was signed, and it has 255" in refused(root, [lost])


def test_a_tree_of_the_same_size_with_another_root_is_not_signed(tmp_path: Path) -> None:
    root, before = grown(tmp_path / "a")
    key = Ed25519PrivateKey.generate()
    other = Head(ORIGIN, before.checkpoint.size, b"x" * 32).checkpoint
    seen = Signed.parse(Note.sign(other.text, Ed25519Signer(ORIGIN, key)).to_bytes())
    assert "another tree of 255 entries was signed" in refused(root, [seen])


def test_a_head_that_is_older_than_the_checkpoint_is_not_signed(tmp_path: Path) -> None:
    root, _ = grown(tmp_path / "a")
    head = (root.log / "head").read_bytes()
    order = (root.log / "order").read_bytes()
    commit(root)
    (root.log / "head").write_bytes(head)
    (root.log / "order").write_bytes(order)
    assert "a checkpoint of 258 entries was signed" in refused(root)


def test_a_log_without_its_head_is_not_begun_anew(tmp_path: Path) -> None:
    root, _ = grown(tmp_path / "a")
    (root.log / "head").unlink()
    assert "it has a checkpoint and no head" in refused(root)
    assert audited(root)["head"] is Verdict.FAILED


def test_a_changed_tile_is_not_built_upon(tmp_path: Path) -> None:
    root, _ = grown(tmp_path / "a")
    tile = next((root.log / "tile/0").rglob("255"))
    data = bytearray(tile.read_bytes())
    data[5] ^= 1
    tile.chmod(0o644)
    tile.write_bytes(bytes(data))
    assert "tiles do not lead to its head" in refused(root)
    assert audited(root)["tiles"] is Verdict.FAILED


def test_a_restored_log_waits_for_a_word(tmp_path: Path) -> None:
    root, _ = grown(tmp_path / "a")
    (root.log / "restored").touch()
    assert "restored from a backup" in refused(root)


def test_a_log_of_another_name_is_not_signed(tmp_path: Path) -> None:
    root, _ = grown(tmp_path / "a")
    with pytest.raises(RefusedError, match=r"it is the log of ministry\.example/log"):
        Sequencer(root, "other.example/log").append()


def test_a_changed_statement_is_found_by_the_audit_and_by_its_proof(tmp_path: Path) -> None:
    root = logged_archive(tmp_path / "a")
    group = wire_group("http://a.example/", answer(b"true"))
    path = store(root.path, group)
    commit(root)
    path.chmod(0o644)
    path.unlink()
    other = wire_group("http://a.example/", answer(b"fake"))
    store(root.path, other).rename(path)
    checks = audited(root)
    assert checks["entries"] is Verdict.FAILED
    assert checks["tiles"] is Verdict.PASSED


def test_a_file_that_is_gone_or_never_logged_is_found_by_the_audit(tmp_path: Path) -> None:
    root, _ = grown(tmp_path / "a")
    assert audited(root)["complete"] is Verdict.FAILED
    commit(root)
    next(root.warc.glob("a-*")).unlink()
    assert audited(root)["entries"] is Verdict.FAILED


def test_a_checkpoint_with_a_false_signature_is_found(tmp_path: Path) -> None:
    root, _ = grown(tmp_path / "a")
    note = Note.parse((root.log / "checkpoint").read_bytes())
    stranger = Ed25519Signer(ORIGIN, Ed25519PrivateKey.generate())
    (root.log / "checkpoint").write_bytes(Note.sign(note.text, stranger).to_bytes())
    assert audited(root)["signed"] is Verdict.FAILED
    assert "its checkpoint is damaged" in refused(root)


def test_a_private_key_is_for_its_owner_alone_and_can_be_locked(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "keys", ORIGIN)
    verifier = ring.create(b"secret")
    (path,) = ring.folder.glob("*.key")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ring.verifiers() == (verifier,)
    with pytest.raises(UncheckedError, match="locked"):
        ring.signers()
    with pytest.raises(UsageError, match="wrong passphrase"):
        ring.signers(lambda _: b"guess")
    (signer,) = ring.signers(lambda _: b"secret")
    verifier.verify(b"text", signer.sign(b"text"))


def test_two_keys_sign_while_one_replaces_the_other(tmp_path: Path) -> None:
    root, before = grown(tmp_path / "a")
    ring = KeyRing(root.keys, ORIGIN)
    (old,) = ring.verifiers()
    ring.create()
    both = commit(root)
    assert len(Note.parse(both.data).verified_by(ring.verifiers())) == 2
    ring.forget(old)
    fill(root, 1, "c")
    after = commit(root)
    assert len(Note.parse(after.data).signatures) == 1
    assert old not in Note.parse(after.data).verified_by(ring.verifiers())
    check_grown(before, after, root)
    check_logs(root)


def test_a_key_that_lies_elsewhere_signs_by_a_command(tmp_path: Path) -> None:
    root, _ = grown(tmp_path / "a")
    ring = KeyRing(root.keys, ORIGIN)
    (path,) = ring.folder.glob("*.key")
    outside = tmp_path / "token.pem"
    path.rename(outside)
    sign = (
        "sh",
        "-c",
        f"cat > {tmp_path}/t; openssl pkeyutl -sign -inkey {outside} -rawin -in {tmp_path}/t",
    )
    sequencer = Sequencer(root, ORIGIN)
    sequencer.append()
    signed = sequencer.sign(ring.signers(command=sign))
    assert signed is not None
    current_log(root).verify(signed)
    fill(root, 1, "c")
    sequencer.append()
    with pytest.raises(UncheckedError, match="did not sign"):
        sequencer.sign(ring.signers(command=("echo", "nonsense")))
    with pytest.raises(RefusedError, match="no key to sign with"):
        sequencer.sign(ring.signers())
    assert sequencer.sign(ring.signers(command=sign)) != signed
    check_logs(root)


def test_lines_of_the_order_say_what_they_mean_or_are_refused(tmp_path: Path) -> None:
    order = Order([Run(0, 2, "a", 10, 30), Run(2, 1, "b", 5, 9), Run(3, 4, "a", 30, 70)])
    path = tmp_path / "order"
    path.write_bytes(b"".join(run.line for run in order.runs) + b"7 1 c 0 9\nhalf a li")
    read = Order.read(path, 7)
    assert read.runs == order.runs
    assert (read.at("a", 30), read.at("a", 70), read.at("a", 3)) == (order.runs[2], None, None)
    assert [read.of(index).file for index in range(7)] == list("aabaaaa")
    assert (read.end_of("a"), read.end_of("x")) == (70, 0)
    with pytest.raises(IndexError):
        read.of(7)
    for line in (b"1 1 a 0 1\n", b"0 0 a 0 1\n", b"0 1 ../a 0 1\n", b"0 1 a 1 1\n", b"\xff\n", b""):
        path.write_bytes(line)
        with pytest.raises(Exception, match="order of the log is damaged"):
            Order.read(path, 1)


def test_a_damaged_head_is_told_of(tmp_path: Path) -> None:
    root, _ = grown(tmp_path / "a")
    for data in (b"", b"{}", b'{"origin":"x","size":-1,"root":""}', b"\xff"):
        (root.log / "head").write_bytes(data)
        with pytest.raises(Exception, match="head of the log is damaged"):
            _ = current_log(root).head


def test_a_checkpoint_that_is_no_note_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(NoteError):
        Signed.parse(b"nonsense")
