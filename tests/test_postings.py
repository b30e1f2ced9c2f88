"""What a posting says of itself: each value with its place, and the one that is shown with a reason."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from archive.layout import ArchiveRoot
from catalog.indexing import index
from catalog.ingest import ingest, sealed
from catalog.postings.choice import ORDER, choose
from catalog.postings.dates import date_of, dates_in
from catalog.postings.numbers import number_alone, number_in
from catalog.postings.posting import posting_rows
from catalog.postings.values import FIELDS, Value
from catalog.text.extraction import Extraction, Locator, Passage
from catalog.text.reading import read
from tests.catalogs import rows
from tests.sealed import page, store
from tests.shared import shared

Row = dict[str, Any]


def posting(
    *lines: str,
    properties: tuple[tuple[str, str], ...] = (),
    url: str = "http://ministry.example/",
    modified: str | None = None,
) -> tuple[Row, list[Row]]:
    passages = tuple(Passage(line, Locator(paragraph=n)) for n, line in enumerate(lines, 1))
    extraction = Extraction(tool="t", recipe="t/1", passages=passages, properties=properties)
    return posting_rows("v", extraction, url, modified)


def stated(rows: list[Row], field: str) -> list[tuple[str, str]]:
    return [(row["value"], row["place"]) for row in rows if row["field"] == field]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2021年6月1日", "2021-06-01"),
        ("2021 年 6 月 1 日", "2021-06-01"),
        ("２０２１年６月１日", "2021-06-01"),
        ("二〇二一年六月二十一日", "2021-06-21"),
        ("二○二一年十二月三十一日", "2021-12-31"),
        ("二零二一年十月", "2021-10"),
        ("[2021-05-21]", "2021-05-21"),
        ("2021/6/1 07:16", "2021-06-01T07:16"),
        ("2021-06-01 07:16:33", "2021-06-01T07:16"),
        ("2026-07-19T07:16:00+08:00", "2026-07-19T07:16+08:00"),
        ("2021年6月1日 8时05分", "2021-06-01T08:05"),
        ("2021.6", "2021-06"),
        ("2021年", "2021"),
        ("20210601", "2021-06-01"),
        ("13 June 2024", "2024-06-13"),
        ("June 13, 2024", "2024-06-13"),
        ("2021-13-01", None),
        ("2021年2月30日", None),
        ("3021年2月3日", None),
        ("电话 010-20216612", None),
        ("共2021人", None),
        ("", None),
    ],
)
def test_a_date_is_no_more_exact_than_it_is_written(written: str, value: str | None) -> None:
    assert date_of(written) == value


def test_the_first_day_of_a_span_and_its_place_are_found() -> None:
    found = list(dates_in("项目定于2021年6月1日至21日举办，2021-05-20报名截止"))
    assert [(dated.value, dated.raw, dated.start) for dated in found] == [
        ("2021-06-01", "2021年6月1日", 4),
        ("2021-05-20", "2021-05-20", 20),
    ]


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_every_day_is_read_from_each_way_of_writing_it(day: date) -> None:
    digits = "〇一二三四五六七八九"

    def chinese(number: int) -> str:
        tens, ones = divmod(number, 10)
        return (("" if tens == 1 else digits[tens]) + "十" if tens else "") + (
            digits[ones] if ones else ""
        )

    year = "".join(digits[int(c)] for c in str(day.year))
    for written in (
        f"{day.year}年{day.month}月{day.day}日",
        day.isoformat(),
        f"{day.year}/{day.month}/{day.day}",
        f"{year}年{chinese(day.month)}月{chinese(day.day)}日",
        day.strftime("%Y%m%d"),
    ):
        assert date_of(written) == day.isoformat()


@given(st.text())
def test_any_text_has_dates_that_stand_in_it_or_none(text: str) -> None:
    for dated in dates_in(text):
        assert text[dated.start : dated.start + len(dated.raw)] == dated.raw


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("国办函〔2006〕82号", "国办函〔2006〕82号"),
        ("商援函[2021] 12 号", "商援函〔2021〕12号"),
        ("商援函（2021）第012号", "商援函〔2021〕12号"),
        ("商务部公告2021年第12号", "商务部公告2021年第12号"),
        ("中华人民共和国国务院令\n第712号", "中华人民共和国国务院令第712号"),
        ("第12号", None),
        ("名额25人", None),
    ],
)
def test_a_document_number_has_one_form(written: str, number: str | None) -> None:
    assert number_in(written) == number


def test_a_number_within_a_sentence_is_of_another_document() -> None:
    assert number_alone("（商援函〔2021〕12号）") == "商援函〔2021〕12号"
    assert number_alone("根据商援函〔2021〕12号的要求") is None


def test_the_header_block_of_disclosure_is_read_cell_by_cell_and_in_one_line() -> None:
    cells = ("索 引 号：", "000014349/2021-00012", "发文机关：", "商务部", "成文日期：", "2021年6月1日",
             "标　　题：", "关于举办研修班的通知", "发文字号：", "商援函〔2021〕12号", "发布日期：", "2021年6月3日")  # fmt: skip
    chosen = {
        "title": "关于举办研修班的通知",
        "number": "商援函〔2021〕12号",
        "index_number": "000014349/2021-00012",
        "agency": "商务部",
        "written": "2021-06-01",
        "posted": "2021-06-03",
        "source": None,
    }
    row, told = posting(*cells)
    assert row == {"version_id": "v", **chosen}
    assert stated(told, "posted") == [("2021-06-03", "发布日期, paragraph 11")]
    in_one = "".join(
        f"{label}{value} " for label, value in zip(cells[::2], cells[1::2], strict=True)
    )
    assert posting(in_one)[0] == row


def test_an_empty_label_takes_no_other_label_for_its_value() -> None:
    row, _ = posting("发文字号：", "发布日期：", "2021年6月3日")
    assert (row["number"], row["posted"]) == (None, "2021-06-03")


def test_written_and_posted_stay_apart() -> None:
    row, _ = posting(
        "关于研修班的通知",
        "各单位：",
        "商务部",
        "2021年6月1日",
        properties=(("PubDate", "2021-06-03 07:16"),),
    )
    assert (row["written"], row["posted"]) == ("2021-06-01", "2021-06-03T07:16")
    assert row["agency"] == "商务部"


def test_values_that_disagree_are_all_kept_and_the_choice_is_said() -> None:
    row, told = posting(
        "关于研修班的通知",
        "发布日期：2021年6月3日 来源：商务部 作者：某某",
        properties=(
            ("title", "关于研修班的通知_商务部"),
            ("PubDate", "2021-06-03 07:16"),
            ("ContentSource", "教育部"),
            ("article:published_time", "2022-01-01"),
        ),
        url="http://ministry.example/art/202105/t20210520_1.html",
        modified="Tue, 01 Jun 2021 00:00:00 GMT",
    )
    assert (row["title"], row["source"], row["posted"]) == (
        "关于研修班的通知",
        "教育部",
        "2021-06-03",
    )
    why = [(r["value"], r["place"], r["why"]) for r in told if r["field"] == "posted"]
    assert why == [
        ("2021-06-03", "发布日期, paragraph 2", "the header block of information disclosure states it"),
        ("2021-06-03T07:16", "meta PubDate", "agrees with 发布日期, paragraph 2, and is more exact"),
        ("2022-01-01", "meta article:published_time", f"differs from 发布日期, paragraph 2: {ORDER['header block']}"),
        ("2021-05-20", "URL", f"differs from 发布日期, paragraph 2: {ORDER['header block']}"),
        ("2021-06-01T00:00Z", "Last-Modified", ORDER["server"]),
    ]  # fmt: skip
    assert stated(told, "source") == [
        ("教育部", "meta ContentSource"),
        ("商务部", "来源, paragraph 2"),
    ]


def test_a_server_s_clock_is_never_taken_for_the_day_of_posting() -> None:
    row, told = posting("研修班", modified="Tue, 01 Jun 2021 00:00:00 GMT")
    assert row["posted"] is None
    assert stated(told, "posted") == [("2021-06-01T00:00Z", "Last-Modified")]


def test_the_name_of_a_word_file_is_no_title_where_the_text_has_one() -> None:
    row, _ = posting(
        "附件",
        "关于举办研修班的通知",
        "各单位：",
        properties=(("title", "Microsoft Word - 新建.doc"),),
    )
    assert row["title"] == "关于举办研修班的通知"


@given(
    st.lists(
        st.builds(
            Value,
            st.sampled_from(FIELDS),
            st.text(),
            st.text(),
            st.sampled_from(list(ORDER)),
            st.text(),
        )
    )
)
def test_each_field_has_one_choice_and_ranks_without_gaps(values: list[Value]) -> None:
    choices = list(choose(values))
    for field in FIELDS:
        of_field = [choice for choice in choices if choice.value.field == field]
        assert [choice.rank for choice in of_field] == list(range(1, len(of_field) + 1))
        assert sum(choice.chosen for choice in of_field) <= 1
    assert {value.value for value in values} == {choice.value.value for choice in choices}


def test_the_catalog_keeps_what_a_page_states(engine: Engine, tmp_path: Path) -> None:
    root = ArchiveRoot.create(tmp_path / "archive")
    body = "<html><p>关于举办研修班的通知</p><p>商援函〔2021〕12号</p><p>名额25人</p></html>"
    store(root, page(body=body.encode()))
    ingest(engine, sealed(root), root)
    index(engine, root)
    assert rows(engine, "SELECT title, number FROM posting") == [
        ("关于举办研修班的通知", "商援函〔2021〕12号")
    ]
    assert rows(engine, "SELECT value, place FROM stated WHERE field = 'number'") == [
        ("商援函〔2021〕12号", "text, paragraph 2")
    ]


def test_notices_of_the_state_council_give_their_header_block() -> None:
    folder = shared("data/ministry/derived_gov.cn_from_sql")
    for path in sorted(folder.glob("a_*.html")):
        reading = read(path, "text/html", path.name)
        row, told = posting_rows("v", reading.extraction, "http://www.gov.cn/", None)
        assert row["title"], path.name
        assert row["index_number"].startswith("000014349/"), path.name
        assert row["agency"].startswith("国务院"), path.name
        assert row["written"] <= row["posted"], path.name
        assert row["number"] is None or number_in(row["number"]) == row["number"], path.name
        assert all(each["place"] and each["why"] for each in told)
