"""Word, old and new, RTF and OpenDocument: paragraphs, cells and notes, each where it stands."""

from __future__ import annotations

import struct
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.text import doc, msdoc, odf, pptx, reading, rtf
from catalog.text import docx as docx_text
from tests.documents import (
    CHINESE,
    FLAT,
    OFFICE,
    Extract,
    a_docx,
    a_package,
    by_office,
    made,
    read,
    related,
)
from tests.shared import program, shared
from tests.word_binary import TEXT_AT, a_word, an_old_word


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


def a_run(text: str) -> str:
    return f"<w:r><w:t>{text}</w:t></w:r>"


def a_paragraph(text: str) -> str:
    return f"<w:p>{a_run(text)}</w:p>"


def a_table(*cells: str) -> str:
    return f"<w:tbl><w:tr>{''.join(f'<w:tc>{cell}</w:tc>' for cell in cells)}</w:tr></w:tbl>"


def test_what_tracked_changes_delete_is_out_and_what_they_insert_is_in(tmp_path: Path) -> None:
    body = (
        f"<w:p>{a_run('名额')}<w:del><w:r><w:delText>20</w:delText></w:r></w:del>"
        f"<w:ins>{a_run('25')}</w:ins><w:r><w:tab/><w:t>人</w:t></w:r></w:p>"
    )
    assert read(docx_text.extract, a_docx(tmp_path / "a.docx", body)).text == "名额25\t人"


def test_a_document_begins_where_its_package_says(tmp_path: Path) -> None:
    path = a_docx(tmp_path / "a.docx", a_paragraph(CHINESE), name="word/document2.xml")
    assert reading.read(path, None, "a.docx").extraction.text == CHINESE


def test_the_strict_variant_of_office_files_is_read_as_the_usual_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(a_docx(tmp_path / "a.docx", a_paragraph(CHINESE))) as package:
        parts = {name: package.read(name).decode() for name in package.namelist()}
    for old, new in (
        ("wordprocessingml/2006/", "wordprocessingml/"),
        ("officeDocument/2006/", "officeDocument/"),
    ):
        parts = {
            name: text.replace(
                f"http://schemas.openxmlformats.org/{old}", f"http://purl.oclc.org/ooxml/{new}"
            )
            for name, text in parts.items()
        }
    assert "purl.oclc.org" in parts["word/document.xml"]
    assert read(docx_text.extract, a_package(tmp_path / "b.docx", **parts)).text == CHINESE


def test_a_table_or_a_box_in_a_cell_is_read_once_and_in_its_place(tmp_path: Path) -> None:
    box = f"<w:r><w:pict><w:txbxContent>{a_paragraph('框')}</w:txbxContent></w:pict></w:r>"
    cell = f"<w:p>{a_run('外')}{box}</w:p>{a_table(a_paragraph('内'))}{a_paragraph('下')}"
    wide = f"<w:tcPr><w:gridSpan w:val='2'/></w:tcPr>{a_paragraph('宽')}"
    found = read(
        docx_text.extract, a_docx(tmp_path / "a.docx", a_table(wide, cell) + a_paragraph("后"))
    )
    assert [(p.text, str(p.at)) for p in found.passages] == [
        ("宽", "table 1, cell A1"),
        ("外\n下", "table 1, cell C1"),
        ("框", "table 1, cell C1, text box 1, paragraph 1"),
        ("内", "table 1, cell C1, table 1, cell A1"),
        ("后", "paragraph 1"),
    ]


def test_links_of_word_are_kept_with_their_words_however_they_are_written(tmp_path: Path) -> None:
    def mark(kind: str) -> str:
        return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'

    code = '<w:r><w:instrText> HYPERLINK "http://example.org/2" </w:instrText></w:r>'
    simple = (
        f"<w:fldSimple w:instr='HYPERLINK \"http://example.org/3\"'>{a_run('三')}</w:fldSimple>"
    )
    body = (
        f'<w:p><w:hyperlink r:id="x">{a_run("一")}</w:hyperlink>{mark("begin")}{code}'
        f"{mark('separate')}{a_run('二')}{mark('end')}{simple}</w:p>"
    )
    relations = {
        "word/_rels/document.xml.rels": related(("x", "hyperlink", "http://example.org/1"))
    }
    found = read(docx_text.extract, a_docx(tmp_path / "a.docx", body, **relations))
    assert found.text == "一二三"
    assert found.links == (
        ("http://example.org/1", "一"),
        ("http://example.org/2", "二"),
        ("http://example.org/3", "三"),
    )


