"""`muniment search`: what a person and a program are shown, and told of what was not searched."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from rich.cells import cell_len

from cli.keys import KEYS
from cli.search import _folds
from tests.captures import TIME, answer, store, wire_group
from tests.muniment import muniment

A, B = "https://www.example.gov/a.html", "https://www.example.gov/b.html"


def html(title: str, text: str) -> bytes:
    head = f"<html><head><meta charset='utf-8'><title>{title}</title></head>"
    return answer(f"{head}<body><nav>研修班</nav><p>{text}</p></body></html>".encode())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("search") / "a"
    muniment("init", root, "--operator", "Ada")
    seminar = html(
        "关于研修班的通知", "名额２５人，邀请老挝。商务部研修班</p><p>研修班</p><p>又研修班"
    )
    store(
        root,
        wire_group(A, seminar),
        wire_group(A, seminar, time=TIME + timedelta(days=400)),
        wire_group(B, html("招聘", "\x1b[31m老挝 seminar")),
        wire_group("https://www.example.gov/c.png", answer(b"\x89PNG\r\n\x1a\n", "image/png")),
    )
    assert muniment("rebuild", archive=root).code == 0
    return root


def test_passages_are_shown_with_their_places_and_what_was_found(made: Path) -> None:
    told = muniment("search", "老挝 25人", archive=made)
    assert told.code == 0
    title, about, *passages = told.out.splitlines()
    assert title == "关于研修班的通知"
    assert A in about
    assert "captured 2027-12-28 08:00:00Z" in about
    assert passages[0].endswith("paragraph 2: 名额【２５人】，邀请【老挝】。商务部研修班")
    assert "1 text found" in told.err


def test_what_could_not_be_searched_is_told_also_where_nothing_is_found(made: Path) -> None:
    for words, code in (("研修班", 0), ("没有的词", 4)):
        told = muniment("search", words, archive=made)
        assert told.code == code
        assert "not searched, for they have no text: unsupported 1" in told.err


def test_a_program_gets_documented_keys_and_places(made: Path) -> None:
    (row,) = muniment("search", "25人", "--json", archive=made).rows
    assert row.keys() <= KEYS.keys()
    assert (row["url"], row["title"]) == (A, "关于研修班的通知")
    assert (row["first"][:10], row["last"][:10]) == ("2026-11-23", "2027-12-28")
    (passage,) = row["passages"]
    (start, end) = passage["marks"][0]
    assert passage["text"][start:end] == "２５人"
    assert muniment("show", row["version"], archive=made).code == 0
    assert muniment("show", row["capture"], archive=made).code == 0


def test_what_stands_around_a_text_is_shown_where_the_text_has_nothing(made: Path) -> None:
    (row, other) = muniment("search", "研修班", "--json", archive=made).rows
    assert [passage["at"].get("part") for passage in row["passages"]] == [None, None, None]
    assert [passage["at"].get("part") for passage in other["passages"]] == ["nav"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["老挝", "NOT", "招聘"], 0),
        (["老挝 NOT 招聘"], 0),
        (["老挝", "--type", "pdf"], 4),
        (["老挝", "--type", "html"], 0),
        (["老挝", "--since", "2027-01-01", "--date", "captured"], 0),
        (["老挝", "--until", "2026-01-01", "--date", "captured"], 4),
        (["老撾", "--fold"], 0),
        (["老撾"], 4),
        (["NOT", "老挝"], 2),
        (["(老挝"], 2),
        (["老挝", "--type", "nonsense"], 2),
        (["老挝", "--collection", "nowhere"], 4),
    ],
)
def test_the_exit_code_tells_what_came_of_it(made: Path, words: list[str], code: int) -> None:
    assert muniment("search", *words, archive=made).code == code


def test_undated_texts_that_a_date_leaves_out_are_told(made: Path) -> None:
    told = muniment("search", "老挝", "--since", "2020-01-01", archive=made)
    assert told.code == 4
    assert "left out, for they state no such date: 2 texts" in told.err


def test_a_collection_is_searched_alone(made: Path) -> None:
    muniment("collection", "create", "c", archive=made)
    assert muniment("search", "老挝", "--collection", "c", archive=made).code == 4
    muniment("collection", "add", "c", B, archive=made)
    rows = muniment("search", "老挝", "--collection", "c", "--json", archive=made).rows
    assert [row["url"] for row in rows] == [B]


def test_a_page_moves_no_cursor(made: Path) -> None:
    assert "\x1b" not in muniment("search", "seminar", archive=made).out


@pytest.mark.parametrize("width", [20, 39, 80])
def test_lines_are_folded_at_the_width_of_what_is_shown(width: int) -> None:
    text = "名额25人，邀请老挝 seminar on digital commerce 跨境电子商务" * 3 + "x" * 100
    folds = [0, *_folds(text, width), len(text)]
    lines = [text[a:b] for a, b in pairwise(folds)]
    assert "".join(lines) == text
    assert all(cell_len(line.rstrip()) <= width for line in lines)
    assert len(lines) <= 2 * cell_len(text) // width + 2
