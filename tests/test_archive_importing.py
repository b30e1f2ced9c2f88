"""What people hold enters byte for byte, as asserted, with what its own digests say beside it."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fastwarc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from archive.asserting import compared, safe_name
from archive.digest import Digests
from archive.errors import UsageError
from archive.fixity import Depth, check_all, expected_in
from archive.group import Group
from archive.importing import ImportOrder, plan_import
from archive.listing import read_list
from archive.reader import groups
from archive.record import read_record
from archive.statement import Capture, Event
from archive.store import WarcWriter
from archive.stored import StoredGroup
from archive.warc import chunks
from crawler.outcome import classify
from tests.foreign_files import CHUNKED, PLAIN, arc, har, members, sha1, wacz, warc_record
from tests.shared import shared

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
THEN = datetime(2021, 11, 30, tzinfo=UTC)
REQUEST = b"GET /1 HTTP/1.1\r\nHost: example.org\r\n\r\n"


def order(**more: Any) -> ImportOrder:
    given: dict[str, Any] = {
        "event": "0123456789abcdef",
        "operator": "A. Archivist",
        "software": "test",
        "clock": lambda: NOW,
        "classify": classify,
        "obtained_on": THEN,
        "obtained_by": "B. Researcher",
        "how": "saved by hand",
    }
    return ImportOrder(**{**given, **more})


class Taken:
    """An import carried out: its file, its groups read back, and what was refused."""

    def __init__(
        self, folder: Path, *paths: Path, listing: Path | None = None, **more: Any
    ) -> None:
        self.refused: dict[str, str] = {}
        warc, spool = folder / "warc", folder / "spool"
        warc.mkdir()
        spool.mkdir()
        with WarcWriter(warc, "import", {"software": "test"}, lambda: NOW) as writer:
            for group in plan_import(
                paths, order(**more), spool, self.refused.__setitem__, listing
            ):
                writer.append(group)
            writer.seal()
            self.file = writer.sealed[0] if writer.sealed else warc
        self.groups = list(groups(self.file)) if self.file.is_file() else []

    @property
    def captures(self) -> list[tuple[Capture, StoredGroup]]:
        return [(g.statement, g) for g in self.groups if isinstance(g.statement, Capture)]

    @property
    def events(self) -> list[Event]:
        return [g.statement for g in self.groups if isinstance(g.statement, Event)]

    def plain(self, group: StoredGroup, number: int) -> bytes:
        """The block of a group's record."""
        record = group.records[number]
        return b"".join(chunks(read_record(self.file, record.offset, record.length).block))

    def sound(self) -> None:
        """Every record's layers are what its statement says."""
        for checked in check_all(self.file.parent, expected_in(self.file), Depth.ALL):
            assert [r for r in checked.results if r.verdict == "failed"] == []


