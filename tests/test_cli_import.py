"""What somebody already holds enters as asserted, byte for byte, and every show of it says so."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from archive.layout import ArchiveRoot
from archive.warc import END, encode_head, response
from cli.verify_foreign import is_archive_file
from tests.captures import TIME, answer
from tests.checks import check_archive
from tests.muniment import Told, muniment
from tests.shared import shared

SAID = ("--obtained-on", "2021-11-30", "--obtained-by", "A. Researcher", "--how", "saved by hand")
PDF = b"%PDF-1.4 given\n"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    muniment("init", tmp_path / "a", "--operator", "Ada")
    return tmp_path / "a"


@pytest.fixture
def given(tmp_path: Path) -> Path:
    folder = tmp_path / "given"
    (folder / "附件").mkdir(parents=True)
    (folder / "附件" / "名单.pdf").write_bytes(PDF)
    (folder / "page.html").write_bytes(b"<p>page</p>")
    return folder


def take(archive: Path, *words: object) -> Told:
    return muniment("import", *words, *SAID, archive=archive)


def test_a_folder_enters_under_its_url_and_its_origin_is_asserted(
    archive: Path, given: Path
) -> None:
    done = take(archive, given, "--url", "https://www.example.gov/docs/")
    assert done.code == 0
    assert "captures  2: content 2\n" in done.out
    rows = muniment("list", "--json", archive=archive).rows
    assert {row["url"] for row in rows} == {
        "https://www.example.gov/docs/page.html",
        "https://www.example.gov/docs/%E9%99%84%E4%BB%B6/%E5%90%8D%E5%8D%95.pdf",
    }
    words = "received from A. Researcher on 2021-11-30; origin asserted, not observed"
    assert {row["origin"] for row in rows} == {words}
    assert {row["fidelity"] for row in rows} == {"asserted"}
    for order in ("list", "show", "verify"):
        assert words in muniment(order, rows[0]["url"], archive=archive).out
    assert words in muniment("verify", given / "page.html", archive=archive).out
    assert muniment("get", rows[0]["url"], archive=archive).raw in {PDF, b"<p>page</p>"}
    check_archive(ArchiveRoot.open(archive))


def test_json_tells_each_capture(archive: Path, given: Path) -> None:
    done = muniment("import", given / "page.html", *SAID, "--json", archive=archive)
    (row,) = done.rows
    assert row["sha256"] == hashlib.sha256(b"<p>page</p>").hexdigest()
    assert row["cause"] == "import"


def test_a_list_gives_urls_and_its_digests_are_compared(archive: Path, given: Path) -> None:
    good = hashlib.sha256(PDF).hexdigest()
    lines = [
        "path,url,sha256",
        f"附件/名单.pdf,https://www.example.gov/a.pdf,{good}",
        f"page.html,https://www.example.gov/p,{'0' * 64}",
        "../outside,https://www.example.gov/x,",
        "nowhere.txt,https://www.example.gov/y,",
    ]
    (given / "list.csv").write_text("\n".join(lines), "utf-8")
    done = take(archive, given, "--list", given / "list.csv")
    assert done.code == 0
    assert "recorded digests  passed as stored 1 · failed 1 · not checked 0\n" in done.out
    assert "not taken         2\n" in done.out
    assert done.err.splitlines() == [
        "not taken: ../outside: unsafe-path",
        "not taken: nowhere.txt: not-found",
    ]


def test_an_archive_of_others_enters_with_a_verdict_on_it(archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "other.warc"
    block = answer(b"hello", "text/plain")
    path.write_bytes(encode_head(response("http://a.example/", TIME, block)) + block + END)
    done = take(archive, path)
    assert done.code == 0
    assert "archive file  other.warc: passed by its own digests\n" in done.out
    assert muniment("get", "http://a.example/", "--as", "block", archive=archive).raw == block


def test_who_gives_and_how_has_to_be_said(archive: Path, given: Path) -> None:
    done = muniment("import", given, archive=archive)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "--obtained-by" in done.err


def test_without_any_date_nothing_is_taken(archive: Path, given: Path) -> None:
    done = muniment("import", given, *SAID[2:], archive=archive)
    assert done.code == 2
    assert "nobody says when" in done.err
    assert muniment("list", archive=archive).out == ""


def test_the_same_rows_come_back_after_a_rebuild(archive: Path, given: Path) -> None:
    take(archive, given)
    before = muniment("list", "--json", archive=archive).out
    (archive / "catalog.sqlite").unlink()
    assert muniment("rebuild", archive=archive).code == 0
    assert muniment("list", "--json", archive=archive).out == before


def test_every_archive_found_in_the_wild_ends_with_a_verdict(archive: Path) -> None:
    folder = shared("data/warcs")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    known = [path for path in files if is_archive_file(path)]
    assert len(known) >= 145
    for path in known:
        (row,) = muniment("verify", path, "--json", archive=archive).rows
        assert row["verdict"] in {"passed", "failed", "not checked"}, path
    done = take(archive, folder)
    assert (done.code, done.err) == (0, "")
    assert muniment("verify", "--all", "--deep", archive=archive).code == 0
