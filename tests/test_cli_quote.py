"""Quotations checked against what is held: kept, repeatable, and never vaguer than the words."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
import typst

from archive.layout import ArchiveRoot
from archive.reader import groups, read_record
from archive.warc import chunks
from catalog.database import open_catalog
from catalog.excerpts.png import read_png
from catalog.ingest import ingest, rebuild, sealed
from cli.quote_confirm import IMAGE
from tests.captures import answer, failed_group, store, wire_group
from tests.catalogs import dump, fresh_postgres
from tests.checks import check_archive
from tests.muniment import Told, muniment

PAGE, PDF, SCAN = (
    f"https://www.example.gov/{name}" for name in ("notice.html", "annex.pdf", "scan.pdf")
)
MUNIMENT = str(Path(sys.executable).with_name("muniment"))
NOTICE = "<html><title>关于研修班的通知</title><p>商务部关于举办研修班的通知</p><p>名额２５人，请各单位组织推荐。</p></html>"


def a_pdf(*pages: str) -> bytes:
    source = '#set page(width: 400pt, height: 300pt)\n#set text(font: "Droid Sans Fallback", cjk-latin-spacing: none)\n'
    return typst.compile((source + "\n#pagebreak()\n".join(pages)).encode())


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("quotes") / "a"
    muniment("init", root, "--operator", "Ada")
    store(
        root,
        wire_group(PAGE, answer(NOTICE.encode())),
        wire_group(PDF, answer(a_pdf("第一页", "研修班名额\\ 二十五人"), "application/pdf")),
        wire_group(SCAN, answer(a_pdf("#rect(width: 90pt)"), "application/pdf")),
        failed_group("https://down.example.gov/", "dns-nxdomain"),
    )
    assert muniment("rebuild", archive=root).code == 0
    return root


def quote(root: Path, text: str, *words: object, code: int) -> Told:
    told = muniment("quote", text, *words, archive=root)
    assert told.code == code, told.out + told.err
    return told


def test_a_quotation_is_verified_with_its_file_and_its_place(root: Path) -> None:
    told = quote(root, "“名额25人”", code=0).out
    assert "verdict  verified\n" in told
    assert PAGE in told
    assert "【名额２５人】" in told
    assert "paragraph 2" in told


def test_a_quotation_over_a_line_end_of_a_pdf_has_page_and_box(root: Path) -> None:
    [row] = quote(root, "名额二十五人", "--in", PDF, "--json", code=0).rows
    assert [at["page"] for at in row["places"][0]["at"]] == [2, 2]
    assert all(len(at["box"]) == 4 for at in row["places"][0]["at"])


def test_an_altered_quotation_shows_the_words_and_fails(root: Path) -> None:
    told = quote(root, "名额20人，请各单位组织推荐", code=1).out
    assert "verdict  altered" in told
    assert "[-２５-]{+20+}" in told


def test_a_quotation_nowhere_says_how_far_was_looked(root: Path) -> None:
    told = quote(root, "今天天气很好，适合去公园散步", code=1).out
    assert "not found" in told
    assert "looked through 2 texts; 1 files have no text" in told.replace(
        "1 file has", "1 files have"
    )


def test_a_translation_needs_its_original(root: Path, tmp_path: Path) -> None:
    assert (
        "translation, original not given"
        in quote(root, "twenty-five places are open to all", code=3).out
    )
    statement = tmp_path / "statement.pdf"
    statement.write_bytes(b"I certify")
    told = quote(
        root,
        "25 places",
        "--original",
        "名额25人",
        "--translator",
        "B. Lee",
        "--statement",
        statement,
        code=0,
    )
    assert "translation, original passage verified" in told.out
    assert "the word of B. Lee" in told.out
    assert quote(root, "x", "--original", "名额25人", code=2).err.count("\n") == 1


def test_a_scan_verifies_nothing_until_a_person_has_looked(root: Path) -> None:
    assert "no-text: page images only" in quote(root, "名额25人", "--in", SCAN, code=3).out
    told = quote(root, "名额25人", "--in", SCAN, "--confirm", 1, code=0).out
    assert "confirmed by Ada on the page image" in told


def test_the_page_that_a_person_looked_at_is_kept_beside_the_decision(root: Path) -> None:
    [row] = quote(root, "名额25人", "--in", SCAN, "--confirm", 1, "--json", code=0).rows
    archive = ArchiveRoot.open(root)
    [group] = [
        found for path in sealed(archive) for found in groups(path) if found.id == row["id"][:-1]
    ]
    [image] = [record for record in group.records if record.uri == IMAGE]
    stored = read_record(archive.warc / image.file, image.offset, image.length)
    path = root.parent / "page.png"
    path.write_bytes(b"".join(chunks(stored.block)))
    told = read_png(path)
    assert told is not None
    assert told.claimed is not None
    assert (told.claimed["url"], told.claimed["selection"]["regions"][0]["page"]) == (SCAN, 1)
    assert "it has 1 page" in quote(root, "名额25人", "--in", SCAN, "--confirm", 9, code=2).err


def test_at_a_terminal_a_person_is_shown_the_page_and_asked(root: Path) -> None:
    command = [MUNIMENT, "-C", str(root), "quote", "名额25人", "--in", SCAN, "--confirm", "1"]
    for typed, code, said in (("n", 3, "not confirmed"), ("y", 0, "confirmed by Ada")):
        here, there = pty.openpty()
        with subprocess.Popen(
            command, stdin=there, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            os.write(here, f"{typed}\n".encode())
            out, _ = process.communicate(timeout=120)
        os.close(here)
        os.close(there)
        assert (process.returncode, "look at the page" in out, said in out) == (code, True, True)


def test_what_is_no_document_has_no_verdict(root: Path) -> None:
    assert "not checked" in quote(root, "x y z", "--in", "https://down.example.gov/", code=3).out
    assert quote(root, "x", "--in", "https://nowhere.example/", code=4).out == ""


def test_checks_are_the_same_after_a_rebuild_on_both_databases(
    root: Path, postgres_server: str
) -> None:
    quote(root, "名额25人", code=0)
    archive = ArchiveRoot.open(root)
    engine = open_catalog(root / "catalog.sqlite")
    before = dump(engine)["quote"]
    assert before
    rebuild(engine, archive)
    assert dump(engine)["quote"] == before
    with fresh_postgres(postgres_server) as there:
        for path in reversed(sealed(archive)):
            ingest(there, [path], archive)
        assert dump(there)["quote"] == before
    muniment("rebuild", archive=root)
    check_archive(archive)
