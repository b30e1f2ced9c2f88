"""The folder timestamps/: what waits and what is kept is read off its files, whatever crashed."""

from __future__ import annotations

import errno
import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from archive.durable import OverwriteError
from archive.errors import RecordError, StorageError
from archive.evidence.attempts import Attempt, append_attempt, read_attempts
from archive.evidence.stamp_errors import Reason, TimeStampError
from archive.evidence.stamps import (
    Kept,
    Waiting,
    earliest,
    enqueue,
    folder_of,
    keep,
    pending,
    refused,
    renewal_due,
    stamps,
)
from archive.evidence.timestamp import TEST_WORDS, Authority, openssl_command
from archive.layout import ArchiveRoot
from archive.verdict import Check, Verdict
from tests.authority import DATA, OddAuthority, shell_accepts
from tests.storage import Crash, FailingFiles, LossyFiles

ROOT_HASH = bytes(range(32))
AT = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OddAuthority]:
    with OddAuthority(tmp_path_factory.mktemp("tsa"), name="first") as authority:
        authority.list_revoked()
        yield authority


@pytest.fixture
def root(tmp_path: Path) -> ArchiveRoot:
    return ArchiveRoot.create(tmp_path / "archive")


def crls_of(tsa: OddAuthority) -> list[x509.CertificateRevocationList]:
    assert tsa.crl is not None
    return [x509.load_der_x509_crl(tsa.crl)]


def put(root: ArchiveRoot, *authorities: Authority, size: int = 3) -> list[Waiting]:
    enqueue(root, DATA, size, ROOT_HASH, authorities)
    return pending(root)


def other_of(authority: Authority, name: str) -> Authority:
    return replace(authority, name=name)


def test_a_checkpoint_waits_for_each_authority_until_its_stamp_came(
    root: ArchiveRoot, tsa: OddAuthority
) -> None:
    first, second = tsa.real, other_of(tsa.real, "second")
    one, two = put(root, first, second)
    assert (one.authority, two.authority, one.size) == ("first", "second", 3)
    assert one.due(AT)
    assert one.request() != two.request()
    keep(one, tsa.stamp(one.request()), first, crls=crls_of(tsa))
    assert [waiting.authority for waiting in pending(root)] == ["second"]
    kept = stamps(one.folder, [first, second])
    assert [k.check.verdict for k in kept] == [Verdict.PASSED, Verdict.NOT_CHECKED]
    assert "waits" in kept[1].check.reason
    assert kept[0].stamp is not None
    assert kept[0].stamp.revocation.verdict is Verdict.PASSED


def test_the_order_of_waiting_is_that_of_the_log(root: ArchiveRoot, tsa: OddAuthority) -> None:
    for size in (10, 9, 100):
        put(root, tsa.real, size=size)
    (root.timestamps / "notes").mkdir()
    assert [waiting.size for waiting in pending(root)] == [9, 10, 100]


def test_an_archive_without_stamps_waits_for_none(root: ArchiveRoot) -> None:
    assert pending(root) == []


def test_queueing_again_keeps_the_requests_and_adds_new_authorities(
    root: ArchiveRoot, tsa: OddAuthority
) -> None:
    (before,) = put(root, tsa.real)
    request = before.request()
    after = put(root, tsa.real, other_of(tsa.real, "second"))
    assert [waiting.authority for waiting in after] == ["first", "second"]
    assert after[0].request() == request


def test_another_checkpoint_never_takes_the_place_of_one_that_is_queued(
    root: ArchiveRoot, tsa: OddAuthority
) -> None:
    put(root, tsa.real)
    with pytest.raises(OverwriteError):
        enqueue(root, b"another", 3, ROOT_HASH, [tsa.real])
    assert (folder_of(root, 3, ROOT_HASH) / "checkpoint").read_bytes() == DATA


def test_a_response_that_does_not_hold_is_not_kept(root: ArchiveRoot, tsa: OddAuthority) -> None:
    one, two = put(root, tsa.real, other_of(tsa.real, "second"))
    for response in (b"", tsa.stamp(two.request()), tsa.other_bytes(one.request()).body):
        with pytest.raises(TimeStampError):
            keep(one, response, tsa.real)
    assert len(pending(root)) == 2
    assert not list(one.folder.glob("*.tsr"))
    assert not list(one.folder.glob("*.pem"))


def test_a_stamp_is_never_written_over(root: ArchiveRoot, tsa: OddAuthority) -> None:
    (one,) = put(root, tsa.real)
    response = tsa.stamp(one.request())
    keep(one, response, tsa.real)
    with pytest.raises(OverwriteError):
        keep(one, tsa.stamp(one.request()), tsa.real)
    assert (one.folder / "first.tsr").read_bytes() == response


