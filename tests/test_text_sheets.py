"""Workbooks: each cell as a reader sees it."""

from __future__ import annotations

import csv
import datetime
import re
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlrd
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.comments import Comment

from catalog.text import number_format, reading, tables, xls, xlsx
from catalog.text.number_format import shown
from catalog.text.tables import cell_name
from tests.documents import a_package, by_office, read
from tests.shared import program, shared

SHOWN = [
    (1234567.891, "#,##0.00", "1,234,567.89"),
    (0.125, "0.0%", "12.5%"),
    (2.675, "0.00", "2.68"),
    (-33699, '_("$"* #,##0_);_("$"* \\(#,##0\\);_("$"* "-"??_);_(@_)', "$(33,699)"),
    (0, '_("$"* #,##0_);_("$"* \\(#,##0\\);_("$"* "-"??_);_(@_)', "$-"),
    (1234.5, "[$¥-804]#,##0.00", "¥1,234.50"),
    (5551234, "000-0000", "555-1234"),
    (12345678, '0.0,,"百万"', "12.3百万"),
    (25, 'General"人"', "25人"),
    (3, '[>5]"多";[<=5]"少"', "少"),
    (12345, "0.00E+00", "1.23E+04"),
    (0.1 + 0.2, "General", "0.3"),
    (44348, 'yyyy"年"m"月"d"日"', "2021年6月1日"),
    (44348, '[DBNum1][$-804]yyyy"年"m"月"d"日"', "二〇二一年六月一日"),
    (44540, '[DBNum1][$-804]m"月"d"日"', "十二月十日"),
    (44348, "[$-804]dddd", "星期二"),
    (44348.75, "yyyy/m/d h:mm", "2021/6/1 18:00"),
    (44348.75, "h:mm AM/PM", "6:00 PM"),
    (44348.123456, "mm:ss.00", "57:46.60"),
    (1.5, "[h]:mm", "36:00"),
    (7, ";;;", ""),
]
"""What Excel shows of a number in a format."""


@pytest.mark.parametrize(("value", "code", "text"), SHOWN)
def test_numbers_and_dates_are_shown_in_their_format(value: float, code: str, text: str) -> None:
    assert shown(value, code) == text