def written(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def said(capture: Capture) -> dict[str, Any]:
    assert capture.asserted is not None
    return capture.asserted


def test_a_file_becomes_a_resource_and_says_who_asserts_what(tmp_path: Path) -> None:
    file = written(tmp_path / "通知.pdf", b"%PDF-1.4 \xff")
    taken = Taken(tmp_path, file, url="http://www.mof.gov.cn/通知.pdf")
    ((capture, group),) = taken.captures
    assert (capture.fidelity, capture.cause, capture.outcome) == ("asserted", "import", "content")
    assert (capture.time, capture.import_) == (THEN, "0123456789abcdef")
    assert said(capture) == {
        "obtained_on": "2021-11-30T00:00:00.000000Z",
        "obtained_by": "B. Researcher",
        "how": "saved by hand",
        "file": "通知.pdf",
    }
    assert taken.plain(group, 1) == file.read_bytes()
    taken.sound()


def test_a_folder_is_taken_whole_but_links_and_pipes_are_not_followed(tmp_path: Path) -> None:
    folder = tmp_path / "held"
    written(folder / "a" / "1.doc", b"one")
    written(folder / "2.doc", b"two")
    secret = written(tmp_path / "secret", b"secret")
    (folder / "link").symlink_to(secret)
    (folder / "gone").symlink_to(tmp_path / "nowhere")
    taken = Taken(tmp_path, folder, url="http://example.org/files/")
    assert [capture.url for capture, _ in taken.captures] == [
        "http://example.org/files/2.doc",
        "http://example.org/files/a/1.doc",
    ]
    assert taken.refused == {"link": "not-a-file", "gone": "not-found"}


def test_without_a_date_from_anybody_nothing_is_taken(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nobody says when"):
        Taken(tmp_path, written(tmp_path / "a.doc", b"x"), obtained_on=None)


def test_a_sound_warc_is_kept_record_by_record_byte_for_byte(tmp_path: Path) -> None:
    about = {"WARC-Concurrent-To": "<urn:uuid:00000000-0000-4000-8000-000000000001>"}
    info = warc_record(b"software: x\r\n", number=9, kind="warcinfo", drop="WARC-Target-URI")
    answer = warc_record(PLAIN, more={"WARC-Payload-Digest": sha1(b"hello")})
    asked = warc_record(REQUEST, number=2, kind="request", more=about)
    chunked = warc_record(CHUNKED, number=3, version="1.1", more={"WARC-Block-Digest": sha1(b"no")})
    data = members(info, asked, answer, chunked)
    taken = Taken(tmp_path, written(tmp_path / "theirs.warc.gz", data))
    (first, one), (second, two) = taken.captures
    assert [record.type for record in one.records] == ["metadata", "request", "response"]
    stored = taken.file.read_bytes()
    kept = [record for group in (one, two) for record in group.records[1:]]
    plain = [gzip.decompress(stored[r.offset : r.offset + r.length]) for r in kept]
    assert plain == [asked, answer, chunked]
    assert (first.method, first.status, first.outcome) == ("GET", 200, "content")
    assert said(first)["digests"]["payload digest"]["verdict"] == "passed"
    assert said(second)["digests"]["block digest"]["verdict"] == "failed"
    assert said(second)["version"] == "WARC/1.1"
    others, validation = taken.events
    assert others.type == "import of other records"
    assert (validation.type, validation.outcome) == ("validation", "failed")
    assert validation.detail["sha256"] == hashlib.sha256(data).hexdigest()
    taken.sound()


@pytest.mark.parametrize(
    ("name", "data", "blocks"),
    [
        ("old.warc", warc_record(PLAIN, version="0.18"), [PLAIN]),
        ("lf.warc", warc_record(PLAIN).replace(b"\r\n", b"\n", 3), [PLAIN]),
        ("lies.warc", warc_record(PLAIN, length=len(PLAIN) - 2), [PLAIN[:-2]]),
        ("cut.warc", warc_record(PLAIN)[:-9], [PLAIN[:-5]]),
        ("a.arc", arc(PLAIN, CHUNKED), [PLAIN, CHUNKED]),
        ("a.har", har(("text/html", b"<p>"), ("image/png", b"\x89PNG")), [b"<p>", b"\x89PNG"]),
    ],
)
def test_what_is_no_sound_warc_keeps_header_and_block_exactly(
    tmp_path: Path, name: str, data: bytes, blocks: list[bytes]
) -> None:
    taken = Taken(tmp_path, written(tmp_path / name, data))
    assert [taken.plain(group, -1) for _, group in taken.captures] == blocks
    for capture, group in taken.captures:
        head = taken.plain(group, 1)
        assert head in data or json.loads(head) in json.loads(data)["log"]["entries"]
        assert said(capture)["file"] == name
    taken.sound()


def test_a_wacz_is_taken_with_all_its_files_and_its_names_do_no_harm(tmp_path: Path) -> None:
    inner = {
        "archive/../../a.warc": warc_record(PLAIN),
        "archive/b.warc.gz": members(warc_record(CHUNKED, number=2)),
    }
    taken = Taken(tmp_path, wacz(tmp_path / "a.wacz", inner))
    assert len(taken.captures) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"a.wacz", "warc", "spool"}
    taken.sound()


def test_damage_costs_no_more_than_what_it_damaged(tmp_path: Path) -> None:
    data = members(warc_record(PLAIN), warc_record(CHUNKED, number=2))[:-20]
    taken = Taken(tmp_path, written(tmp_path / "cut.warc.gz", data))
    (whole, _), (cut, _) = taken.captures
    assert (whole.outcome, cut.outcome) == ("content", "truncated")
    assert "cut short" in str(taken.events[-1].detail["failed"])
    taken.sound()


def test_an_office_document_is_a_file_though_it_is_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    ((capture, group),) = Taken(tmp_path, path).captures
    assert [record.type for record in group.records] == ["metadata", "resource"]
    assert capture.outcome == "content"


def test_a_block_too_long_for_memory_is_kept_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.foreign.MEMORY", 64)
    monkeypatch.setattr("archive.importing.MEMORY", 64)
    data = (
        warc_record(PLAIN)
        + warc_record(REQUEST * 3, number=2, kind="request")
        + warc_record(CHUNKED, number=3)
    )
    file = written(tmp_path / "b.pdf", b"%PDF" * 99)
    taken = Taken(tmp_path, written(tmp_path / "a.warc", data), file)
    assert [taken.plain(group, -1) for _, group in taken.captures] == [PLAIN, CHUNKED, b"%PDF" * 99]
    taken.sound()


def listed(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    return written(folder / "list.csv", text.encode(encoding))


def test_a_list_says_what_each_file_is_and_its_digests_are_compared(tmp_path: Path) -> None:
    written(tmp_path / "a.html", b"<p>\n")
    written(tmp_path / "b.html", b"<p>")
    digest = hashlib.sha256(b"<p>").hexdigest()
    listing = listed(
        tmp_path,
        "File;Source URL;Fetched At;Content-Hash;HTTP Status;Mime;note\n"
        f"a.html;http://e.org/a;2022-02-03T04:05:06;{digest};200;text/html;编号一\n"
        f"b.html;http://e.org/b;;{digest};404;;\n",
        "gb18030",
    )
    taken = Taken(tmp_path, listing=listing)
    (first, _), (second, _) = taken.captures
    assert said(first)["sha256"]["verdict"] == "failed"
    assert said(first)["sha256"]["remark"] == "it would hold with one final newline removed"
    assert said(first)["list"] == {"note": "编号一", "time": "2022-02-03T04:05:06"}
    assert (first.time, first.media_type) == (
        datetime(2022, 2, 3, 4, 5, 6, tzinfo=UTC),
        "text/html",
    )
    assert said(second)["sha256"]["verdict"] == "passed as stored"
    assert (second.time, second.outcome, second.status) == (THEN, "not-found", 404)


def test_a_list_that_leads_out_of_its_folder_is_refused_row_by_row(tmp_path: Path) -> None:
    held = tmp_path / "held"
    written(held / "ok.txt", b"ok")
    secret = written(tmp_path / "secret.txt", b"secret")
    (held / "link.txt").symlink_to(secret)
    rows = [
        "../secret.txt",
        str(secret),
        "C:\\secret.txt",
        "..\\secret.txt",
        "link.txt",
        "a\0b",
        "gone",
        ".",
        "ok.txt",
    ]
    listing = listed(held, "path\n" + "\n".join(rows) + "\n")
    taken = Taken(tmp_path, listing=listing)
    assert len(taken.captures) == 1
    assert Counter(taken.refused.values()) == {"unsafe-path": 6, "not-found": 1, "not-a-file": 1}


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", 'path\n"open\n'])
def test_a_list_that_cannot_be_read_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="list"):
        list(read_list(listed(tmp_path, text)))


@given(st.text())
def test_no_name_leads_anywhere(name: str) -> None:
    safe = safe_name(name)
    assert safe.isprintable()
    assert not safe.startswith("/")
    assert ".." not in re.split(r"[\\/]", safe)


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (hashlib.sha256(b"x").hexdigest(), "passed as stored"),
        (f"SHA-256:{hashlib.sha256(b'x').hexdigest().upper()}", "passed as stored"),
        (sha1(b"x"), "not checked"),
        ("see note", "not checked"),
        ("0" * 64, "failed"),
    ],
)
def test_a_recorded_digest_is_compared_or_said_to_be_none(claim: str, verdict: str) -> None:
    assert compared(claim, Digests.of(b"x"), b"x")["verdict"] == verdict


