"""PDF, office files and archives: the text that a reader sees, each passage where it stands, or why not."""

from __future__ import annotations

import datetime
import io
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pypdfium2
import pytest
import typst
import xlrd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.text import doc, ocr, odf, ofd, pdf, pptx, rtf, xls, xlsx, zip_
from catalog.text import docx as docx_text
from catalog.text.cells import shown
from catalog.text.extraction import Extraction
from catalog.text.formats import Content
from catalog.text.tables import cell_name
from tests.shared import program, shared

Extract = Callable[[Content], Extraction]
CHINESE = "商务部关于举办研修班的通知"


def read(extract: Extract, path: Path) -> Extraction:
    return extract(Content(path=path, real_type="application/pdf", name=path.name))


def made(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def a_pdf(path: Path, *pages: str, extra: str = "") -> Path:
    source = (
        '#set page(width: 400pt, height: 300pt)\n#set text(font: "Droid Sans Fallback", cjk-latin-spacing: none)\n'
        + extra
    )
    path.write_bytes(typst.compile((source + "\n#pagebreak()\n".join(pages)).encode()))
    return path


def a_package(path: Path, **parts: str) -> Path:
    with zipfile.ZipFile(path, "w") as package:
        for name, text in parts.items():
            package.writestr(name, text)
    return path


def test_each_line_of_a_pdf_has_its_page_and_box(tmp_path: Path) -> None:
    found = read(
        pdf.extract,
        a_pdf(
            tmp_path / "a.pdf",
            CHINESE,
            "名额25人 \\ 第二行",
            extra='#set document(title: "题目")\n',
        ),
    )
    assert [(p.text, p.at.page) for p in found.passages] == [
        (CHINESE, 1),
        ("名额25人", 2),
        ("第二行", 2),
    ]
    left, bottom, right, top = found.passages[0].at.box or (0, 0, 0, 0)
    assert 0 < left < right < 400
    assert 200 < bottom < top < 300
    assert dict(found.properties) | {"title": "题目", "pages": "2"} == dict(found.properties)
    assert (found.code, found.ocr) == (None, False)
    assert "pdfium" in found.tool


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_box_lies_on_the_letters_as_the_page_is_shown(tmp_path: Path, rotation: int) -> None:
    path = a_pdf(tmp_path / "a.pdf", "#v(100pt) ■■■■")
    with pypdfium2.PdfDocument(path) as document:
        document[0].set_rotation(rotation)
        document.save(tmp_path / "turned.pdf")
    [line] = read(pdf.extract, tmp_path / "turned.pdf").passages
    with pypdfium2.PdfDocument(tmp_path / "turned.pdf") as document:
        image = document[0].render(grayscale=True).to_pil()
    left, bottom, right, top = line.at.box or (0, 0, 0, 0)
    ink = image.point(lambda value: 255 if value < 128 else 0).getbbox()
    assert ink is not None
    shown_as = (left, image.height - top, right, image.height - bottom)
    assert all(abs(a - b) < 6 for a, b in zip(ink, shown_as, strict=True))


def test_a_pdf_of_images_says_that_it_is_a_scan(tmp_path: Path) -> None:
    found = read(pdf.extract, a_pdf(tmp_path / "a.pdf", "#rect(width: 50pt, height: 50pt)"))
    assert (found.code, found.text) == ("no-text", "")
    assert "as a scan has" in (found.detail or "")


def test_a_long_pdf_is_read_up_to_the_limit_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "PAGES", 2)
    found = read(pdf.extract, a_pdf(tmp_path / "a.pdf", "one", "two", "three"))
    assert (found.code, found.text) == ("over-limit", "one\ntwo")