def test_the_wait_doubles_from_a_minute_to_a_day(root: ArchiveRoot, tsa: OddAuthority) -> None:
    put(root, tsa.real)
    at, waits = AT, []
    for _ in range(14):
        (waiting,) = pending(root)
        refused(waiting, Attempt(at, "timeout", "no whole answer"))
        (waiting,) = pending(root)
        assert waiting.next_try is not None
        waits.append(waiting.next_try - at)
        assert not waiting.due(waiting.next_try - timedelta(seconds=1))
        assert waiting.due(waiting.next_try)
        at = waiting.next_try
    assert waits[:4] == [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]
    assert waits[-1] == waits[-2] == timedelta(days=1)
    assert len(waiting.attempts) == 14
    assert waiting.last_reason == "timeout: no whole answer"


@given(count=st.integers(1, 10**4))
def test_no_number_of_attempts_makes_the_wait_longer_than_a_day(count: int) -> None:
    waiting = Waiting(Path(), 1, "first", (Attempt(AT, "timeout"),) * count)
    assert waiting.next_try is not None
    assert MINUTE <= waiting.next_try - AT <= timedelta(days=1)


def test_swapped_stamps_are_found(root: ArchiveRoot, tsa: OddAuthority) -> None:
    (one,) = put(root, tsa.real)
    enqueue(root, b"later", 4, ROOT_HASH, [tsa.real])
    _, two = pending(root)
    keep(one, tsa.stamp(one.request()), tsa.real)
    keep(two, tsa.stamp(two.request()), tsa.real)
    for end in ("tsr", "tsq"):
        a, b = one.folder / f"first.{end}", two.folder / f"first.{end}"
        a_bytes, b_bytes = a.read_bytes(), b.read_bytes()
        a.write_bytes(b_bytes)
        b.write_bytes(a_bytes)
        for waiting in (one, two):
            (kept,) = stamps(waiting.folder, [tsa.real])
            assert kept.check.verdict is Verdict.FAILED
            assert Reason.WRONG_DIGEST in kept.check.reason
            assert kept.stamp is None


@pytest.mark.parametrize("end", ["tsr", "tsq", "chain.pem", "crl.pem"])
def test_a_damaged_file_fails_and_is_no_traceback(
    root: ArchiveRoot, tsa: OddAuthority, end: str
) -> None:
    (one,) = put(root, tsa.real)
    keep(one, tsa.stamp(one.request()), tsa.real, crls=crls_of(tsa))
    (one.folder / f"first.{end}").write_bytes(b"-----BEGIN CERTIFICATE-----\nnone")
    (kept,) = stamps(one.folder, [tsa.real])
    assert kept.check.verdict is Verdict.FAILED
    assert Reason.UNREADABLE in kept.check.reason


def test_an_authority_that_nobody_configured_is_not_checked(
    root: ArchiveRoot, tsa: OddAuthority
) -> None:
    (one,) = put(root, tsa.real)
    keep(one, tsa.stamp(one.request()), tsa.real)
    (kept,) = stamps(one.folder, [])
    assert kept.check.verdict is Verdict.NOT_CHECKED
    assert "configured" in kept.check.reason


def test_the_earliest_is_never_a_test_authoritys(root: ArchiveRoot, tsa: OddAuthority) -> None:
    trial, real = other_of(tsa.authority, "trial"), tsa.real
    for waiting in put(root, trial, real):
        authority = trial if waiting.authority == "trial" else real
        keep(waiting, tsa.stamp(waiting.request()), authority)
    kept = stamps(folder_of(root, 3, ROOT_HASH), [trial, real])
    by_name = {one.authority: one for one in kept}
    assert by_name["trial"].check == Check("time stamp", Verdict.NOT_CHECKED, TEST_WORDS)
    assert by_name["trial"].stamp is not None
    found = earliest(kept)
    assert found is not None
    assert found.authority == "first"
    assert earliest([by_name["trial"]]) is None
    assert earliest([]) is None


def test_of_several_stamps_the_first_in_time_proves_most(
    root: ArchiveRoot, tsa: OddAuthority
) -> None:
    (one,) = put(root, tsa.real)
    stamp = keep(one, tsa.stamp(one.request()), tsa.real)
    passed = Check("time stamp", Verdict.PASSED)
    later = replace(stamp, time=stamp.time + MINUTE)
    earlier = replace(stamp, time=stamp.time - MINUTE)
    unproved = Kept("x", Check("time stamp", Verdict.NOT_CHECKED, "test"), earlier)
    kept = [Kept("a", passed, later), Kept("b", passed, stamp), unproved]
    assert earliest(kept) == stamp


def test_a_stamp_whose_certificate_ends_soon_is_due_for_renewal(
    root: ArchiveRoot, tsa: OddAuthority
) -> None:
    (one,) = put(root, tsa.real)
    stamp = keep(one, tsa.stamp(one.request()), tsa.real)
    kept = stamps(one.folder, [tsa.real])
    month = timedelta(days=30)
    assert renewal_due(kept, stamp.ends - 31 * timedelta(days=1), month) == []
    assert renewal_due(kept, stamp.ends - month, month) == [stamp]
    assert renewal_due(kept, stamp.ends + month, month) == [stamp]


