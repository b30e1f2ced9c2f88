"""What differs between two contents: text, tables, attachments, links."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.diffing import compare, runs
from catalog.text.extraction import Locator, Passage
from catalog.text.placed import PlacedText
from catalog.text.reading import read
from cli.ministry import Ministry, files
from tests.captures import TIME, answer, store, wire_group
from tests.muniment import muniment
from tests.notices import CHALLENGE, DAY, PAGE, new_archive, notice, shown
from tests.shared import shared


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


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return new_archive(tmp_path)


def difference(root: Path, *names: object) -> dict[str, Any]:
    told = muniment("diff", *names, "--json", archive=root)
    assert told.code == 0, told.err
    [row] = told.rows
    return row


def marked(row: dict[str, Any]) -> list[tuple[dict[str, Any] | None, str]]:
    marks = {"=": "{}", "-": "[-{}-]", "+": "{{+{}+}}"}
    return [
        (change["after"], "".join(marks[op].format(text) for op, text in change["runs"]))
        for change in row["changes"]
    ]


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


def a_pdf(words: str) -> bytes:
    return files.pdf(words, 3000)


def a_word_file(words: str) -> bytes:
    made = docx.Document()
    made.add_paragraph("商务部关于举办研修班的通知")
    row = made.add_table(1, 2).rows[0]
    row.cells[0].text, row.cells[1].text = "名额", words
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def a_sheet(words: str) -> bytes:
    made = openpyxl.Workbook()
    made.active.title = "报名表"
    made.active.append(["国家", "名额"])
    made.active.append(["老挝", words])
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "place"),
    [
        (a_pdf, {"page": 1}),
        (a_word_file, {"part": "table 1", "cell": "B1"}),
        (a_sheet, {"sheet": "报名表", "cell": "B2"}),
    ],
)
def test_two_files_are_compared_by_what_is_read_in_them(
    root: Path, make: Callable[[str], bytes], place: dict[str, Any]
) -> None:
    url = "https://www.example.gov/file"
    for n, words in enumerate(("名额20人", "名额25人")):
        block = answer(make(words), "application/octet-stream")
        store(root, wire_group(url, block, time=TIME + n * DAY), prefix=f"day{n}")
    muniment("rebuild", archive=root)
    [(at, told)] = marked(difference(root, url))
    assert told == "名额[-20-]{+25+}人"
    assert at is not None
    assert place.items() <= at.items()


def test_of_a_document_the_two_versions_seen_last_are_compared_in_their_order(root: Path) -> None:
    store(
        root,
        *(
            wire_group(PAGE, notice(places), time=TIME + n * DAY)
            for n, places in enumerate((15, 25, 20, 25))
        ),
        wire_group(PAGE, CHALLENGE, time=TIME + 9 * DAY),
        wire_group("https://mirror.example/", notice(20), time=TIME + 5 * DAY),
    )
    muniment("rebuild", archive=root)
    said = muniment("diff", PAGE, archive=root).out
    assert "名额[-20-]{+25+}人" in said
    assert "mirror.example" not in said


def test_a_url_is_compared_as_it_was_at_two_times(root: Path) -> None:
    store(
        root,
        *(
            wire_group(PAGE, notice(places), time=TIME + n * DAY)
            for n, places in enumerate((15, 20, 25))
        ),
    )
    muniment("rebuild", archive=root)
    for at, told in (
        (["2026-11-23"], "名额[-15-]{+25+}人"),
        (["2026-11-24", "2026-11-23"], "名额[-15-]{+20+}人"),
    ):
        options = [word for time in at for word in ("--at", time)]
        assert told in muniment("diff", PAGE, *options, archive=root).out
    assert muniment("diff", PAGE, PAGE, "--at", "2026-11-23", archive=root).code == 2


def test_bytes_that_differ_with_the_same_text_are_told_as_that(root: Path) -> None:
    body = notice().partition(b"\r\n\r\n")[2].replace(b"<title>", b"<title lang=zh>")
    store(
        root,
        wire_group(PAGE, notice()),
        wire_group(PAGE, answer(body, "text/html; charset=utf-8"), time=TIME + DAY),
        wire_group(PAGE, notice(reads=9), time=TIME + 2 * DAY),
    )
    muniment("rebuild", archive=root)
    captures = [row["id"] for row in muniment("list", "--json", archive=root).rows][::-1]
    kinds = [difference(root, captures[0], other)["difference"] for other in captures]
    assert kinds == ["same bytes", "same text", "only what changes by itself"]


@pytest.fixture(scope="module")
def ministry(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Ministry]:
    """The simulated ministry, crawled before and after its edits."""
    root = new_archive(tmp_path_factory.mktemp("ministry"))
    simulated = Ministry(2021, 16)
    with simulated.serve() as url:
        muniment("source", "add", "ministry", url, archive=root)
        muniment("crawl", archive=root)
        simulated.edit_clause(15, "逾期不予受理", "逾期也予受理")
        simulated.swap_attachment(12)
        simulated.delete(9)
        simulated.move(6, "/art/2021/art_6.html")
        muniment("crawl", archive=root)
    return root, url.removesuffix("/"), simulated


def test_a_clause_that_a_ministry_edits_is_told_by_its_characters(
    ministry: tuple[Path, str, Ministry],
) -> None:
    root, url, simulated = ministry
    row = difference(root, url + simulated.posting(15).path)
    assert row["difference"] == "other text"
    [(_, told)] = marked(row)
    assert "逾期[-不-]{+也+}予受理" in told
    assert len(shown(root, url + simulated.posting(15).path)["versions"]) == 2


def test_an_attachment_swapped_under_an_unchanged_notice_is_found(
    ministry: tuple[Path, str, Ministry],
) -> None:
    root, url, simulated = ministry
    row = difference(root, url + simulated.posting(12).path)
    assert row["difference"] == "same bytes"
    [change] = row["attachments"]
    assert change["how"] == "swapped"
    assert change["before"]["words"] == simulated.posting(12).attachments[0].name
    assert change["before"]["version"] != change["after"]["version"]


def test_every_attachment_of_the_ministry_is_bound_to_its_notice(
    ministry: tuple[Path, str, Ministry],
) -> None:
    root, url, simulated = ministry
    for posting in simulated.postings():
        bound = shown(root, url + posting.path)["attachments"]
        assert [file["words"] for file in bound] == [file.name for file in posting.attachments]
        assert all(file["version"] for file in bound)
        for file in posting.attachments:
            linking = shown(root, url + file.path)["attached_to"]
            assert {notice["words"] for notice in linking} == {file.name}


def test_a_posting_taken_down_keeps_its_version_and_says_what_came_in_its_place(
    ministry: tuple[Path, str, Ministry],
) -> None:
    root, url, simulated = ministry
    told = shown(root, url + simulated.posting(9).path)
    assert len(told["versions"]) == 1
    assert [seen["outcome"] for seen in told["in_its_place"]] == ["not-found"]


def test_a_posting_that_moved_is_told_as_the_same_elsewhere_and_its_list_links_it_there(
    ministry: tuple[Path, str, Ministry],
) -> None:
    root, url, simulated = ministry
    moved = url + simulated.posting(6).path
    assert [copy["how"] for copy in shown(root, moved)["copies"]] in (["same bytes"], ["same text"])
    links = difference(root, f"{url}/{simulated.posting(6).section}/")["links"]
    assert [address for address, _ in links["put_in"]] == [moved]
    assert len(links["taken_out"]) == 1