def test_a_pdf_that_is_none_is_damaged(tmp_path: Path) -> None:
    assert read(pdf.extract, made(tmp_path / "a.pdf", b"%PDF-1.7\n")).code == "damaged"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_damaged_pdf_never_raises(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "whole.pdf"
    if not path.exists():
        a_pdf(path, CHINESE)
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    read(
        pdf.extract,
        made(tmp_path / "damaged.pdf", bytes(raw[:cut] if data.draw(st.booleans()) else raw)),
    )


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


def test_excel_gives_cells_as_a_reader_sees_them(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "名单"
    sheet["B3"] = "老挝"
    sheet["C3"] = 25
    sheet["D3"] = datetime.date(2021, 6, 1)
    sheet["E3"] = 0.125
    sheet["E3"].number_format = "0.0%"
    hidden = book.create_sheet("旧")
    hidden["A1"] = "x"
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    found = read(xlsx.extract, tmp_path / "a.xlsx")
    assert [(p.text, str(p.at)) for p in found.passages] == [
        ("老挝", "名单!B3"),
        ("25", "名单!C3"),
        ("2021-06-01", "名单!D3"),
        ("12.5%", "名单!E3"),
        ("x", "hidden sheet, 旧!A1"),
    ]


def test_old_excel_keeps_its_chinese() -> None:
    found = read(xls.extract, next(shared("data/ministry").rglob("chinese-provinces.xls")))
    assert ("安徽省", "B2") in [(passage.text, passage.at.cell) for passage in found.passages]
    assert xlrd.__VERSION__ in found.tool


@pytest.mark.parametrize(
    ("place", "name"), [((1, 1), "A1"), ((3, 27), "AA3"), ((9, 702), "ZZ9"), ((1, 703), "AAA1")]
)
def test_cells_are_named_as_spreadsheets_name_them(place: tuple[int, int], name: str) -> None:
    assert cell_name(*place) == name == openpyxl.utils.get_column_letter(place[1]) + str(place[0])


@given(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.datetimes(), st.times(), st.text()
    )
)
def test_any_value_of_a_cell_has_words(value: object) -> None:
    assert isinstance(shown(value, "0.00"), str)


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


def test_ofd_gives_lines_with_boxes_in_points(tmp_path: Path) -> None:
    ns = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    page = (
        f"<ofd:Page {ns}><ofd:Area><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:Area><ofd:Content><ofd:Layer>"
        '<ofd:TextObject Boundary="20 30 100 10" Size="5"><ofd:TextCode X="0" Y="5" DeltaX="g 3 5">商务部通</ofd:TextCode></ofd:TextObject>'
        '<ofd:TextObject Boundary="40 30 100 10" Size="5"><ofd:TextCode X="0" Y="5">知</ofd:TextCode></ofd:TextObject>'
        '<ofd:TextObject Boundary="20 50 100 10" Size="5"><ofd:TextCode X="0" Y="5">第二行</ofd:TextCode></ofd:TextObject>'
        "</ofd:Layer></ofd:Content></ofd:Page>"
    )
    path = a_package(
        tmp_path / "a.ofd",
        **{
            "OFD.xml": f"<ofd:OFD {ns}><ofd:DocBody><ofd:DocInfo><ofd:Title>题目</ofd:Title></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
            "Doc_0/Document.xml": f'<ofd:Document {ns}><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>',
            "Doc_0/Pages/Page_0/Content.xml": page,
        },
    )
    found = read(ofd.extract, path)
    assert [p.text for p in found.passages] == ["商务部通知", "第二行"]
    assert found.passages[0].at.box == pytest.approx((56.69, 742.68, 127.56, 756.85), abs=0.1)
    assert ("title", "题目") in found.properties


def test_every_member_of_a_zip_is_read_by_what_it_is(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as package:
        package.writestr("附件/深.html", f"<html><p>{CHINESE}</p></html>")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as package:
        package.writestr("../通知.html", "<html><p>外</p></html>")
        package.writestr("inner.html", "<html>")
        package.writestr("odd.bin", b"\x00\x01\x02")
    found = read(zip_.extract, tmp_path / "a.zip")
    assert [(p.text, p.at.member) for p in found.passages] == [("外", "../通知.html")]
    assert "odd.bin: nothing reads" in (found.detail or "")
    assert not (tmp_path.parent / "通知.html").exists()


def test_names_in_a_chinese_zip_are_read_as_gbk() -> None:
    info = zipfile.ZipInfo("x")
    info.filename = "附件1：名单.doc".encode("gbk").decode("cp437")
    assert zip_._name(info) == "附件1：名单.doc"


def test_a_bomb_in_a_zip_is_not_unpacked_and_the_rest_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("bomb.html", b"\0" * (64 << 20))
        package.writestr("good.html", "<html><p>好</p></html>")
    found = read(zip_.extract, tmp_path / "a.zip")
    assert found.text == "好"
    assert "bomb.html: over-limit" in (found.detail or "")


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


def test_a_scan_is_read_by_machine_and_marked_as_such(tmp_path: Path) -> None:
    program("tesseract")
    path = a_pdf(tmp_path / "a.pdf", f"#text(size: 20pt)[{CHINESE}]")
    found = read(ocr.extract, path)
    if "chi_sim" not in found.recipe:
        pytest.skip("the Chinese data of tesseract is not installed")
    assert found.ocr
    assert "研修班" in found.text.replace(" ", "")
    assert found.passages[0].at.box is not None


@pytest.mark.parametrize(
    ("suffix", "extract"),
    [
        (".pdf", pdf.extract),
        (".doc", doc.extract),
        (".docx", docx_text.extract),
        (".xls", xls.extract),
        (".ofd", ofd.extract),
        (".zip", zip_.extract),
    ],
)
def test_every_real_file_gives_its_text_or_a_reason(suffix: str, extract: Extract) -> None:
    """Only files that are no such format at all may raise; what reads them tells the kind first."""
    for path in sorted(shared("data/ministry").rglob(f"*{suffix}")):
        found = read(extract, path)
        assert found.passages or found.code, path
        assert found.code is None or found.detail, path


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