def recorded_captures(root: Path) -> list[dict[str, str]]:
    """What the publishers of the found captures recorded of each: file, URL, time, status, SHA-256."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted(root.rglob("*provenance*.json")):
        for entry in json.loads(path.read_text()).get("operations_log", []):
            details = entry["details"]
            if "raw_file" in details and "content_hash" in details:
                name = details["raw_file"].rpartition("\\")[2]
                found[name] = {
                    "file": name,
                    "url": details["url"],
                    "time": entry["timestamp"],
                    "sha256": details["content_hash"],
                    "status": str(details["status_code"]),
                }
    return list(found.values())


def test_of_21_found_captures_with_recorded_digests_none_verifies_as_stored(tmp_path: Path) -> None:
    root = shared("data/ministry/DailyForkCast+osint-foresight")
    rows = recorded_captures(root)
    assert len(rows) == 21
    files = {path.name: path for path in root.rglob("*.html")}
    twins = {row["sha256"]: files[row["file"]] for row in rows if row["file"] in files}
    held = tmp_path / "held"
    for row in rows:  # one of them was found under its twin's name only
        written(held / row["file"], twins[row["sha256"]].read_bytes())
    with (held / "list.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    taken = Taken(tmp_path, listing=held / "list.csv")
    assert len(taken.captures) == 21
    verdicts = Counter(said(capture)["sha256"]["verdict"] for capture, _ in taken.captures)
    assert verdicts == {"failed": 21}
    remarks = Counter(said(capture)["sha256"].get("remark") for capture, _ in taken.captures)
    assert remarks == {
        "it would hold with one final newline removed": 6,
        "it would hold with LF made CRLF": 1,
        None: 14,
    }


def test_all_found_archives_are_taken_with_a_verdict_on_each(tmp_path: Path) -> None:
    root = shared("data/warcs")
    paths = [
        path for path in sorted(root.rglob("*")) if path.is_file() and path.name != "manifest.jsonl"
    ]
    assert len(paths) >= 182
    taken = Taken(tmp_path, *paths)
    assert taken.refused == {}
    verdicts = [event for event in taken.events if event.type == "validation"]
    asserted = [said(capture) for capture, _ in taken.captures]
    plain = [capture for capture in asserted if "verdict" not in capture]
    assert len(verdicts) + len(plain) == len(paths)
    taken.sound()
    offsets = [0, *(record.offset for group in taken.groups for record in group.records)]
    with taken.file.open("rb") as file:
        read = fastwarc.ArchiveIterator(file, parse_http=False)
        assert [record.stream_pos for record in read] == offsets
    with taken.file.open("rb") as file:
        reader = ArchiveIterator(file)
        assert [reader.get_record_offset() for _ in reader] == offsets


def test_a_group_holds_its_answer_last(tmp_path: Path) -> None:
    asked = warc_record(
        REQUEST, number=2, kind="request", more={"WARC-Target-URI": "http://example.org/1"}
    )
    path = written(tmp_path / "a.warc", warc_record(PLAIN) + asked)
    found: list[Group] = list(plan_import([path], order(), tmp_path, lambda *_: None))
    assert [record.type for record in found[0].records] == ["request", "response"]
