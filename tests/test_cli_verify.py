"""Verdicts: never bare, three answers, and damage told with its place and both digests."""

from __future__ import annotations

import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from archive.digest import Digests
from archive.ident import ident
from archive.reader import groups
from archive.statement import Event
from archive.warc import END, encode_head, response
from tests.captures import TIME, answer, asserted_group, failed_group, store, wire_group
from tests.muniment import Told, muniment

PAGE = "https://www.example.gov/notice.html"
FILE = "https://www.example.gov/files/1.doc"
GIVEN = "https://www.example.gov/given.pdf"
CUT = "https://www.example.gov/cut.html"
TEXT = "<p>第一条</p>".encode()
DOC = random.Random(2).randbytes(9000)
PDF = b"%PDF-1.4 given"
REST = "logged: not checked (not in the log yet) · time-stamped: not checked (not in the log)"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made") / "a"
    muniment("init", root, "--operator", "Ada")
    store(
        root,
        wire_group(PAGE, answer(TEXT)),
        wire_group(FILE, answer(DOC, "application/msword")),
        asserted_group(GIVEN, PDF, ident("event")),
        wire_group(CUT, answer(TEXT)[:-1], outcome="truncated", truncated="disconnect"),
        failed_group("https://down.example.gov/", "dns-nxdomain"),
    )
    muniment("rebuild", archive=root)
    return root


@pytest.fixture
def archive(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "a")


def id_of(archive: Path, url: str) -> str:
    return str(muniment("list", url, "--json", archive=archive).rows[0]["id"])


def flip(archive: Path, start: bytes) -> tuple[Path, int]:
    """Flip one bit of a stored record; returns the file, and the offset of that record."""
    (path,) = (archive / "warc").glob("test-*")
    data = bytearray(path.read_bytes())
    place = data.index(start)
    data[place] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    path.chmod(0o444)
    offsets = [record.offset for group in groups(path) for record in group.records]
    return path, max(offset for offset in offsets if offset < place)


def saved(tmp_path: Path, data: bytes, name: str = "saved copy.pdf") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def test_a_file_from_anywhere_is_found_by_its_bytes(archive: Path, tmp_path: Path) -> None:
    path = saved(tmp_path, DOC)
    done = muniment("verify", path, archive=archive)
    equal = f"bytes equal capture {id_of(archive, FILE)} (content): passed"
    assert done.out.splitlines() == [
        f"{path}: {equal} · record intact: passed · {REST}",
        f"  {FILE}",
        "  recorded at 2026-11-23 08:00:00Z by our clock (offset not measured), no outside proof yet",
    ]
    assert (done.code, done.err) == (0, "")


def test_one_changed_byte_and_no_capture_holds_it(archive: Path, tmp_path: Path) -> None:
    path = saved(tmp_path, DOC[:-1] + b"!")
    done = muniment("verify", path, archive=archive)
    assert (done.code, done.out) == (1, f"{path}: no capture holds these bytes: failed\n")
    told = muniment("verify", path, "--json", archive=archive)
    assert "passed" not in told.out
    assert told.rows[0]["sha256"] == Digests.of(path.read_bytes()).sha256.hex()


def test_an_answer_without_a_payload_equals_no_file(archive: Path, tmp_path: Path) -> None:
    for data in (TEXT, TEXT[:-1], b""):
        told = muniment("verify", saved(tmp_path, data), "--json", archive=archive).rows
        assert {row.get("url") for row in told} <= {PAGE, None}


def test_the_layer_that_matched_is_named(archive: Path, tmp_path: Path) -> None:
    done = muniment("verify", saved(tmp_path, answer(TEXT)), archive=archive)
    assert done.code == 0
    assert "(block): passed" in done.out


def test_json_has_a_verdict_for_each_promise(archive: Path, tmp_path: Path) -> None:
    (row,) = muniment("verify", saved(tmp_path, TEXT), "--json", archive=archive).rows
    assert row["url"] == PAGE
    assert row["verdict"] == "passed"
    assert row["checks"] == {
        "bytes": "passed",
        "record intact": "passed",
        "logged": "not checked",
        "time-stamped": "not checked",
    }


def test_what_was_handed_over_passes_as_what_it_is(archive: Path, tmp_path: Path) -> None:
    done = muniment("verify", saved(tmp_path, PDF), archive=archive)
    assert done.code == 0
    assert "received from somebody who is not named" in done.out
    assert "origin asserted, not observed" in done.out


def test_captures_are_verified_by_id_and_by_url(archive: Path) -> None:
    by_id = muniment("verify", id_of(archive, PAGE)[:7], archive=archive)
    by_url = muniment("verify", PAGE, archive=archive)
    assert by_id.code == 0
    assert by_id.out == by_url.out
    assert by_id.out.startswith(f"capture {id_of(archive, PAGE)}: record intact: passed · {REST}\n")


@pytest.mark.parametrize("option", ["--stored", "--deep", "--every-layer"])
def test_a_flipped_bit_is_told_with_file_offset_and_both_digests(
    archive: Path, option: str
) -> None:
    (path,) = (archive / "warc").glob("test-*")
    (record,) = [g.records[-1] for g in groups(path) if g.raw.get("url") == FILE]
    assert muniment("verify", "--all", option, archive=archive).code == 0
    flip(archive, DOC[:64])
    done = muniment("verify", "--all", option, archive=archive)
    assert done.code == 1
    first = done.out.splitlines()[0]
    assert first.startswith(
        f"{path.name} at byte {record.offset}: stored bytes of {record.id}: failed: "
    )
    assert f"expected sha256:{record.stored.sha256.hex()}, found sha256:" in first
    assert f"expected blake3:{record.stored.blake3.hex()}, found blake3:" in done.out
    assert done.out.splitlines()[-1].endswith(": failed · 1 failure")


