"""`bibliography` and `publication` on an archive that holds some of what is cited."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path

import pytest

from archive.layout import ArchiveRoot
from catalog.database import open_catalog
from catalog.ingest import ingest, rebuild, sealed
from tests.captures import TIME, answer, failed_group, store, wire_group
from tests.catalogs import dump, fresh_postgres
from tests.muniment import Told, muniment
from tests.small_site import Page, serve

HOST = "https://www.example.gov"
DAY = timedelta(days=1)
SAID = TIME.strftime("%Y-%m-%d")
CHALLENGE = b"<html><head><title>403 Forbidden</title></head><body>Access Denied</body></html>"


def page(text: str) -> bytes:
    return answer(f"<html><title>{text[:8]}</title><p>{text}</p></html>".encode())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Pages for each verdict, as a served copy would leave them."""
    root = tmp_path / "a"
    muniment("init", root, "--operator", "Ada")
    gone = {"outcome": "not-found", "code": "http-404"}
    store(
        root,
        wire_group(f"{HOST}/exact", page("一个一直不变的通知，名额二十五人，请各单位组织推荐")),
        wire_group(f"{HOST}/changed", page("名额二十人，请各单位组织推荐符合条件的人员")),
        wire_group(
            f"{HOST}/changed",
            page("名额二十五人，请各单位组织推荐符合条件的人员"),
            time=TIME + 9 * DAY,
        ),
        wire_group(f"{HOST}/missing", page("后来被删除的通知，请各单位组织推荐符合条件的人员")),
        wire_group(
            f"{HOST}/missing", answer(b"gone", status="404 Not Found"), time=TIME + 9 * DAY, **gone
        ),
        wire_group(f"{HOST}/error", answer(b"gone", status="404 Not Found"), **gone),
        wire_group(
            f"{HOST}/quoted",
            page("根据培训计划，名额二十五人，请各单位组织推荐符合条件的人员参加。"),
        ),
        wire_group(f"{HOST}/second", page("完全不同的另一个通知，关于港口管理的研修班")),
        failed_group("https://down.example.gov/", "dns-nxdomain"),
    )
    muniment("rebuild", archive=root)
    return root


EXPECTED = {
    "exact": "verified exact",
    "near": "near date",
    "later": "archived later than claimed",
    "changed": "changed since",
    "missing": "missing from source",
    "error": "error page archived",
    "down": "error page archived",
    "nothing": "not archived",
    "two": "ambiguous",
    "book": "unreadable",
    "verified": "quote verified",
    "altered": "quote altered",
    "absent": "quote not found",
}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    before, long_ago = ((TIME - n * DAY).strftime("%Y-%m-%d") for n in (3, 400))
    rows = [
        ("exact", f"{HOST}/exact", SAID, ""),
        ("near", f"{HOST}/exact", before, ""),
        ("later", f"{HOST}/exact", long_ago, ""),
        ("changed", f"{HOST}/changed", SAID, ""),
        ("missing", f"{HOST}/missing", SAID, ""),
        ("error", f"{HOST}/error", SAID, ""),
        ("down", "https://down.example.gov/", "", ""),
        ("nothing", f"{HOST}/nothing", SAID, ""),
        ("two", f"{HOST}/exact {HOST}/second", "", ""),
        ("book", "Cambridge University Press", "", ""),
        ("verified", f"{HOST}/quoted", "", "名额二十五人"),
        ("altered", f"{HOST}/quoted", SAID, "名额三十人，请各单位组织推荐符合条件的人员参加"),
        ("absent", f"{HOST}/quoted", SAID, "今天天气很好，适合去公园散步看花"),
    ]
    path = tmp_path / "sources.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("key", "url", "accessed", "quote"), *rows])
    return path


def check(root: Path, *words: object, code: int) -> Told:
    told = muniment("bibliography", "check", *words, archive=root)
    assert told.code == code, told.out + told.err
    return told


def test_the_verdicts_are_those_that_a_person_expects(root: Path, table: Path) -> None:
    found = {row["key"]: row["verdict"] for row in check(root, table, "--json", code=1).rows}
    assert found == EXPECTED
    assert set(EXPECTED.values()) == {
        *("verified exact", "near date", "quote verified", "quote altered", "quote not found"),
        *("archived later than claimed", "error page archived", "changed since"),
        *("missing from source", "not archived", "ambiguous", "unreadable"),
    }


