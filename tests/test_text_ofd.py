"""OFD: the lines of each page, with boxes in points."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.text import ofd, reading
from tests.documents import a_package, made, read
from tests.shared import shared

NAMESPACE = 'xmlns:ofd="http://www.ofdspec.org/2016"'


def an_object(text: str, boundary: str = "20 30 100 10", more: str = "", code: str = "") -> str:
    return (
        f'<ofd:TextObject Boundary="{boundary}" Size="5" {more}>'
        f'<ofd:TextCode X="0" Y="5" {code}>{text}</ofd:TextCode></ofd:TextObject>'
    )


def a_page(*objects: str, area: str = "<ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox>") -> str:
    return (
        f"<ofd:Page {NAMESPACE}><ofd:Area>{area}</ofd:Area><ofd:Content><ofd:Layer>"
        f"{''.join(objects)}</ofd:Layer></ofd:Content></ofd:Page>"
    )


def an_ofd(path: Path, page: str, common: str = "", more: str = "", **parts: str) -> Path:
    return a_package(
        path,
        **{
            "OFD.xml": f"<ofd:OFD {NAMESPACE}><ofd:DocBody><ofd:DocInfo><ofd:Title>题目</ofd:Title>"
            "</ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
            "Doc_0/Document.xml": f"<ofd:Document {NAMESPACE}><ofd:CommonData>{common}</ofd:CommonData>"
            '<ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages>'
            f"{more}</ofd:Document>",
            "Doc_0/Pages/Page_0/Content.xml": page,
            **parts,
        },
    )


def test_ofd_gives_lines_with_boxes_in_points(tmp_path: Path) -> None:
    page = a_page(
        an_object("商务部通", code='DeltaX="g 3 5"'),
        an_object("知", "40 30 100 10"),
        an_object("第二行", "20 50 100 10"),
    )
    found = read(ofd.extract, an_ofd(tmp_path / "a.ofd", page))
    assert [p.text for p in found.passages] == ["商务部通知", "第二行"]
    assert found.passages[0].at.box == pytest.approx((56.69, 742.68, 127.56, 756.85), abs=0.1)
    assert ("title", "题目") in found.properties
    assert ("pages", "1") in found.properties


def test_what_stands_apart_in_a_line_is_not_run_together(tmp_path: Path) -> None:
    page = a_page(an_object("名额", code='DeltaX="5"'), an_object("25人", "60 30 100 10"))
    assert read(ofd.extract, an_ofd(tmp_path / "a.ofd", page)).text == "名额 25人"


def test_a_page_without_an_area_has_that_of_the_document(tmp_path: Path) -> None:
    common = "<ofd:PageArea><ofd:PhysicalBox>10 10 100 100</ofd:PhysicalBox></ofd:PageArea>"
    path = an_ofd(tmp_path / "a.ofd", a_page(an_object("字"), area=""), common)
    [line] = read(ofd.extract, path).passages
    left, top = (20 - 10) * ofd_points(), (100 - (30 - 10)) * ofd_points()
    assert line.at.box == pytest.approx(
        (left, top - 5 * ofd_points(), left + 5 * ofd_points(), top), abs=0.02
    )


def ofd_points() -> float:
    return 72 / 25.4


def test_what_lies_beneath_a_page_is_of_it_and_what_lies_over_it_is_marked(tmp_path: Path) -> None:
    common = '<ofd:TemplatePage ID="9" BaseLoc="Tpls/Content.xml"/>'
    page = a_page(an_object("正文", "20 60 100 10")).replace(
        "<ofd:Content>", '<ofd:Template TemplateID="9"/><ofd:Content>'
    )
    more = "<ofd:Annotations>Annots/Annotations.xml</ofd:Annotations>"
    listed = '<ofd:Page PageID="1"><ofd:FileLoc>Page_0/Annotation.xml</ofd:FileLoc></ofd:Page>'
    stamp = f'<ofd:Annot><ofd:Appearance Boundary="5 5 50 50">{an_object("作废")}</ofd:Appearance></ofd:Annot>'
    path = an_ofd(
        tmp_path / "a.ofd",
        page,
        common,
        more,
        **{
            "Doc_0/Tpls/Content.xml": a_page(an_object("红头")),
            "Doc_0/Annots/Annotations.xml": f"<ofd:Annotations {NAMESPACE}>{listed}</ofd:Annotations>",
            "Doc_0/Annots/Page_0/Annotation.xml": f"<ofd:PageAnnot {NAMESPACE}>{stamp}</ofd:PageAnnot>",
        },
    )
    found = read(ofd.extract, path).passages
    assert [(p.text, p.at.part) for p in found] == [
        ("红头", None),
        ("正文", None),
        ("作废", "annotation"),
    ]
    assert found[2].at.box is not None
    assert found[2].at.box[0] == pytest.approx(25 * ofd_points(), abs=0.02)


def test_text_that_is_not_shown_is_not_read(tmp_path: Path) -> None:
    page = a_page(an_object("暗", more='Visible="false"'), an_object("明"))
    assert read(ofd.extract, an_ofd(tmp_path / "a.ofd", page)).text == "明"


def test_letters_that_only_their_font_knows_are_told_of(tmp_path: Path) -> None:
    found = read(ofd.extract, an_ofd(tmp_path / "a.ofd", a_page(an_object("\ue000\ue001字"))))
    assert (found.code, (found.detail or "").startswith("2 of 3 characters")) == (None, True)


def test_a_long_ofd_is_read_up_to_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ofd, "PAGES", 0)
    found = read(ofd.extract, an_ofd(tmp_path / "a.ofd", a_page(an_object("字"))))
    assert (found.code, found.detail) == ("over-limit", "1 pages; read up to page 0")


def test_steps_without_end_are_no_bomb(tmp_path: Path) -> None:
    page = a_page(an_object("字字", code='DeltaX="g 999999999999 5 g 1e308 nan"'))
    [line] = read(ofd.extract, an_ofd(tmp_path / "a.ofd", page)).passages
    assert line.text == "字字"


def test_real_ofd_files_have_the_words_that_a_viewer_shows() -> None:
    folder = shared("data/ministry")
    for name, words in (
        ("AddWatermarkAnnot", "中华民国十五年三月二十五日，就是国立"),
        ("keyword2", "重庆市马上融资担保有限公司"),
        ("path_unstd", "立案决定书"),
        ("1-1", "这是第一次水印"),
    ):
        assert words in read(ofd.extract, next(folder.rglob(f"{name}.ofd"))).text


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_ofd_gives_text_or_a_reason(tmp_path_factory: Any, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("ofd")
    raw = bytearray(an_ofd(folder / "a.ofd", a_page(an_object("字"))).read_bytes())
    for _ in range(data.draw(st.integers(1, 10))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    found = reading.read(made(folder / "b.ofd", bytes(raw)), None, "b.ofd").extraction
    assert found.passages or found.code