def test_office_xml_that_defines_entities_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(a_docx(tmp_path / "a.docx", "&b;")) as package:
        parts = {name: package.read(name).decode() for name in package.namelist()}
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    parts["word/document.xml"] = bomb + parts["word/document.xml"]
    found = reading.read(a_package(tmp_path / "b.docx", **parts), None, None).extraction
    assert (found.code, found.text) == ("damaged", "")
    assert "declares a document type" in (found.detail or "")


def test_office_xml_that_is_too_deep_or_too_large_is_refused(tmp_path: Path) -> None:
    deep = a_docx(tmp_path / "a.docx", "<w:sdt>" * 100_000 + "</w:sdt>" * 100_000)
    assert reading.read(deep, None, None).extraction.code == "damaged"
    with zipfile.ZipFile(tmp_path / "b.docx", "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("_rels/.rels", related(("a", "officeDocument", "word/document.xml")))
        package.writestr("word/document.xml", b" " * (64 << 20))
    found = reading.read(tmp_path / "b.docx", None, None).extraction
    assert (found.code, "bomb" in (found.detail or "")) == ("over-limit", True)


def test_a_document_with_macros_is_read_and_they_are_not(tmp_path: Path) -> None:
    macros = {"word/vbaProject.bin": "Sub AutoOpen()"}
    path = a_docx(tmp_path / "a.docm", a_paragraph(CHINESE), **macros)
    assert reading.read(path, None, "a.docm").extraction.text == CHINESE


@given(st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1), min_size=1))
def test_old_word_is_read_in_the_order_of_its_pieces(
    tmp_path_factory: Any, texts: list[str]
) -> None:
    """A fast save leaves the text in pieces in any order, and many programs then lose some of it."""
    path = a_word(tmp_path_factory.mktemp("doc") / "a.doc", texts)
    assert read(doc.extract, path).text == "".join(texts).strip()


def test_old_word_gives_cells_by_the_ends_of_its_rows(tmp_path: Path) -> None:
    text = "国家\x07名额\x07\x07老挝\r柬埔寨\x07\x07\x07后\r"
    in_table, row_end = b"\x16\x24\x01", b"\x16\x24\x01\x17\x24\x01"
    runs = [(0, 6, in_table), (6, 7, row_end), (7, 15, in_table), (15, 16, row_end)]
    runs = [(TEXT_AT + 2 * start, TEXT_AT + 2 * end, properties) for start, end, properties in runs]
    found = read(doc.extract, a_word(tmp_path / "a.doc", [text], paragraphs=runs))
    assert [(p.text, str(p.at)) for p in found.passages] == [
        ("国家", "table 1, cell A1"),
        ("名额", "table 1, cell B1"),
        ("老挝\n柬埔寨", "table 1, cell A2"),
        ("后", "paragraph 1"),
    ]


def test_what_old_word_deleted_with_tracked_changes_is_out(tmp_path: Path) -> None:
    deleted = [(TEXT_AT + 4, TEXT_AT + 8, b"\x00\x08\x01"), (TEXT_AT + 8, TEXT_AT + 12, b"")]
    path = a_word(tmp_path / "a.doc", ["名额二十二五\r"], characters=deleted)
    assert read(doc.extract, path).text == "名额二五"


def test_old_word_shows_the_words_of_a_link_and_not_its_code(tmp_path: Path) -> None:
    text = '见\x13 HYPERLINK "http://example.org/1.doc" \x14附件一\x15。\x13 PAGE \x143\x15'
    found = read(doc.extract, a_word(tmp_path / "a.doc", [text]))
    assert (found.text, found.links) == ("见附件一。3", (("http://example.org/1.doc", "附件一"),))


def test_the_notes_of_old_word_stand_apart(tmp_path: Path) -> None:
    found = read(doc.extract, a_word(tmp_path / "a.doc", ["正文\x02\r", "\x02脚注\r"], footnotes=4))
    assert [(p.text, p.at.part) for p in found.passages] == [("正文", None), ("脚注", "footnote 1")]


@pytest.mark.parametrize(
    ("language", "codec", "text"),
    [(0x0804, "gb18030", CHINESE), (0x0404, "big5", "商務部通知"), (0x0411, "cp932", "お知らせ")],
)
def test_word_95_is_read_in_the_code_page_of_its_language(
    tmp_path: Path, language: int, codec: str, text: str
) -> None:
    path = an_old_word(tmp_path / "a.doc", f"{text}\r第二".encode(codec), language)
    found = read(doc.extract, path)
    assert found.text == f"{text}\n第二"
    assert found.encoding is not None
    assert found.encoding.declared == f"language {language:#06x}"


def test_old_word_cut_short_gives_what_is_left_and_says_so(tmp_path: Path) -> None:
    path = a_word(tmp_path / "a.doc", ["字" * 4000])
    data = bytearray(path.read_bytes())
    at = data.index(struct.pack("<I", 4000), 8000)  # where the piece ends, by its table
    data[at : at + 4] = struct.pack("<I", 9000)
    found = read(doc.extract, made(path, bytes(data)))
    assert found.code == "damaged"
    assert "beyond the end of the file" in (found.detail or "")
    assert found.text.startswith("字" * 4000)