def test_what_ends_in_failure_can_be_said(root: Path, table: Path, tmp_path: Path) -> None:
    good = tmp_path / "good.csv"
    good.write_text(f"key,url,accessed\nexact,{HOST}/exact,{SAID}\n")
    check(root, good, code=0)
    check(root, good, "--fail-on", "verified exact", code=1)
    book = tmp_path / "book.csv"
    book.write_text("key,url\nbook,Cambridge\n")
    check(root, book, code=3)
    check(root, table, "--write", tmp_path / "x.csv", code=2)


def test_reports_are_written(root: Path, table: Path, tmp_path: Path) -> None:
    targets = [tmp_path / f"report.{kind}" for kind in ("html", "csv", "json")]
    check(root, table, *(word for target in targets for word in ("--report", target)), code=1)
    page_, rows, told = (target.read_text("utf-8-sig") for target in targets)
    assert "<script" not in page_
    assert page_.count("<tr>") == len(EXPECTED) + 1
    assert {row["key"]: row["verdict"] for row in csv.DictReader(rows.splitlines())} == EXPECTED
    assert {row["key"]: row["verdict"] for row in json.loads(told)} == EXPECTED


def test_a_bibliography_is_given_back_with_its_copies(root: Path, tmp_path: Path) -> None:
    bib = tmp_path / "a.bib"
    bib.write_text(f"@online{{a,\n  url = {{{HOST}/exact}}\n}}\n")
    check(root, bib, "--write", tmp_path / "b.bib", code=0)
    written = (tmp_path / "b.bib").read_text()
    capture = muniment("list", f"{HOST}/exact", "--json", archive=root).rows[0]
    assert capture["id"] in written
    assert capture["sha256"] in written


def test_what_is_missing_is_captured_in_one_crawl(root: Path, tmp_path: Path) -> None:
    with serve({"/a": Page("<p>通知</p>".encode()), "/b": Page(b"no", 404)}) as site:
        notes = tmp_path / "notes.md"
        notes.write_text(f"{site.url}/a\n{site.url}/b\n")
        found = check(root, notes, "--capture", "--json", code=1).rows
    assert [row["verdict"] for row in found] == ["near date", "error page archived"]
    assert len(muniment("crawls", "--json", archive=root).rows) == 1


def test_a_publication_says_what_no_longer_holds(root: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.csv"
    notes.write_text(f"key,url,accessed\na,{HOST}/exact,{SAID}\n")
    check(root, notes, "--publication", "报告", code=0)
    assert "verified exact  1" in muniment("publication", "show", "报告", archive=root).out
    gone = wire_group(
        f"{HOST}/exact",
        answer(b"", status="410 Gone"),
        time=TIME + 30 * DAY,
        outcome="not-found",
        code="http-410",
    )
    store(root, gone, prefix="late")
    muniment("rebuild", archive=root)
    told = muniment("publication", "show", "报告", archive=root)
    assert "missing from source (was verified exact)" in told.out
    [listed] = muniment("publication", "list", "--json", archive=root).rows
    assert (listed["name"], listed["entries"]) == ("报告", 1)
    exported = json.loads(muniment("publication", "export", "报告", archive=root).out)
    assert exported["citations"][0]["entry"]["urls"] == [f"{HOST}/exact"]
    assert muniment("publication", "show", "nothing", archive=root).code == 4


def test_publications_are_the_same_after_a_rebuild_on_both_databases(
    root: Path, table: Path, tmp_path: Path, postgres_server: str
) -> None:
    check(root, table, "--publication", "r", code=1)
    check(root, table, "--publication", "R", code=1)
    archive = ArchiveRoot.open(root)
    engine = open_catalog(root / "catalog.sqlite")
    before = {name: dump(engine)[name] for name in ("publication", "citation")}
    assert [len(rows) for rows in before.values()] == [1, len(EXPECTED)]
    rebuild(engine, archive)
    assert {name: dump(engine)[name] for name in before} == before
    with fresh_postgres(postgres_server) as there:
        for path in reversed(sealed(archive)):
            ingest(there, [path], archive)
        assert {name: dump(there)[name] for name in before} == before


def test_sixteen_hundred_entries_take_seconds(root: Path, tmp_path: Path) -> None:
    rows = "".join(
        f"k{n},{HOST}/{'exact' if n % 2 else f'absent{n}'},{SAID}\n" for n in range(1691)
    )
    notes = tmp_path / "notes.csv"
    notes.write_text(f"key,url,accessed\n{rows}")
    found = check(root, notes, "--json", code=1).rows
    assert len(found) == 1691
