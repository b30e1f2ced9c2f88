"""Calendars that keep their promise, lie, hang or answer garbage: noted, and asked again later."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.errors import UsageError
from archive.evidence.calendar_proofs import attempts_of, read_proof, state_of
from archive.evidence.stamps import enqueue, stamp_folders
from archive.evidence.stamps import pending as pending_stamps
from archive.layout import ArchiveRoot
from archive.verdict import Verdict
from crawler.outbound.calendars import LARGEST, MOST_ATTEMPTS, Asked, ask_calendars
from tests.calendar_server import Answer, Calendar, Odd, append, bitcoin, pending

AGENT = "muniment tests"
NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def calendar() -> Iterator[Calendar]:
    with Calendar() as one:
        yield one


@pytest.fixture
def root(tmp_path: Path) -> ArchiveRoot:
    return ArchiveRoot.create(tmp_path / "archive")


@pytest.fixture
def folder(root: ArchiveRoot) -> Path:
    return put(root, 3)


def put(root: ArchiveRoot, size: int) -> Path:
    return enqueue(root, f"checkpoint of {size}".encode(), size, bytes(32), [])


def ask(folder: Path, *calendars: str, at: datetime = NOW, limit: float = 10) -> Asked:
    """Of all checkpoints; the one in `folder` is the newest."""
    folders = stamp_folders(ArchiveRoot(folder.parent.parent))
    return ask_calendars(folders, folder, calendars, lambda: at, agent=AGENT, limit=limit)


def reasons(asked: Asked) -> list[str]:
    return [outcome.attempt.reason if outcome.attempt else "" for outcome in asked.outcomes]


def verdict(folder: Path) -> tuple[Verdict, str]:
    found = state_of(folder)
    assert found is not None
    return found.check.verdict, found.check.reason


def test_a_promise_is_pending_until_it_is_in_a_block_and_passes_with_its_header(
    folder: Path, calendar: Calendar
) -> None:
    assert reasons(ask(folder, calendar.url)) == [""]
    assert calendar.taken == [read_proof(folder).question(calendar.url)]
    assert verdict(folder) == (Verdict.NOT_CHECKED, f"pending at {calendar.url}")
    assert reasons(ask(folder, calendar.url)) == ["status"]
    assert verdict(folder)[1].startswith("pending")
    calendar.confirm(905_000)
    assert reasons(ask(folder, calendar.url, at=NOW + MINUTE)) == [""]
    assert verdict(folder)[0] is Verdict.NOT_CHECKED
    assert "in Bitcoin block 905000" in verdict(folder)[1]
    (folder / "905000.header").write_text(calendar.headers[905_000])
    assert verdict(folder)[0] is Verdict.PASSED
    asked = len(calendar.asked)
    assert ask(folder, calendar.url, at=NOW + DAY).outcomes == []
    assert len(calendar.asked) == asked


def test_each_calendar_is_asked_for_its_own_promise(folder: Path, calendar: Calendar) -> None:
    with Calendar() as other:
        assert reasons(ask(folder, calendar.url, other.url)) == ["", ""]
        other.confirm(7)
        assert reasons(ask(folder, calendar.url, other.url)) == ["status", ""]
        calendar.confirm(8)
        assert reasons(ask(folder, calendar.url, other.url, at=NOW + MINUTE)) == [""]
        assert [claim.height for claim in read_proof(folder).blocks] == [7, 8]
        assert calendar.taken != other.taken


def garbage(path: str, body: bytes) -> Answer:
    return Answer(b"<p>log in here</p>")


def nothing(path: str, body: bytes) -> Answer:
    return Answer(b"")


def endless(path: str, body: bytes) -> Answer:
    return Answer(bytes(LARGEST + 1))


def broken(path: str, body: bytes) -> Answer:
    return Answer(b"sorry", 500)


def moved(path: str, body: bytes) -> Answer:
    return Answer(b"", 302)


def odd_place(path: str, body: bytes) -> Answer:
    return Answer(pending("http://first.example/?q=\x1b[31m"))


ODD: dict[str, tuple[Odd, str]] = {
    "garbage": (garbage, "unreadable"),
    "nothing": (nothing, "unreadable"),
    "endless": (endless, "too-large"),
    "broken": (broken, "status"),
    "moved": (moved, "status"),
    "odd place": (odd_place, "unreadable"),
}


@pytest.mark.parametrize("odd", ODD)
def test_what_a_calendar_does_wrong_is_noted_and_tried_again_later(
    folder: Path, calendar: Calendar, odd: str
) -> None:
    calendar.odd, reason = ODD[odd]
    assert reasons(ask(folder, calendar.url)) == [reason]
    (attempt,) = attempts_of(folder, calendar.url)
    assert (attempt.at, attempt.reason) == (NOW, reason)
    assert attempt.detail
    assert state_of(folder) is None
    assert ask(folder, calendar.url, at=NOW + MINUTE - timedelta(seconds=1)).outcomes == []
    calendar.odd = None
    assert reasons(ask(folder, calendar.url, at=NOW + MINUTE)) == [""]
    calendar.odd = ODD[odd][0]
    assert reasons(ask(folder, calendar.url, at=NOW + 2 * MINUTE)) == [reason]
    assert verdict(folder)[1].startswith("pending")


def test_a_calendar_that_names_a_block_it_is_not_in_fails_by_the_header(
    folder: Path, calendar: Calendar
) -> None:
    calendar.odd = lambda path, body: Answer(bitcoin(5))
    with Calendar() as honest:
        assert reasons(ask(folder, calendar.url, honest.url)) == ["", ""]
        assert verdict(folder)[0] is Verdict.NOT_CHECKED
        honest.confirm(9)
        (folder / "5.header").write_text(honest.headers[9])
        assert verdict(folder)[0] is Verdict.FAILED
        assert reasons(ask(folder, calendar.url, honest.url)) == [""]
        (folder / "9.header").write_text(honest.headers[9])
        assert verdict(folder)[0] is Verdict.PASSED


def test_no_answer_leads_us_to_a_place_that_nobody_configured(
    folder: Path, calendar: Calendar
) -> None:
    with Calendar() as elsewhere:
        calendar.odd = lambda path, body: Answer(pending(elsewhere.url))
        assert reasons(ask(folder, calendar.url)) == [""]
        assert verdict(folder) == (Verdict.NOT_CHECKED, f"pending at {elsewhere.url}")
        assert ask(folder, calendar.url, at=NOW + DAY).outcomes == []
        assert elsewhere.asked == []


def test_only_the_newest_checkpoint_is_sent_and_earlier_promises_are_still_asked_for(
    root: ArchiveRoot, calendar: Calendar
) -> None:
    early, late = put(root, 3), put(root, 4)
    assert reasons(ask(late, calendar.url)) == [""]
    assert state_of(early) is None
    latest = put(root, 5)
    calendar.confirm(6)
    assert reasons(ask(latest, calendar.url)) == ["", ""]
    assert "in Bitcoin block 6" in verdict(late)[1]
    assert "pending" in verdict(latest)[1]
    assert state_of(early) is None


def test_a_calendar_that_hangs_is_left_at_the_limit_once_and_others_are_asked(
    root: ArchiveRoot, calendar: Calendar
) -> None:
    over = threading.Event()

    def hang(path: str, body: bytes) -> Answer:
        over.wait(30)
        return Answer(b"")

    with Calendar() as slow:
        for size in (3, 4):
            assert reasons(ask(put(root, size), slow.url))[0] == ""
        slow.odd = hang
        start = time.monotonic()
        asked = ask(put(root, 5), slow.url, calendar.url, at=NOW + DAY, limit=0.5)
        assert time.monotonic() - start < 5
        over.set()
        assert reasons(asked) == ["timeout", ""]


def test_nobody_there_is_unreachable(folder: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    assert reasons(ask(folder, url)) == ["unreachable"]
    assert len(attempts_of(folder, url)) == 1


def test_answers_without_end_set_the_same_pace_as_none(folder: Path, calendar: Calendar) -> None:
    assert reasons(ask(folder, calendar.url)) == [""]
    calendar.odd = lambda path, body: Answer(pending(calendar.url))
    assert reasons(ask(folder, calendar.url)) == ["unchanged"]
    assert ask(folder, calendar.url).outcomes == []


def test_after_some_weeks_a_calendar_is_asked_no_more(folder: Path, calendar: Calendar) -> None:
    calendar.odd = broken
    asked = sum(len(ask(folder, calendar.url, at=NOW + day * DAY).outcomes) for day in range(70))
    assert asked == MOST_ATTEMPTS
    assert state_of(folder) is None


def test_a_damaged_proof_keeps_no_other_from_being_asked_for(
    root: ArchiveRoot, calendar: Calendar
) -> None:
    early = put(root, 3)
    (early / "checkpoint.ots").write_bytes(b"\0")
    asked = ask(put(root, 4), calendar.url)
    assert reasons(asked) == [""]
    assert len(asked.damaged) == 1
    assert (early / "checkpoint.ots").read_bytes() == b"\0"


def test_what_is_noted_of_a_calendar_is_not_taken_for_an_authority_s(
    folder: Path, calendar: Calendar
) -> None:
    calendar.odd = broken
    ask(folder, calendar.url)
    (path,) = folder.glob("*attempts*")
    assert path.name == f"checkpoint.ots.127-0-0-1-{calendar.url[17:]}.attempts.jsonl"
    assert not list(folder.glob("127.*"))
    assert pending_stamps(ArchiveRoot(folder.parent.parent)) == []


def test_a_proof_cannot_be_made_to_grow_without_end(folder: Path, calendar: Calendar) -> None:
    def grow(path: str, body: bytes) -> Answer:
        return Answer(append(str(len(calendar.asked)).encode() * 800) + pending(calendar.url))

    calendar.odd = grow
    for day in range(60):
        ask(folder, calendar.url, at=NOW + day * DAY)
    assert (folder / "checkpoint.ots").stat().st_size <= 64 * 1024
    assert read_proof(folder).pending


def test_an_address_that_is_none_is_a_mistake_of_the_configuration(folder: Path) -> None:
    with pytest.raises(UsageError):
        ask(folder, "ftp://127.0.0.1")
