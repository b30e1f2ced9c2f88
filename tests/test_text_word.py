"""Word, old and new, RTF and OpenDocument: paragraphs, cells and notes, each where it stands."""

from __future__ import annotations

import subprocess
from pathlib import Path

import docx
import pytest

from catalog.text import doc, odf, pptx, rtf
from catalog.text import docx as docx_text
from tests.documents import CHINESE, a_package, made, read
from tests.shared import program, shared


def test_word_gives_paragraphs_cells_headers_and_notes(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph(CHINESE)
    table = document.add_table(2, 2)
    table.cell(0, 1).text = "名额"
    table.cell(1, 1).text = "25人"
    document.add_paragraph("附件")
    document.sections[0].header.paragraphs[0].text = "内部"
    document.core_properties.title = "题目"
    document.save(str(tmp_path / "a.docx"))
    found = read(docx_text.extract, tmp_path / "a.docx")
    assert [(p.text, str(p.at)) for p in found.passages] == [
        (CHINESE, "paragraph 1"),
        ("名额", "table 1, cell B1"),
        ("25人", "table 1, cell B2"),
        ("附件", "paragraph 2"),
        ("内部", "header, paragraph 1"),
    ]
    assert ("title", "题目") in found.properties


def test_what_tracked_changes_delete_is_out_and_what_they_insert_is_in(tmp_path: Path) -> None:
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    body = (
        f"<w:document {w}><w:body><w:p><w:r><w:t>名额</w:t></w:r>"
        "<w:del><w:r><w:delText>20</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>25</w:t></w:r></w:ins><w:r><w:tab/><w:t>人</w:t></w:r></w:p></w:body></w:document>"
    )
    path = a_package(tmp_path / "a.docx", **{"word/document.xml": body})
    assert read(docx_text.extract, path).text == "名额25\t人"


def test_entities_in_office_xml_are_not_expanded(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    path = a_package(tmp_path / "a.docx", **{"word/document.xml": bomb})
    assert "aaa" not in read(docx_text.extract, path).text


def test_old_word_is_read_with_its_chinese() -> None:
    program("catdoc")
    found = read(doc.extract, next(shared("data/ministry").rglob("TestChineseProperties.doc")))
    assert found.passages
    assert found.tool.startswith("catdoc 0.")
    assert any(
        "\u4e00" <= c <= "\u9fff" for c in "".join(v for _, v in found.properties) + found.text
    )


def test_a_locked_word_file_is_said_to_be_locked() -> None:
    for path in shared("data/ministry").rglob("*assword*.doc"):
        assert read(doc.extract, path).code == "encrypted"


def test_without_catdoc_old_word_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    found = read(doc.extract, next(shared("data/ministry").rglob("TestChineseProperties.doc")))
    assert (found.code, found.detail) == (
        "unsupported",
        "the program catdoc is not installed, which reads old Word",
    )


def test_old_word_says_the_same_as_libreoffice(tmp_path: Path) -> None:
    office = program("soffice")
    path = next(shared("data/ministry").rglob("ob_is.doc"))
    subprocess.run(
        [
            office,
            "--headless",
            "--convert-to",
            "txt:Text (encoded):UTF8",
            "--outdir",
            tmp_path,
            path,
        ],
        check=True,
        capture_output=True,
        timeout=120,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    words = set((tmp_path / "ob_is.txt").read_text(encoding="utf-8-sig").split())
    ours = set(read(doc.extract, path).text.split())
    assert len(words & ours) > 0.95 * len(words)


def test_rtf_is_read_in_the_code_pages_of_its_fonts(tmp_path: Path) -> None:
    hexed = "".join(f"\\'{byte:02x}" for byte in CHINESE.encode("gbk"))
    source = (
        "{\\rtf1\\ansi\\ansicpg936\\deff0{\\fonttbl{\\f0\\fnil\\fcharset134 SimSun;}}\\f0 "
        + hexed
        + "\\par \\u20013?\\par}"
    )
    assert read(rtf.extract, made(tmp_path / "a.rtf", source.encode())).text == f"{CHINESE}\n中"


def test_open_documents_and_slides_are_read() -> None:
    folder = shared("data/ministry")
    for path in folder.rglob("*.odt"):
        assert read(odf.extract, path).code == ("encrypted" if "encypted" in path.name else None)
    [sheet] = folder.rglob("*.ods")
    assert read(odf.extract, sheet).passages[0].at.cell == "A1"
    [slides] = folder.rglob("*.pptx")
    assert read(pptx.extract, slides).passages[0].at.page == 1