def test_a_kept_stamp_is_verified_by_openssl_alone(root: ArchiveRoot, tsa: OddAuthority) -> None:
    (one,) = put(root, tsa.real)
    stamp = keep(one, tsa.stamp(one.request()), tsa.real, crls=crls_of(tsa))
    assert shell_accepts(openssl_command("first", stamp), one.folder)
    assert shell_accepts(openssl_command("first", stamp, crl=True), one.folder)
    (one.folder / "checkpoint").write_bytes(DATA + b".")
    assert not shell_accepts(openssl_command("first", stamp), one.folder)


def test_a_damaged_list_of_attempts_is_told(root: ArchiveRoot, tsa: OddAuthority) -> None:
    (one,) = put(root, tsa.real)
    for line in (b"{}\n", b"\0\n", b"[]\n", b'{"at":"now","reason":"","detail":""}\n', b"\n"):
        (one.folder / "first.attempts.jsonl").write_bytes(line)
        with pytest.raises(RecordError) as caught:
            pending(root)
        assert "first.attempts.jsonl" in str(caught.value)
        assert caught.value.advice


@given(torn=st.binary(max_size=40).filter(lambda data: b"\n" not in data))
def test_a_torn_last_line_counts_for_nothing(
    tmp_path_factory: pytest.TempPathFactory, torn: bytes
) -> None:
    path = tmp_path_factory.mktemp("attempts") / "attempts"
    one, two = Attempt(AT, "timeout"), Attempt(AT + MINUTE, "status", "500")
    append_attempt(path, one)
    path.write_bytes(path.read_bytes() + torn)
    assert read_attempts(path) == [one]
    append_attempt(path, two)
    assert read_attempts(path) == [one, two]


def whole_story(root: ArchiveRoot, tsa: OddAuthority, files: LossyFiles | FailingFiles) -> None:
    """Queue, fail once, keep: every write that the folder sees; from wherever it stands."""
    enqueue(root, DATA, 3, ROOT_HASH, [tsa.real], files=files)
    for waiting in pending(root):
        if not waiting.attempts:
            refused(waiting, Attempt(AT, "timeout"), files)
        keep(waiting, tsa.stamp(waiting.request()), tsa.real, crls=crls_of(tsa), files=files)


def check_story(root: ArchiveRoot, tsa: OddAuthority) -> None:
    folder = folder_of(root, 3, ROOT_HASH)
    assert pending(root) == []
    (kept,) = stamps(folder, [tsa.real])
    assert kept.check.verdict is Verdict.PASSED
    assert kept.stamp is not None
    assert kept.stamp.revocation.verdict is Verdict.PASSED
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    ends = ("tsq", "tsr", "chain.pem", "crl.pem", "attempts.jsonl")
    assert names == {"checkpoint", *(f"first.{end}" for end in ends)}
    assert len(read_attempts(folder / "first.attempts.jsonl")) == 1


@pytest.mark.parametrize("survives", ["nothing", "part", "zeros"])
def test_after_a_crash_at_any_step_the_next_look_goes_on(
    tmp_path: Path, tsa: OddAuthority, survives: str
) -> None:
    for at in itertools.count(1):
        root = ArchiveRoot.create(tmp_path / str(at))
        files = LossyFiles(root.path, at)
        done = False
        try:
            whole_story(root, tsa, files)
            done = True
        except Crash:
            pass
        files.crash(survives)
        for waiting in pending(root):
            waiting.request()
        if done:
            check_story(root, tsa)
            break
        again = LossyFiles(root.path)
        whole_story(root, tsa, again)
        again.crash(survives)
        check_story(root, tsa)
    assert at > 25


@pytest.mark.parametrize("effect", ["none", "part", "all"])
def test_a_disk_that_refuses_any_step_is_said_and_the_next_look_goes_on(
    tmp_path: Path, tsa: OddAuthority, effect: str
) -> None:
    for at in itertools.count(1):
        root = ArchiveRoot.create(tmp_path / str(at))
        try:
            whole_story(root, tsa, FailingFiles(at, errno.ENOSPC, effect=effect))
        except StorageError:
            pass
        else:
            check_story(root, tsa)
            break
        whole_story(root, tsa, FailingFiles(0, errno.ENOSPC))
        check_story(root, tsa)
    assert at > 25


def test_requests_that_a_crash_left_for_other_bytes_are_made_anew(
    root: ArchiveRoot, tsa: OddAuthority
) -> None:
    folder = enqueue(root, b"never finished", 3, ROOT_HASH, [tsa.real])
    (folder / "checkpoint").unlink()
    assert pending(root) == []
    (one,) = put(root, tsa.real)
    assert keep(one, tsa.stamp(one.request()), tsa.real).authority == "first"