def test_a_file_whose_stored_record_was_damaged_does_not_pass(
    archive: Path, tmp_path: Path
) -> None:
    path, offset = flip(archive, DOC[:64])
    done = muniment("verify", saved(tmp_path, DOC), archive=archive)
    assert done.code == 1
    assert "(content): failed" in done.out
    assert "record intact: failed" in done.out
    assert f"{path.name} at byte {offset}: stored bytes of " in done.out


def test_a_missing_file_is_told_and_not_passed_over(archive: Path, tmp_path: Path) -> None:
    (path,) = (archive / "warc").glob("test-*")
    path.unlink()
    for words in (["--all"], [PAGE], [saved(tmp_path, DOC)]):
        done = muniment("verify", *words, archive=archive)
        assert done.code == 1, words
        assert "missing" in done.out


def events(archive: Path, kind: str) -> list[Event]:
    """The events of one type."""
    statements = [
        group.statement
        for path in sorted((archive / "warc").glob("events-*"))
        for group in groups(path)
    ]
    return [each for each in statements if isinstance(each, Event) and each.type == kind]


def test_every_check_of_files_is_an_event(archive: Path) -> None:
    muniment("verify", "--all", "--operator", "Eve", archive=archive)
    (event,) = events(archive, "fixity check")
    assert (event.operator, event.outcome) == ("Eve", "passed")
    assert event.detail["depth"] == "stored"
    assert [name[:5] for name in event.objects] == ["test-"]


def test_every_layer_is_recomputed_where_that_is_asked_for(archive: Path) -> None:
    with sqlite3.connect(archive / "catalog.sqlite") as catalog:
        update = "UPDATE capture SET content_blake3 = zeroblob(32) WHERE url = ?"
        assert catalog.execute(update, (FILE,)).rowcount == 1
    assert muniment("verify", "--all", "--deep", archive=archive).code == 0
    done = muniment("verify", "--all", "--every-layer", "--json", archive=archive)
    *failures, summary = done.rows
    assert [(row["layer"], row["expected"]) for row in failures] == [
        ("content", "blake3:" + 64 * "0")
    ]
    assert (done.code, summary["depth"]) == (1, "every layer")


def test_due_takes_what_was_not_checked_lately(archive: Path) -> None:
    def files() -> int:
        *_, summary = muniment("verify", "--due", "--json", archive=archive).rows
        return len(summary["files"])

    assert files() == 1
    assert files() == 2, "the event of the first check, and the seal of what it checked"
    muniment("verify", "--all", archive=archive)
    assert files() == 1


def test_nothing_to_check_is_not_checked(tmp_path: Path) -> None:
    muniment("init", tmp_path / "a")
    done = muniment("verify", "--all", archive=tmp_path / "a")
    assert (done.code, done.out) == (
        3,
        "0 records in 0 files, 0 B · intact (stored): not checked\n",
    )


@pytest.mark.parametrize("words", [[], ["--all", "--due"], ["x", "--all"]])
def test_verify_needs_one_thing_to_do(archive: Path, words: list[str]) -> None:
    assert muniment("verify", *words, archive=archive).code == 2


def test_a_file_that_is_not_there_is_not_found(archive: Path) -> None:
    done = muniment("verify", "no/such.pdf", archive=archive)
    assert (done.code, done.err.count("\n")) == (4, 1)


def foreign(path: Path, block: bytes) -> Path:
    """A WARC file without compression, as some programs write it."""
    record = response("http://a.example/", TIME, block)
    path.write_bytes(encode_head(record) + block + END)
    return path


def verify_foreign(archive: Path, path: Path) -> Told:
    return muniment("verify", path, archive=archive)


def test_an_archive_file_of_others_is_judged_by_its_own_digests(
    archive: Path, tmp_path: Path
) -> None:
    path = foreign(tmp_path / "other.warc", answer(b"hello"))
    good = verify_foreign(archive, path)
    assert good.code == 0
    assert good.out.startswith(f"{path}: what it states of its own records: passed (WARC/1.1, 1 r")
    assert "  block digest: passed (1 record)\n" in good.out
    path.write_bytes(path.read_bytes().replace(b"hello", b"jello"))
    bad = verify_foreign(archive, path)
    assert bad.code == 1
    assert "  block digest: failed (1 record)\n" in bad.out
    assert "other.warc at byte 0: block digest of response urn:uuid:" in bad.out
    assert "expected sha256:" in bad.out
    (row,) = muniment("verify", path, "--json", archive=archive).rows
    assert (row["verdict"], row["checks"]["block digest"]) == ("failed", "failed")


def test_a_file_that_only_calls_itself_an_archive_is_not_checked(
    archive: Path, tmp_path: Path
) -> None:
    done = verify_foreign(archive, saved(tmp_path, b"no archive at all\n", "x.warc"))
    assert done.code == 3
    assert "not checked" in done.out
