"""Workbooks: each cell as a reader sees it."""

from __future__ import annotations

import datetime
from pathlib import Path

import openpyxl
import pytest
import xlrd
from hypothesis import given
from hypothesis import strategies as st

from catalog.text import xls, xlsx
from catalog.text.cells import shown
from catalog.text.tables import cell_name
from tests.documents import read
from tests.shared import shared


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