def test_pieces_that_name_the_same_bytes_over_and_over_are_a_bomb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(msdoc, "UNITS", 10)
    path = a_word(tmp_path / "a.doc", ["一二三四五六", "七八九十甲乙"])
    assert reading.read(path, None, "a.doc").extraction.code == "over-limit"


def test_fields_within_fields_end_somewhere(tmp_path: Path) -> None:
    path = a_word(tmp_path / "a.doc", ["\x13" * 5000])
    found = reading.read(path, None, "a.doc").extraction
    assert (found.code, "deeper than" in (found.detail or "")) == ("damaged", True)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_old_word_gives_text_or_a_reason(
    tmp_path_factory: Any, data: st.DataObject
) -> None:
    path = a_word(tmp_path_factory.mktemp("doc") / "a.doc", ["商务部\x07", "通知\r"])
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    found = reading.read(made(path, bytes(raw)), None, "a.doc").extraction
    assert found.passages or found.detail


def test_a_real_chinese_document_is_read_whole() -> None:
    """catdoc 0.95 loses half of it without a word."""
    found = read(doc.extract, next(shared("data/ministry").rglob("TestChineseProperties.doc")))
    assert "亞太：亞洲 - 中國 - 香港 - 台灣 - 新加坡 - 印度 - 日本 - 韓國 - 澳紐" in found.text
    assert ("title", "參考資料") in found.properties
    assert ("http://chinese.yahoo.com/home/world/?http://cn.yahoo.com", "中國") in found.links


def test_a_locked_word_file_is_said_to_be_locked() -> None:
    paths = sorted(shared("data/ministry").rglob("*assword*.doc"))
    assert [reading.read(path, None, path.name).extraction.code for path in paths] == [
        "encrypted"
    ] * 3


@pytest.mark.parametrize(
    ("form", "extract"),
    [
        ("doc:MS Word 97", doc.extract),
        ("docx", docx_text.extract),
        ("rtf", rtf.extract),
        ("odt", odf.extract),
    ],
)
def test_a_notice_says_the_same_in_every_format(
    tmp_path: Path, form: str, extract: Extract
) -> None:
    source = tmp_path / "a.fodt"
    source.write_text(FLAT, encoding="utf-8")
    [path] = by_office(program("soffice"), tmp_path, form, source)
    found = read(extract, path)
    places = {
        str(passage.at).replace("text box 1", "text box"): passage.text
        for passage in found.passages
    }
    assert places == {
        "paragraph 1": CHINESE,
        "paragraph 2": "名额二十五人，见附件一。𠀀字后",
        "table 1, cell A1": "国家",
        "table 1, cell B1": "名额",
        "table 1, cell A2": "老挝\n柬埔寨",
        "table 1, cell C2": "25",
        "paragraph 4": "甲\t乙\n丙  丁",
        "paragraph 5": "尾注和批注完",
        "paragraph 6": "框外",
        "table 2, cell A1": "第二表",
        "paragraph 7": "末",
        "header, paragraph 1": "内部资料",
        "footer, paragraph 1": "页脚文字",
        "footnote 1, paragraph 1": "脚注内容",
        "endnote 1, paragraph 1": "尾注内容",
        "comment 1, paragraph 1": "批注内容",
        "text box, paragraph 1": "框内文字",
    }
    assert len(found.passages) == len(places)
    assert ("http://example.org/附件.doc", "附件一") in found.links


def test_old_word_has_every_letter_that_libreoffice_has(tmp_path: Path) -> None:
    office, folder = program("soffice"), shared("data/ministry")
    names = ("TestChineseProperties", "TestShiftJIS", "HeaderFooterUnicode", "Word95", "ob_is")
    paths = [next(folder.rglob(f"{name}.doc")) for name in names]
    for path, theirs in zip(
        paths, by_office(office, tmp_path, "txt:Text (encoded):UTF8", *paths), strict=True
    ):
        ours = Counter(read(doc.extract, path).text)
        told = Counter(filter(str.isalpha, theirs.read_text(encoding="utf-8-sig")))
        assert not told - ours, path


def an_rtf(path: Path, body: str) -> Path:
    head = "{\\rtf1\\ansi\\ansicpg936\\deff0{\\fonttbl{\\f0\\fnil\\fcharset134 SimSun;}"
    head += "{\\f1\\fnil\\fcharset204 Arial;}{\\f2\\fnil\\fcharset136 PMingLiU;}}"
    return made(path, f"{head}{body}}}".encode())


