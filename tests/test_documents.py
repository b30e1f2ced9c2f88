"""Documents over time and elsewhere: what is a version, what is a copy, and what differs."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.ident import printed
from catalog.diffing import compare, runs
from catalog.keys import document_id, document_key
from catalog.postings.attachments import is_file
from catalog.text.extraction import Locator, Passage
from catalog.text.normal import RULES, nfkc, normal
from catalog.text.placed import PlacedText
from catalog.text.reading import read
from catalog.text.sketch import KEPT, SHORTEST, runs_of, similarity, sketch
from tests.captures import TIME, answer, store, wire_group
from tests.muniment import muniment
from tests.shared import shared

PAGE = "https://www.example.gov/notice.html"
DAY = timedelta(days=1)
CLAUSE = "根据商务部2021年援外培训计划，现定于2021年6月1日至21日举办跨境电子商务研修班，名额{}人，请各单位组织推荐符合条件的人员参加。"


def notice(places: int = 25, reads: int = 1, links: str = "") -> bytes:
    text = CLAUSE.format(places)
    return answer(
        f"<html><title>通知</title><p>{text}</p><p>浏览次数：{reads}次</p>{links}</html>".encode()
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "a"
    muniment("init", root, "--operator", "Ada")
    return root


def shown(root: Path, url: str) -> dict[str, object]:
    told = muniment("show", printed(document_id(url)), "--json", archive=root)
    assert told.code == 0, told.err
    [row] = told.rows
    return row


@pytest.mark.parametrize(
    "same",
    [
        "http://www.example.gov/notice.html",
        "https://example.gov:443/notice.html#top",
        "HTTPS://WWW.EXAMPLE.GOV/notice.html",
        "https://www.example.gov/notice.html;jsessionid=A1B2C3D4E5F60718293A4B5C6D7E8F90",
        "https://www.example.gov/notice.html?PHPSESSID=a1b2c3d4e5f60718293a4b5c6d7e8f90",
    ],
)
def test_how_a_document_was_asked_for_makes_no_other_document(same: str) -> None:
    assert document_id(same) == document_id(PAGE)


@pytest.mark.parametrize(
    "other",
    [
        "https://www.example.gov/Notice.html",
        "https://www.example.gov/notice.html?id=1",
        "https://www.example.gov:8443/notice.html",
        "https://old.example.gov/notice.html",
        "urn:notice",
    ],
)
def test_what_may_be_another_document_stays_one(other: str) -> None:
    assert document_id(other) != document_id(PAGE)


@given(st.text())
def test_any_url_has_a_key_that_is_its_own_key(url: str) -> None:
    key = document_key(f"https://{url}")
    assert document_key(f"http://{key}") == key


def test_a_click_counter_makes_no_new_version_and_an_edited_clause_does(root: Path) -> None:
    store(
        root,
        wire_group(PAGE, notice(reads=10)),
        wire_group(PAGE, notice(reads=4711), time=TIME + DAY),
        wire_group(
            PAGE.replace("https", "http"), notice(places=20, reads=5000), time=TIME + 2 * DAY
        ),
    )
    muniment("rebuild", archive=root)
    told = shown(root, PAGE)
    assert told["urls"] == ["http://www.example.gov/notice.html", PAGE]
    assert [(v["sightings"], len(v["contents"])) for v in told["versions"]] == [(2, 2), (1, 1)]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("点击数：12", "点击数：4,711"),
        ("浏览：12", "浏览：13"),
        ("阅读 12", "阅读 1.3万"),
        ("访问量（12）", "访问量（13）"),
        (
            "发布日期：2021-06-01 点击：12 来源：商务部",
            "发布日期：2021-06-01 点击：13 来源：商务部",
        ),
        ("文件已被下载 12 次", "文件已被下载 13 次"),
        ("当前时间：2021-06-01 09:30", "当前时间：2021-06-02 10:31"),
        ("您的IP地址是：10.0.0.1", "您的IP地址是：10.0.0.2"),
        ("Request ID: 0a1b2c3d4e5f6071", "Request ID: 8a9b2c3d4e5f6071"),
        ("/list;jsessionid=A1B2C3D4E5F60718", "/list;jsessionid=B1B2C3D4E5F60718"),
        ("Number of views (12)/Comments (0)", "Number of views (13)/Comments (0)"),
        ("Wednesday, February 01, 2017", "Thursday, 2 February 2017"),
        ("附件【名单.doc】已下载12次", "附件【名单.doc】已下载9次"),
        ("您是第 12 位访客", "您是第 13 位访客"),
        ("今天是2021年6月1日 星期二", "今天是2021年6月2日 星期三"),
        ("2021年6月1日 星期二", "2021年6月2日 星期三"),
        ("版权所有 © 2021 商务部", "版权所有 © 2022 商务部"),
        ("Processed in 0.012 seconds", "Processed in 1.5 seconds"),
        ("商务部\u3000公告", "商务部 公告"),
    ],
)
def test_what_changes_by_itself_is_no_content(one: str, other: str) -> None:
    assert normal(one) == normal(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("名额20人", "名额25人"),
        ("定于2021年6月1日举办", "定于2021年6月2日举办"),
        ("发布日期：2021年6月1日", "发布日期：2021年6月2日"),
        ("生成日期：2021-06-01", "生成日期：2021-06-02"),
        ("北京时间2021年6月1日9:30截止", "北京时间2021年6月8日9:30截止"),
        ("请阅读2021年通知", "请阅读2022年通知"),
        ("下载附件1", "下载附件2"),
        ("下载：2021年名单.doc", "下载：2022年名单.doc"),
        ("下载量\n1200", "下载量\n1300"),
        ("全年访问中国的团组共12个", "全年访问中国的团组共13个"),
        ("代表团访问12个国家", "代表团访问13个国家"),
        ("访问人数：12人", "访问人数：15人"),
        ("先后访问3次", "先后访问4次"),
        ("阅读率：12%", "阅读率：15%"),
        ("处理时间：30秒", "处理时间：60秒"),
        ("重点关注3个问题", "重点关注4个问题"),
        ("Views of 12 ministers", "Views of 13 ministers"),
        ("Visitors: 1,200", "Visitors: 1,300"),
        ("6月1日 星期二\n开幕", "6月3日 星期四\n开幕"),
        (
            "2021年6月1日 星期二\n开幕\n2021年6月2日 星期三\n闭幕",
            "2021年6月3日 星期四\n开幕\n2021年6月4日 星期五\n闭幕",
        ),
    ],
)
def test_a_number_or_a_date_in_what_a_notice_says_is_content(one: str, other: str) -> None:
    assert normal(one) != normal(other)


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("，：（）ＡｶﾞǺ①")))
def test_a_text_is_folded_as_unicode_says_whatever_is_in_it(text: str) -> None:
    assert nfkc(text) == unicodedata.normalize("NFKC", text)


def test_every_rule_says_why() -> None:
    assert all(rule.why and rule.name for rule in RULES)


def test_the_same_elsewhere_is_listed_and_what_is_alike_is_never_merged(root: Path) -> None:
    elsewhere = "https://embassy.example/notice"
    university = "https://university.example/art/1.html"
    store(
        root,
        wire_group(PAGE, notice()),
        wire_group(elsewhere, notice(reads=99), time=TIME + DAY),
        wire_group(university, notice(places=20), time=TIME + DAY),
        wire_group(
            "https://other.example/",
            answer(
                "<p>今天天气很好，适合去公园散步，看花，喝茶，读书，写字，画画，唱歌，跳舞，下棋，聊天。</p>".encode()
            ),
        ),
    )
    muniment("rebuild", archive=root)
    told = shown(root, PAGE)
    assert [(c["url"], c["how"]) for c in told["copies"]] == [(elsewhere, "same text")]  # type: ignore[attr-defined]
    alike = {c["url"]: c["similarity"] for c in told["alike"]}  # type: ignore[attr-defined]
    assert alike.keys() == {university}
    assert 0.8 < alike[university] < 1
    assert len(told["versions"]) == 1  # type: ignore[arg-type]


def test_attachments_are_bound_to_their_notice_with_the_words_of_the_link(root: Path) -> None:
    file = "https://www.example.gov/files/1.doc"
    links = '<a href="files/1.doc">附件1：名单</a><a href="/files/2.pdf">附件2</a><a href="more.html">更多</a>'
    store(
        root,
        wire_group(PAGE, notice(links=links)),
        wire_group(file, answer(b"doc", "application/msword")),
    )
    muniment("rebuild", archive=root)
    attachments = shown(root, PAGE)["attachments"]
    if not attachments:
        pytest.skip("links are not told by this reader of pages")
    assert attachments == [
        {"url": file, "words": "附件1：名单", "held": True},
        {"url": "https://www.example.gov/files/2.pdf", "words": "附件2", "held": False},
    ]
    assert shown(root, file)["attached_to"] == [{"url": PAGE, "words": "附件1：名单"}]


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://a.example/1.PDF", True),
        ("https://a.example/system/_content/download.jsp?urltype=news&wbfileid=3", True),
        ("https://a.example/module/download/downfile.jsp?filename=1.doc", True),
        ("https://a.example/art/1.html", False),
        ("https://a.example/list.jsp?page=2", False),
    ],
)
def test_files_are_told_from_pages_by_their_addresses(url: str, *, is_one: bool) -> None:
    assert is_file(url) is is_one


@given(st.text(min_size=60, max_size=200))
def test_a_text_is_like_itself(text: str) -> None:
    assert similarity(text, text) == 1.0
    assert all(0 <= value < 1 << 63 for value in sketch(text))


@given(st.text(min_size=0, max_size=40), st.integers(1, 60))
def test_a_sketch_is_the_least_hashes_of_a_text_however_long(text: str, times: int) -> None:
    long = "".join(f"{text}{n}" for n in range(times))
    least = sorted(int(value) for value in runs_of(long))[:KEPT]
    assert sketch(long) == (least if len(long) >= SHORTEST else [])


@given(st.text(max_size=30), st.text(max_size=30))
def test_similarity_is_the_share_of_runs_in_common(one: str, other: str) -> None:
    first, second = ({t[n : n + 3] for n in range(len(t) - 2)} for t in (one, other))
    either = first | second
    expected = len(first & second) / len(either) if first and second else float(one == other)
    assert similarity(one, other) == pytest.approx(expected)


def placed(*texts: str, cells: bool = False) -> PlacedText:
    return PlacedText.of(
        Passage(text, Locator(cell=f"A{n}", sheet="S") if cells else Locator(paragraph=n))
        for n, text in enumerate(texts, 1)
    )


def told(first: str, second: str) -> str:
    marks = {"=": "{}", "-": "[-{}-]", "+": "{{+{}+}}"}
    return "".join(marks[run.op].format(run.text) for run in runs(first, second))


@pytest.mark.parametrize(
    ("first", "second", "marked"),
    [
        ("邀请老挝、柬埔寨参加", "邀请柬埔寨参加", "邀请[-老挝、-]柬埔寨参加"),
        ("名额20人", "名额25人", "名额[-20-]{+25+}人"),
        ("was logged online", "was recorded online", "was [-logged-]{+recorded+} online"),
        ("1,691 files", "1,961 files", "[-1,691-]{+1,961+} files"),
        ("6月1日至21日", "7月5日至25日", "[-6-]{+7+}月[-1-]{+5+}日至[-21-]{+25+}日"),
        ("the quick brown fox", "one slow red fox", "[-the quick brown-]{+one slow red+} fox"),
        ("前组织推荐符合条件的", "前选拔报送合格的", "前[-组织推荐符合条件-]{+选拔报送合格+}的"),
    ],
)
def test_a_change_is_told_by_characters_in_chinese_and_by_words_and_numbers_elsewhere(
    first: str, second: str, marked: str
) -> None:
    assert told(first, second) == marked


@given(st.text(), st.text())
def test_a_difference_gives_back_both_texts(first: str, second: str) -> None:
    found = runs(first, second)
    assert "".join(run.text for run in found if run.op != "+") == first
    assert "".join(run.text for run in found if run.op != "-") == second


@given(
    st.lists(st.text(alphabet="ab商", min_size=1, max_size=4)),
    st.lists(st.text(alphabet="ab商", min_size=1, max_size=4)),
)
def test_texts_without_a_change_are_the_same(first: list[str], second: list[str]) -> None:
    found = compare(placed(*first), placed(*second))
    assert (found.kind == "same text") == (placed(*first).text == placed(*second).text)


def test_cells_are_compared_by_their_names() -> None:
    found = compare(placed("老挝", "20", cells=True), placed("老挝", "25", "新", cells=True))
    assert [(str(change.before), str(change.after)) for change in found.changes] == [
        ("S!A2", "S!A2"),
        ("None", "S!A3"),
    ]


def table(*rows: str) -> PlacedText:
    """Rows of a sheet, each character a cell."""
    return PlacedText.of(
        Passage(word, Locator(sheet="S", cell=f"{'ABCD'[column]}{number}"))
        for number, row in enumerate(rows, 1)
        for column, word in enumerate(row.split())
    )


@pytest.mark.parametrize(
    ("rows", "changes"),
    [
        (["老挝 20 人", "泰国 25 人"], []),
        (["老挝 20 人", "泰国 30 人"], [("S!B2", "S!B2", "-25+30")]),
        (["越南 9 人", "老挝 20 人", "泰国 25 人"], [(None, "S!A1", "+越南\t9\t人")]),
        (["泰国 25 人"], [("S!A1", None, "-老挝\t20\t人")]),
        (["老挝 甲 20 人", "泰国 乙 25 人"], [(None, "S!B1", "+甲"), (None, "S!B2", "+乙")]),
        (
            ["越南 9 人", "老挝 20 名", "泰国 25 人"],
            [(None, "S!A1", "+越南\t9\t人"), ("S!C1", "S!C2", "-人+名")],
        ),
    ],
)
def test_a_row_or_a_column_put_in_moves_no_other_cell(
    rows: list[str], changes: list[tuple[str | None, str | None, str]]
) -> None:
    found = compare(table("老挝 20 人", "泰国 25 人"), table(*rows))
    assert [
        (
            str(change.before) if change.before else None,
            str(change.after) if change.after else None,
            "".join(run.op + run.text for run in change.runs),
        )
        for change in found.changes
    ] == changes


@given(
    st.lists(st.text(alphabet="ab 商", max_size=6), max_size=6),
    st.lists(st.text(alphabet="ab 商", max_size=6), max_size=6),
)
def test_the_changes_of_a_table_make_the_second_out_of_the_first(
    first: list[str], second: list[str]
) -> None:
    before, after = table(*(row[:7] for row in first)), table(*(row[:7] for row in second))
    found = Counter("".join(before.text.split()))
    for change in compare(before, after).changes:
        for run in change.runs:
            characters = Counter("".join(run.text.split()))
            if run.op == "-":
                assert characters <= found
                found -= characters
            elif run.op == "+":
                found += characters
    assert found == Counter("".join(after.text.split()))


def test_what_cannot_be_compared_in_time_is_told_as_a_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("catalog.diffing.SECONDS", 0.0)
    found = compare(placed("甲乙丙", "丁"), placed("甲乙戊", "丁"))
    assert found.coarse
    assert [(run.op, run.text) for run in found.changes[0].runs] == [
        ("-", "甲乙丙\n丁"),
        ("+", "甲乙戊\n丁"),
    ]


def test_a_counter_alone_is_told_as_that() -> None:
    assert compare(placed("点击数：1"), placed("点击数：2")).kind == "only what changes by itself"


def test_a_long_text_is_compared_in_a_moment() -> None:
    lines = [f"第{n}条 本规定自公布之日起施行。" for n in range(100_000)]
    other = [*lines[:500], "新", *lines[501:]]
    [change] = compare(placed(*lines), placed(*other)).changes
    assert str(change.before) == "paragraph 501"


def test_diff_shows_the_last_two_versions_of_a_document(root: Path) -> None:
    swapped = "https://www.example.gov/files/1.doc"
    link = '<a href="files/1.doc">附件1</a>'
    store(
        root,
        wire_group(PAGE, notice(25, links=link)),
        wire_group(swapped, answer(b"{\\rtf1 one}", "application/msword")),
        wire_group(
            PAGE, notice(20, links=link + '<a href="files/2.doc">附件2</a>'), time=TIME + 2 * DAY
        ),
        wire_group(swapped, answer(b"{\\rtf1 two}", "application/msword"), time=TIME + DAY),
    )
    muniment("rebuild", archive=root)
    said = muniment("diff", PAGE, archive=root)
    assert said.code == 0
    assert "名额[-25-]{+20+}人" in said.out
    row = json.loads(muniment("diff", PAGE, "--json", archive=root).out)
    assert row["difference"] == "other text"
    if shown(root, PAGE)["attachments"]:
        assert any("put in: “附件2”" in line for line in row["attachments"])
        assert any("swapped" in line for line in row["attachments"])


def test_without_a_text_a_difference_is_not_checked(root: Path) -> None:
    store(
        root,
        wire_group(PAGE, answer(b"\x89PNG\r\n\x1a\n1", "image/png")),
        wire_group(PAGE, answer(b"\x89PNG\r\n\x1a\n2", "image/png"), time=TIME + DAY),
    )
    muniment("rebuild", archive=root)
    said = muniment("diff", PAGE, archive=root)
    assert said.code == 3
    assert "has no text to compare" in said.err


@pytest.mark.parametrize(
    ("pair", "alike"),
    [
        ("num-views", True),  # a counter, and the day of the week
        ("footer", False),  # other pictures, with captions that no rule tells from a text
        ("small-changes", False),  # a name of a page that became longer
    ],
)
def test_of_pages_that_people_labelled_as_unchanged_what_no_rule_names_is_still_shown(
    pair: str, *, alike: bool
) -> None:
    folder = shared("data/ministry/edgi-govdata-archiving+web-monitoring-processing/archives")
    texts = [
        PlacedText.of(
            read(folder / f"falsepos-{pair}-{side}.html", "text/html", None).extraction.passages
        )
        for side in "ab"
    ]
    assert texts[0].text != texts[1].text
    expected = "only what changes by itself" if alike else "other text"
    assert compare(*texts).kind == expected
