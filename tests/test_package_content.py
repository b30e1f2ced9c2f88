"""Contents are saved under names that harm nobody, whatever a server or a giver calls them."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import DamagedError
from archive.evidence.proof import InclusionProof
from archive.group import Group
from archive.layout import ArchiveRoot
from archive.package.content import content, named
from archive.package.facts import Exhibit, GroupAt, Logged
from archive.reader import groups
from archive.statement import Capture
from tests.captures import answer, asserted_group, failed_group, store, wire_group

URL = "https://www.example.gov/files/notice"
HARMLESS = re.compile(r"data/files/\d{2,}-[^/\x00-\x1f\x7f\\%]+")
"""What verify.sh, sha256sum and every file system take as it is."""


def exhibits(folder: Path, *made: Group) -> tuple[Exhibit, ...]:
    path = store(ArchiveRoot.create(folder / "a").path, *made)
    proof = InclusionProof(0, (), b"")
    return named([Exhibit(logged=Logged(GroupAt(path, g), proof)) for g in groups(path)])


@pytest.mark.parametrize(
    ("filename", "url", "media", "body", "expected"),
    [
        ("附件1：名单.doc", URL, "application/msword", b"x", "01-附件1：名单.doc"),
        ("../../etc/passwd", URL, "text/plain", b"x", "01-passwd.txt"),
        ("a\0b\n.pdf", URL, "application/pdf", b"x", "01-a_b_.pdf"),
        ("-rf", URL, "text/html", b"x", "01-rf.html"),
        ("100%.pdf", URL, "application/pdf", b"x", "01-100_.pdf"),
        ("a..b.pdf", URL, "application/pdf", b"x", "01-a.b.pdf"),
        ("C:\\Users\\x\\CON", URL, "text/plain", b"x", "01-_CON.txt"),
        (None, URL, "text/html", b"%PDF-1.4", "01-notice.pdf"),
        (None, URL, "text/html; charset=gbk", b"<p>", "01-notice.html"),
        (None, URL, "application/x-unheard-of", b"x", "01-notice"),
        (
            None,
            "https://www.example.gov/%E9%80%9A%E7%9F%A5.html",
            "text/html",
            b"x",
            "01-通知.html",
        ),
        (None, "https://www.example.gov/", "text/html", b"x", "01-www.example.gov.html"),
    ],
)
def test_the_name_is_safe_and_has_the_ending_of_what_it_is(
    tmp_path: Path, filename: str | None, url: str, media: str, body: bytes, expected: str
) -> None:
    (exhibit,) = exhibits(tmp_path, wire_group(url, answer(body, media), filename=filename))
    assert exhibit.file == f"data/files/{expected}"
    assert exhibit.original_name == (filename or "")
    assert b"".join(content(exhibit)) == body


@given(st.text(max_size=300), st.text(max_size=30))
def test_no_name_leads_anywhere_else(filename: str, path: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"https://x.example/{quote(path)}"
        capture = wire_group(url, answer(b"x"), filename=filename or None)
        (exhibit,) = exhibits(Path(folder), capture)
        assert exhibit.file is not None
        assert HARMLESS.fullmatch(exhibit.file), exhibit.file
        assert ".." not in exhibit.file
        assert len(exhibit.file.encode()) < 240


def test_a_file_handed_over_keeps_the_last_part_of_its_name(tmp_path: Path) -> None:
    made = asserted_group("urn:muniment:file:x", b"%PDF", "0123456789abcdef")
    assert isinstance(made.statement, Capture)
    assert made.statement.asserted is not None
    made.statement.asserted["file"] = "附件/名单.pdf"
    (exhibit,) = exhibits(tmp_path, made)
    assert exhibit.file == "data/files/01-名单.pdf"
    assert exhibit.original_name == "附件/名单.pdf"


def test_what_brought_nothing_has_no_file_and_numbers_go_on(tmp_path: Path) -> None:
    cut = answer(b"whole").replace(b"Content-Length: 5", b"Content-Length: 9")
    found = exhibits(
        tmp_path,
        failed_group("https://down.example/", "dns-nxdomain"),
        wire_group("https://cut.example/a", cut, truncated="disconnect"),
        wire_group("https://x.example/a.html", answer(b"gone", status="404 Not Found")),
    )
    assert [exhibit.file for exhibit in found] == [None, None, "data/files/03-a.html"]


def test_bytes_that_differ_from_the_leaf_are_no_content(tmp_path: Path) -> None:
    made = wire_group(URL, answer(b"one"))
    other = wire_group(URL, answer(b"two"))
    assert isinstance(made.statement, Capture)
    assert isinstance(other.statement, Capture)
    false = Group(other.statement, made.records)
    (exhibit,) = exhibits(tmp_path, false)
    with pytest.raises(DamagedError, match="its content is not what its statement says"):
        list(content(exhibit))
