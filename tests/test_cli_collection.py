"""A named set of documents: what people put in and took out, and its list once it is frozen."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import timedelta
from pathlib import Path

import pytest

from archive.layout import ArchiveRoot
from catalog.database import open_catalog
from catalog.ingest import ingest, rebuild, sealed
from tests.captures import TIME, answer, failed_group, store, wire_group
from tests.catalogs import dump, fresh_postgres
from tests.muniment import Told, muniment

PAGE, OTHER = "https://www.example.gov/notice.html", "https://www.example.gov/other.html"
DAY = timedelta(days=1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "a"
    muniment("init", root, "--operator", "Ada")
    store(
        root,
        wire_group(PAGE, answer("<p>名额20人</p>".encode())),
        wire_group(PAGE, answer("<p>名额25人</p>".encode()), time=TIME + DAY),
        wire_group(OTHER, answer(b"<p>other</p>")),
        failed_group("https://down.example.gov/", "dns-nxdomain"),
    )
    assert muniment("rebuild", archive=root).code == 0
    return root


def order(root: Path, *words: object, code: int = 0) -> Told:
    told = muniment("collection", *words, archive=root)
    assert told.code == code, told.err
    return told


def ids(root: Path, url: str) -> list[str]:
    """The captures of a URL, the latest first."""
    return [row["id"] for row in muniment("list", url, "--json", archive=root).rows]


def test_a_document_stands_for_its_latest_version_until_it_is_frozen(root: Path) -> None:
    order(root, "create", "报告", "--title", "The files of the report")
    order(root, "add", "报告", PAGE, ids(root, OTHER)[0])
    order(root, "freeze", "报告")
    late = wire_group(PAGE, answer("<p>名额30人</p>".encode()), time=TIME + 2 * DAY)
    store(root, late, prefix="late")
    muniment("rebuild", archive=root)
    told = order(root, "show", "报告", "--json").rows
    assert {row["id"] for row in told} == {ids(root, PAGE)[1], ids(root, OTHER)[0]}
    assert [row["verdict"] for row in told] == ["passed", "passed"]
    assert [row["since"].partition(" on ")[0] for row in told if row["url"] == PAGE] == [
        "another version"
    ]


def test_the_frozen_list_is_in_the_log_and_nothing_changes_it(root: Path) -> None:
    order(root, "create", "r")
    order(root, "add", "r", PAGE, OTHER)
    frozen = order(root, "freeze", "r", "--json").rows[0]
    manifest = order(root, "export", "r", "--format", "json").raw
    assert hashlib.sha256(manifest).hexdigest() == frozen["manifest"]
    assert b"logged: passed" in muniment("verify", "--collection", "r", archive=root).raw
    for refused in (("add", "r", OTHER), ("remove", "r", PAGE, "--why", "x"), ("freeze", "r")):
        assert "was frozen" in order(root, *refused, code=2).err
    order(root, "create", "r2", "--from", "r")
    order(root, "remove", "r2", ids(root, OTHER)[0], "--why", "not cited")
    assert [row["url"] for row in csv.DictReader(io.StringIO(order(root, "export", "r2").out))] == [
        PAGE
    ]


def test_what_is_not_held_is_told_of_and_the_rest_goes_in(root: Path, tmp_path: Path) -> None:
    listing = tmp_path / "list.csv"
    listing.write_text(
        f"title,url\r\n通知,{PAGE}\r\nlost,https://www.example.gov/lost\r\ndown,https://down.example.gov/\r\n"
    )
    order(root, "create", "r")
    told = order(root, "add", "r", "--from", listing, code=4)
    assert "no capture of https://www.example.gov/lost" in told.err
    assert "holds no version: it is error" in told.err
    assert "1 member added" in told.err


def test_a_file_stands_for_the_version_with_its_bytes(root: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.html"
    saved.write_bytes("<p>名额20人</p>".encode())
    order(root, "create", "r")
    order(root, "add", "r", saved)
    assert [
        row["id"] for row in muniment("list", "--collection", "r", "--json", archive=root).rows
    ] == [ids(root, PAGE)[1]]


def test_names_differ_neither_by_case_nor_by_width(root: Path) -> None:
    order(root, "create", "Report １")
    assert "there is a collection" in order(root, "create", "report 1", code=2).err
    order(root, "add", "REPORT 1", PAGE)
    assert order(root, "list", "--json").rows[0]["members"] == 1


def test_a_changed_member_and_a_changed_list_are_found(root: Path) -> None:
    order(root, "create", "r")
    order(root, "add", "r", PAGE, OTHER)
    order(root, "freeze", "r")
    held = muniment("show", ids(root, OTHER)[0], "--json", archive=root).rows[0]
    with open_catalog(root / "catalog.sqlite").begin() as connection:
        connection.exec_driver_sql(
            "UPDATE capture SET content_sha256 = x'00' WHERE url = ?", (OTHER,)
        )
    told = order(root, "show", "r", code=1).out
    assert f"sha256: the list says {held['sha256']}, the archive 00" in told
    with open_catalog(root / "catalog.sqlite").begin() as connection:
        connection.exec_driver_sql("UPDATE collection SET manifest_sha256 = x'00'")
    assert "differs from its digest" in order(root, "show", "r", code=7).err


def test_an_empty_collection_is_not_frozen_and_an_unknown_one_not_found(root: Path) -> None:
    order(root, "create", "r")
    assert "has no members" in order(root, "freeze", "r", code=2).err
    assert "no collection s" in order(root, "show", "s", code=4).err


def test_collections_are_the_same_after_a_rebuild_in_any_order_on_both_databases(
    root: Path, tmp_path: Path, postgres_server: str
) -> None:
    order(root, "create", "r")
    order(root, "add", "r", PAGE, OTHER)
    order(root, "create", "s", "--from", "r")
    order(
        root,
        "remove",
        "s",
        muniment("show", PAGE, "--json", archive=root).rows[0]["id"],
        "--why",
        "x",
        code=4,
    )
    order(root, "freeze", "r")
    archive = ArchiveRoot.open(root)
    engine = open_catalog(root / "catalog.sqlite")
    before = {name: rows for name, rows in dump(engine).items() if name.startswith("collection")}
    assert all(before.values())
    rebuild(engine, archive)
    assert {name: dump(engine)[name] for name in before} == before
    with fresh_postgres(postgres_server) as there:
        for path in reversed(sealed(archive)):
            ingest(there, [path], archive)
        assert {name: dump(there)[name] for name in before} == before


def test_a_package_of_a_collection_holds_every_member(root: Path, tmp_path: Path) -> None:
    order(root, "create", "r")
    order(root, "add", "r", PAGE, OTHER)
    order(root, "freeze", "r")
    told = muniment("evidence", "--collection", "r", "-o", tmp_path / "p", "--json", archive=root)
    assert sorted(told.rows[0]["exhibits"]) == sorted([ids(root, PAGE)[0], ids(root, OTHER)[0]])
    assert muniment("evidence", "-o", tmp_path / "q", archive=root).code == 2


def test_the_founding_1691_files_are_frozen_and_checked_in_seconds(tmp_path: Path) -> None:
    root = tmp_path / "a"
    muniment("init", root, "--operator", "Ada")
    urls = [f"https://www.example.gov/{number}.html" for number in range(1691)]
    store(root, *(wire_group(url, answer(f"<p>通知 {url}</p>".encode())) for url in urls))
    muniment("rebuild", archive=root)
    listing = tmp_path / "urls.csv"
    listing.write_text("url\n" + "\n".join(urls))
    order(root, "create", "files")
    order(root, "add", "files", "--from", listing)
    order(root, "freeze", "files")
    assert "passed 1691 · failed 0 · not checked 0" in order(root, "show", "files").out