def test_libreoffice_shows_numbers_the_same(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row, (value, code, _) in enumerate(SHOWN, 1):
        cell = book.active.cell(row, 1, value)
        cell.number_format = code
    book.save(tmp_path / "a.xlsx")
    form = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true"
    [path] = by_office(program("soffice"), tmp_path, form, tmp_path / "a.xlsx")
    with path.open(encoding="utf-8-sig", newline="") as file:
        told = [row[0].replace(" ", "") if row else "" for row in csv.reader(file)]
    mine = [text.replace(" ", "") for _, _, text in SHOWN]
    assert told + [""] * (len(mine) - len(told)) == mine


@given(
    st.floats() | st.integers().map(float),
    st.text(st.sampled_from('0#?.,;%@"\\_*[]E+-ymdhsag/年 DBNum1$804<>=AP')) | st.text(),
)
def test_any_number_in_any_format_has_words(value: float, code: str) -> None:
    assert isinstance(shown(value, code), str)


@given(st.floats(-1e9, 1e9))
def test_a_number_shown_in_general_is_the_number(value: float) -> None:
    assert float(shown(value)) == pytest.approx(value, rel=1e-14)


def test_excel_gives_cells_as_a_reader_sees_them(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "名单"
    sheet["B3"] = "老挝"
    sheet["C3"] = 25
    sheet["D3"] = datetime.date(2021, 6, 1)
    sheet["E3"] = 0.125
    sheet["E3"].number_format = "0.0%"
    sheet.merge_cells("B3:B5")
    sheet["B3"].comment = Comment("待定", "处")
    sheet["B3"].hyperlink = "http://example.org/附件.doc"
    hidden = book.create_sheet("旧")
    hidden["A1"] = True
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    found = read(xlsx.extract, tmp_path / "a.xlsx")
    assert [(p.text, str(p.at)) for p in found.passages] == [
        ("老挝", "名单!B3"),
        ("25", "名单!C3"),
        ("2021-06-01", "名单!D3"),
        ("12.5%", "名单!E3"),
        ("待定", "comment, 名单!B3"),
        ("TRUE", "hidden sheet, 旧!A1"),
    ]
    assert found.links == (("http://example.org/附件.doc", "老挝"),)
    assert ("creator", "openpyxl") in found.properties


def rewritten(path: Path, part: str, pattern: str, by: str) -> Path:
    """A copy of a package in which one part reads otherwise."""
    with zipfile.ZipFile(path) as package:
        parts = {name: package.read(name).decode() for name in package.namelist()}
    parts[part], times = re.subn(pattern, by, parts[part], flags=re.DOTALL)
    assert times
    return a_package(path.with_name("rewritten.xlsx"), **parts)


def a_book(path: Path, value: object, code: str = "General") -> Path:
    book = openpyxl.Workbook()
    book.active["C3"] = value
    book.active["C3"].number_format = code
    book.save(path)
    return path


def test_cells_beyond_the_size_that_a_sheet_claims_are_read(tmp_path: Path) -> None:
    path = a_book(tmp_path / "a.xlsx", "老挝")
    path = rewritten(
        path, "xl/worksheets/sheet1.xml", '<dimension ref="[^"]*"', '<dimension ref="A1"'
    )
    assert read(xlsx.extract, path).text == "老挝"


def test_dates_in_the_formats_of_chinese_editions_are_dates(tmp_path: Path) -> None:
    path = a_book(tmp_path / "a.xlsx", 44348, "0.00000")
    path = rewritten(path, "xl/styles.xml", '<numFmts.*</numFmts>|(?<=<xf )numFmtId="164"', "")
    path = rewritten(path, "xl/styles.xml", "<xf (?!numFmtId)", '<xf numFmtId="31" ')
    assert read(xlsx.extract, path).text == "2021年6月1日"


def test_a_workbook_of_the_strict_variant_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(a_book(tmp_path / "a.xlsx", "老挝")) as package:
        parts = {name: package.read(name).decode() for name in package.namelist()}
    for kind in ("spreadsheetml", "officeDocument"):
        old, new = f"schemas.openxmlformats.org/{kind}/2006", f"purl.oclc.org/ooxml/{kind}"
        parts = {name: text.replace(old, new) for name, text in parts.items()}
    assert read(xlsx.extract, a_package(tmp_path / "b.xlsx", **parts)).text == "老挝"


def test_how_to_pronounce_a_word_is_no_part_of_it(tmp_path: Path) -> None:
    path = a_book(tmp_path / "a.xlsx", "x")
    rich = "<is><r><t>老</t></r><r><t>挝</t></r><rPh sb='0' eb='1'><t>lao</t></rPh></is>"
    path = rewritten(
        path, "xl/worksheets/sheet1.xml", r'<c r="C3".*?</c>', f'<c r="C3" t="inlineStr">{rich}</c>'
    )
    assert read(xlsx.extract, path).text == "老挝"


def test_a_workbook_of_too_many_cells_is_cut_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "CELLS", 2)
    book = openpyxl.Workbook()
    book.active.append(["a", "b", "c"])
    book.save(tmp_path / "a.xlsx")
    found = read(xlsx.extract, tmp_path / "a.xlsx")
    assert (found.code, found.text) == ("over-limit", "a\nb")


def test_a_sheet_that_defines_entities_is_refused(tmp_path: Path) -> None:
    path = a_book(tmp_path / "a.xlsx", "x")
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><worksheet'
    path = rewritten(path, "xl/worksheets/sheet1.xml", "<worksheet", bomb)
    assert reading.read(path, None, None).extraction.code == "damaged"


def test_old_excel_keeps_its_chinese() -> None:
    found = read(xls.extract, next(shared("data/ministry").rglob("chinese-provinces.xls")))
    assert ("安徽省", "B2") in [(passage.text, passage.at.cell) for passage in found.passages]
    assert xlrd.__VERSION__ in found.tool


def test_old_excel_shows_its_cells_as_libreoffice_does(tmp_path: Path) -> None:
    """Save for dates in the form of whoever looks at them, and comments, which a CSV leaves out."""
    path = next(shared("data/ministry").rglob("florida_data.ashx.xls"))
    form = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1"
    by_office(program("soffice"), tmp_path, form, path)
    theirs = {}
    for file in tmp_path.glob("*.csv"):
        with file.open(encoding="utf-8-sig", newline="") as lines:
            for row, cells in enumerate(csv.reader(lines), 1):
                for column, text in enumerate(cells, 1):
                    theirs[file.stem.partition("-")[2], cell_name(row, column)] = text.strip()
    ours = {
        (p.at.sheet, p.at.cell): p.text
        for p in read(xls.extract, path).passages
        if p.at.part != tables.COMMENT
    }
    assert len(ours) > 14_000
    assert ours == {place: text for place, text in theirs.items() if text}


@pytest.mark.parametrize(
    ("place", "name"), [((1, 1), "A1"), ((3, 27), "AA3"), ((9, 702), "ZZ9"), ((1, 703), "AAA1")]
)
def test_cells_are_named_as_spreadsheets_name_them(place: tuple[int, int], name: str) -> None:
    assert cell_name(*place) == name == openpyxl.utils.get_column_letter(place[1]) + str(place[0])


def test_every_format_that_has_a_number_only_can_be_shown() -> None:
    assert all(number_format.shown(44348.5, code) for code in number_format.BUILTIN.values())
