"""OpenTimestamps as a person sees it: pending while it is, and nothing else stops without it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from archive.layout import ArchiveRoot
from cli import clock
from tests.authority import OddAuthority
from tests.calendar_server import Answer, Calendar
from tests.captures import answer, store, wire_group
from tests.logs import check_logs
from tests.muniment import Told, configure, muniment

PAGE = "https://www.example.gov/notice.html"
LIBRARY = "OpenTimestamps needs a library that is not installed"


@pytest.fixture
def calendar() -> Iterator[Calendar]:
    with Calendar() as one:
        yield one


@pytest.fixture
def archive(tmp_path: Path, calendar: Calendar) -> Path:
    """With one capture, and a calendar configured."""
    root = tmp_path / "a"
    muniment("init", root, "--operator", "Ada")
    store(root, wire_group(PAGE, answer(b"<p>notice</p>")))
    configure(root, f'[opentimestamps]\ncalendars = ["{calendar.url}/"]\n')
    return root


@pytest.fixture
def without_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the optional library were not installed, and nothing had imported it yet."""
    for name in list(sys.modules):
        if name.startswith("opentimestamps") or name in {
            "archive.evidence.opentimestamps",
            "archive.evidence.calendar_proofs",
            "crawler.outbound.calendars",
        }:
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentimestamps", None)


def log(archive: Path) -> Told:
    done = muniment("log", "checkpoint", "--json", archive=archive)
    assert done.code == 0, done.err
    check_logs(ArchiveRoot.open(archive))
    return done


def said(archive: Path) -> str:
    return str(log(archive).rows[0]["opentimestamps"])


def verify(archive: Path) -> Told:
    return muniment("verify", PAGE, archive=archive)


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    now = clock.now
    monkeypatch.setattr("cli.context.clock.now", lambda: now() + by)


def proof_of(archive: Path) -> Path:
    (path,) = archive.glob("timestamps/*/checkpoint.ots")
    return path


def test_a_checkpoint_is_pending_then_in_a_block_then_passed_by_its_header(
    archive: Path, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(archive) == f"not checked (pending at {calendar.url})"
    assert len(calendar.taken) == 1
    told = verify(archive).out
    assert "time-stamped: not checked (no time-stamp authority is configured)" in told
    assert f"OpenTimestamps: not checked (pending at {calendar.url})" in told
    assert "no outside proof yet" in told

    calendar.confirm(905_000)
    later(monkeypatch, timedelta(hours=6))
    assert (
        said(archive) == "not checked (in Bitcoin block 905000, whose header is needed to check it)"
    )
    shown = muniment("show", PAGE, archive=archive).out
    assert "OpenTimestamps  not checked (in Bitcoin block 905000" in shown
    assert "no outside proof yet" in shown

    (proof_of(archive).parent / "905000.header").write_text(calendar.headers[905_000])
    checked = verify(archive)
    assert checked.code == 0
    assert "time-stamped: passed (2026-11-25T12:00:00" in checked.out
    assert "OpenTimestamps: passed (2026-11-25T12:00:00" in checked.out
    assert "by Bitcoin block 905000, if its hash is " in checked.out
    assert "first outside proof 2026-11-25T12:00:00" in checked.out
    assert said(archive).startswith("passed (")


def test_a_header_that_does_not_fit_fails_the_verification(
    archive: Path, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(archive)
    calendar.confirm(7)
    later(monkeypatch, timedelta(hours=1))
    log(archive)
    (proof_of(archive).parent / "7.header").write_text("00" * 80)
    checked = verify(archive)
    assert checked.code == 1
    assert "OpenTimestamps: failed (header of Bitcoin block 7" in checked.out
    assert "time-stamped: not checked" in checked.out
    assert muniment("verify", PAGE, "--json", archive=archive).rows[0]["checks"] == {
        "record intact": "passed",
        "logged": "passed",
        "time-stamped": "not checked",
        "OpenTimestamps": "failed",
    }


def test_the_stamp_of_an_authority_is_preferred_and_the_calendar_is_told_beside_it(
    archive: Path, calendar: Calendar, tmp_path: Path
) -> None:
    with OddAuthority(tmp_path / "tsa", name="first") as tsa:
        roots = tmp_path / "tsa" / "root.pem"
        configure(
            archive, f'[[authority]]\nname = "first"\nurl = "{tsa.url}/tsr"\nroots = "{roots}"\n'
        )
        log(archive)
    told = verify(archive).out
    assert "by first)" in told
    assert f"OpenTimestamps: not checked (pending at {calendar.url})" in told


def test_a_calendar_that_fails_keeps_nothing_from_being_logged_and_is_asked_again(
    archive: Path, calendar: Calendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar.odd = lambda path, body: Answer(b"garbage")
    assert said(archive) == "not checked (sent to no calendar yet)"
    assert "OpenTimestamps: not checked (sent to no calendar yet)" in verify(archive).out
    calendar.odd = None
    later(monkeypatch, timedelta(minutes=2))
    assert said(archive) == f"not checked (pending at {calendar.url})"


def test_the_log_s_own_maintenance_is_sent_to_no_calendar(
    archive: Path, calendar: Calendar
) -> None:
    for _ in range(3):
        log(archive)
    assert len(calendar.taken) == 1
    assert len(list(archive.glob("timestamps/*/checkpoint"))) == 1


@pytest.mark.usefixtures("without_library")
def test_without_the_library_one_line_says_what_to_install_and_the_rest_goes_on(
    archive: Path, calendar: Calendar, tmp_path: Path
) -> None:
    with OddAuthority(tmp_path / "tsa", name="first") as tsa:
        roots = tmp_path / "tsa" / "root.pem"
        configure(
            archive, f'[[authority]]\nname = "first"\nurl = "{tsa.url}/tsr"\nroots = "{roots}"\n'
        )
        done = log(archive)
    assert done.err.count(LIBRARY) == 1
    assert f"muniment: {LIBRARY}. Install it: pip install 'muniment[ots]'" in done.err
    assert "Traceback" not in done.err
    assert calendar.asked == []
    assert "by first)" in verify(archive).out


def test_without_the_library_a_proof_that_is_there_is_not_checked(
    archive: Path, request: pytest.FixtureRequest
) -> None:
    log(archive)
    request.getfixturevalue("without_library")
    checked = verify(archive)
    assert checked.code == 0
    assert f"OpenTimestamps: not checked ({LIBRARY}; install it: pip install" in checked.out


@pytest.mark.usefixtures("without_library")
def test_who_configures_no_calendar_never_hears_of_the_library(tmp_path: Path) -> None:
    root = tmp_path / "b"
    muniment("init", root, "--operator", "Ada")
    store(root, wire_group(PAGE, answer(b"<p>notice</p>")))
    done = log(root)
    assert "opentimestamps" not in done.out + done.err
    assert "OpenTimestamps" not in verify(root).out


def test_a_damaged_proof_is_told_and_fails(archive: Path) -> None:
    log(archive)
    proof_of(archive).write_bytes(b"\0")
    done = log(archive)
    assert "no OpenTimestamps proof, unreadable" in done.err
    checked = verify(archive)
    assert checked.code == 1
    assert "OpenTimestamps: failed (no OpenTimestamps proof, unreadable" in checked.out


def test_a_calendar_that_is_no_address_is_told_of_and_the_log_goes_on(archive: Path) -> None:
    path = archive / "muniment.toml"
    path.write_text(path.read_text("utf-8").replace("http://127", "ftp://127"), "utf-8")
    assert "not an address of http or https (ftp://127" in log(archive).err
