"""Looking an archive over, putting it in order, making its catalog again."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from archive.layout import ArchiveRoot
from archive.reader import groups
from archive.store import WarcWriter
from catalog.database import open_catalog
from cli import health
from cli.exits import Exit
from tests.captures import TIME, answer, store, wire_group
from tests.logs import check_logs
from tests.muniment import Told, muniment

PAGE = "https://www.example.gov/notice.html"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made") / "a"
    muniment("init", root, "--operator", "Ada")
    store(root, wire_group(PAGE, answer(b"one")), wire_group(PAGE + "?2", answer(b"two")))
    muniment("rebuild", archive=root)
    return root


@pytest.fixture
def archive(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "a")


def answers(archive: Path) -> dict[str, str]:
    return {row["check"]: row["verdict"] for row in doctor(archive, "--json").rows}


def doctor(archive: Path, *words: str) -> Told:
    return muniment("doctor", *words, archive=archive)


def crash(archive: Path, garbage: bytes = b"\x1f\x8b half a member") -> Path:
    """A writer that dies after a whole group and a part of one; returns its open file."""
    writer = WarcWriter(archive / "warc", "crashed", {"software": "test"}, lambda: TIME)
    writer.append(wire_group(PAGE + "?3", answer(b"three")))
    (path,) = (archive / "warc").glob("crashed-*.open")
    copy = path.with_name(f"copy-{path.name}")
    copy.write_bytes(path.read_bytes() + garbage)
    writer.close()
    (archive / "warc" / path.name.removesuffix(".open")).unlink()
    return copy


def test_a_sound_archive_passes_and_claims_nothing_of_outside_clocks(archive: Path) -> None:
    done = doctor(archive)
    assert (done.code, done.err) == (0, "")
    assert answers(archive) == {
        **dict.fromkeys(("folders", "sources", "crawls", "open files", "sealed files"), "passed"),
        **dict.fromkeys(("quarantine", "catalog", "free space", "clock"), "passed"),
        **dict.fromkeys(("log", "published checkpoints", "time stamps"), "not checked"),
        "renewals": "passed",
        "outside clock": "not checked",
    }


def test_doctor_changes_nothing(archive: Path) -> None:
    crash(archive)
    before = {path: path.stat().st_mtime_ns for path in archive.glob("warc/*")}
    doctor(archive)
    assert {path: path.stat().st_mtime_ns for path in archive.glob("warc/*")} == before


def test_a_missing_and_a_shortened_file_are_damage(archive: Path) -> None:
    (path,) = (archive / "warc").glob("test-*")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1])
    path.chmod(0o444)
    short = doctor(archive)
    assert short.code == 7
    assert f"1 file of another length than when sealed, {path.name} among them" in short.out
    path.unlink()
    gone = doctor(archive)
    assert gone.code == 7
    assert f"1 file missing, {path.name} among them" in gone.out
    assert "catalog: bring them back from a copy" in gone.err


@pytest.mark.parametrize(
    ("check", "advice"),
    [
        ("sources", "mend it: `muniment source edit bad`"),
        ("sealed files", "`chmod a-w` them"),
        ("open files", "so does `muniment rebuild`"),
        ("catalog", "`muniment rebuild`"),
    ],
)
def test_what_needs_care_is_told_with_advice(archive: Path, check: str, advice: str) -> None:
    if check == "sources":
        (archive / "sources" / "bad.toml").write_text("seeds = 3")
    elif check == "sealed files":
        next((archive / "warc").glob("test-*")).chmod(0o644)
    elif check == "open files":
        crash(archive)
    else:
        store(archive, wire_group(PAGE, answer(b"more")), prefix="more")
    done = doctor(archive)
    assert done.code == 1
    assert advice in done.err
    assert [name for name, verdict in answers(archive).items() if verdict == "failed"] == [check]


def test_a_clock_set_back_is_found(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.clock.now", lambda: TIME - timedelta(days=1))
    assert answers(archive)["clock"] == "failed"


def test_little_space_is_told(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LITTLE_SPACE", 1 << 80)
    assert answers(archive)["free space"] == "failed"


def test_a_catalog_that_cannot_be_opened_is_a_finding(archive: Path) -> None:
    for path in archive.glob("catalog.sqlite*"):
        path.unlink()
    (archive / "catalog.sqlite").mkdir()
    done = doctor(archive)
    assert done.code == 1
    assert "cannot open the catalog" in done.out


def test_what_a_crash_left_is_saved_and_recorded_before_the_next_writing(archive: Path) -> None:
    crash(archive, b"garbage")
    done = muniment("rebuild", archive=archive)
    assert done.code == 0
    assert "ended within a write; 1 whole group kept, 7 B set aside in" in done.err
    rows = muniment("list", PAGE + "?3", "--json", archive=archive).rows
    assert len(rows) == 1
    events = [group for path in (archive / "warc").glob("events-*") for group in groups(path)]
    (event,) = [group.raw for group in events if group.raw["type"] == "recovery"]
    assert event["detail"]["cut_bytes"] == 7
    assert doctor(archive).code == 0
    assert answers(archive)["quarantine"] == "passed"


def test_what_a_crash_left_is_logged_before_a_rebuild_reads_a_text(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash(archive, b"garbage")
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    done = muniment("rebuild", archive=archive)
    assert done.code == Exit.UNCHECKED
    assert "no process can be started to read files" in done.err
    check_logs(ArchiveRoot(archive))


def test_a_crawl_that_never_began_leaves_no_folder(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = archive / "crawls" / "0123456789abcdef"
    folder.mkdir()
    (folder / ".order.json.1.part").write_bytes(b"{")
    muniment("rebuild", archive=archive)
    assert folder.exists(), "another process may be at its first step"
    later = datetime.now(UTC) + timedelta(minutes=1)
    monkeypatch.setattr("cli.clock.now", lambda: later)
    muniment("rebuild", archive=archive)
    assert not folder.exists()


def test_rebuild_makes_the_same_rows(archive: Path) -> None:
    before = muniment("list", "--json", archive=archive).out
    for path in archive.glob("catalog.sqlite*"):
        path.unlink()
    done = muniment("rebuild", "--json", archive=archive)
    assert done.code == 0
    assert done.rows[0]["groups"] == 2
    assert muniment("list", "--json", archive=archive).out == before


def test_rebuild_tells_of_a_damaged_file_and_keeps_the_sound_ones(archive: Path) -> None:
    path = store(archive, wire_group(PAGE + "?4", answer(b"four")), prefix="bad")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-100])
    path.chmod(0o444)
    done = muniment("rebuild", archive=archive)
    assert done.code == 7
    assert done.err.count(path.name) == 1, "each file is read once"
    assert "in the catalog: 1 of 2 files, 2 groups" in done.err
    assert len(muniment("list", "--json", archive=archive).rows) == 2
    assert muniment("verify", "--all", archive=archive).code == 1


def test_a_catalog_of_a_newer_program_is_refused_in_one_line(archive: Path) -> None:
    engine = open_catalog(archive / "catalog.sqlite")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    done = muniment("list", archive=archive)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "made by a newer Muniment" in done.err