def hexed(text: str, codec: str) -> str:
    return "".join(f"\\'{byte:02x}" for byte in text.encode(codec))


def test_rtf_is_read_in_the_code_pages_of_its_fonts(tmp_path: Path) -> None:
    body = (
        f"\\f0 {hexed(CHINESE, 'gbk')}\\par \\f1 {hexed('Привет', 'cp1251')}\\par "
        f"{{\\f2 {hexed('通知', 'big5')}}}\\par \\f0\\u20013?\\uc2\\u-10176\\'a1\\'a1\\u-9216\\'a1\\'a1z\\par"
    )
    found = read(rtf.extract, an_rtf(tmp_path / "a.rtf", body))
    assert found.text == f"{CHINESE}\nПривет\n通知\n中𠀀z"


def test_a_character_of_two_bytes_may_be_broken_over_lines(tmp_path: Path) -> None:
    body = hexed("通知", "gbk").replace("\\", "\n\\")
    assert read(rtf.extract, an_rtf(tmp_path / "a.rtf", f"\\f0{body}\\par")).text == "通知"


def test_what_is_no_text_of_an_rtf_is_passed_over(tmp_path: Path) -> None:
    body = (
        "{\\info{\\title T}{\\creatim\\yr2021}}{\\stylesheet{\\s0 Normal;}}{\\*\\generator Word;}"
        "a{\\pict\\pngblip 89504e47}b{\\deleted no}\\bin3 }{\\c{\\*\\unknown {deep} words}d"
        '{\\field{\\*\\fldinst{HYPERLINK "http://example.org/"}}{\\fldrslt{e}}}\\par'
    )
    found = read(rtf.extract, an_rtf(tmp_path / "a.rtf", body))
    assert (found.text, found.properties) == ("abcde", (("title", "T"),))
    assert found.links == (("http://example.org/", "e"),)


def test_an_rtf_of_groups_within_groups_ends(tmp_path: Path) -> None:
    body = "{" * 200_000 + "deep" + "}" * 200_000 + "text\\par"
    assert read(rtf.extract, an_rtf(tmp_path / "a.rtf", body)).text == "text"


@given(st.text(st.sampled_from("\\{}*'u1fpar \ncell字deltbin-")))
def test_any_rtf_is_read_to_its_end(tmp_path_factory: Any, body: str) -> None:
    read(rtf.extract, an_rtf(tmp_path_factory.mktemp("rtf") / "a.rtf", body))


def test_a_locked_open_document_is_said_to_be_locked() -> None:
    path = next(shared("data/ministry").rglob("encypted_by_libreoffice.odt"))
    assert reading.read(path, None, path.name).extraction.code == "encrypted"


def test_what_a_slide_shows_has_its_number_in_the_show(tmp_path: Path) -> None:
    slide = (
        '<p:sld xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" {show} '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="{office}">'
        "<a:p><a:r><a:rPr>{link}</a:rPr><a:t>{text}</a:t></a:r></a:p></p:sld>"
    )
    link = '<a:hlinkClick r:id="y"/>'
    shown = (
        '<p:presentation xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
        f'xmlns:r="{OFFICE}"><p:sldIdLst><p:sldId r:id="b"/><p:sldId r:id="a"/></p:sldIdLst></p:presentation>'
    )
    parts = {
        "_rels/.rels": related(("x", "officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": shown,
        "ppt/_rels/presentation.xml.rels": related(
            ("a", "slide", "slides/slide1.xml"), ("b", "slide", "slides/slide2.xml")
        ),
        "ppt/slides/slide1.xml": slide.format(show='show="0"', office=OFFICE, link="", text="后"),
        "ppt/slides/slide2.xml": slide.format(show="", office=OFFICE, link=link, text="先"),
        "ppt/slides/_rels/slide2.xml.rels": related(
            ("y", "hyperlink", "http://example.org/"), ("n", "notesSlide", "../notesSlides/n1.xml")
        ),
        "ppt/notesSlides/n1.xml": slide.format(show="", office=OFFICE, link="", text="注"),
    }
    found = read(pptx.extract, a_package(tmp_path / "a.pptx", **parts))
    assert [(p.text, str(p.at)) for p in found.passages] == [
        ("先", "page 1, paragraph 1"),
        ("注", "page 1, notes, paragraph 1"),
        ("后", "page 2, hidden slide, paragraph 1"),
    ]
    assert found.links == (("http://example.org/", "先"),)


def test_real_slides_and_sheets_are_read() -> None:
    [slides] = shared("data/ministry").rglob("*.pptx")
    assert read(pptx.extract, slides).passages[0].at.page == 1
    [sheet] = shared("data/ministry").rglob("*.ods")
    assert ("60,594.70", "H2") in [(p.text, p.at.cell) for p in read(odf.extract, sheet).passages]
