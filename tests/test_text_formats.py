"""Feeds, answers of interfaces and tables in plain text are read value by value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog.text.extraction import Extraction
from catalog.text.reading import CHARACTERS, PASSAGES, bounded, read, storable
from tests.hostile_extractions import many


def extraction(folder: Path, content: str | bytes, name: str) -> Extraction:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path, None, name).extraction


def parts(told: Extraction) -> list[tuple[str, str | None]]:
    return [(passage.text, passage.at.part) for passage in told.passages]


def test_a_feed_is_read_element_by_element(tmp_path: Path) -> None:
    feed = """<?xml version="1.0" encoding="gb2312"?><rss><channel><title>商务部</title>
        <item><title>通知</title><description><![CDATA[<p>老挝<br>柬埔寨</p>]]></description></item>
        <item><title>公告<!-- x -->二</title><link>http://a.example/</link></item></channel></rss>"""
    told = extraction(tmp_path, feed.encode("gb2312"), "feed.xml")
    assert parts(told) == [
        ("商务部", "rss/channel/title"),
        ("通知", "rss/channel/item/title"),
        ("老挝", "rss/channel/item/description"),
        ("柬埔寨", "rss/channel/item/description"),
        ("公告", "rss/channel/item[2]/title"),
        ("二", "rss/channel/item[2]/title"),
        ("http://a.example/", "rss/channel/item[2]/link"),
    ]
    assert told.encoding is not None
    assert told.encoding.rule == "xml"


def test_entities_of_xml_are_not_expanded_and_fetch_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("SECRET")
    bomb = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    xml = f"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{bomb}
        <!ENTITY file SYSTEM "{tmp_path / "secret"}">]><x><y>&a11;</y><z>&file;</z><w>words</w></x>"""
    told = extraction(tmp_path, xml, "bomb.xml")
    assert told.passages[-1].text == "words"
    assert "SECRET" not in told.text
    assert "ha" not in told.text


@pytest.mark.parametrize(
    "xml",
    [
        "<?xml version='1.0'?><a><b>老挝</b><c>缅甸 &nbsp;x</a>",
        "<?xml version='1.0'?>" + "<a>" * 5_000 + "老挝 缅甸" + "</a>" * 5_000,
        "<?xml version='1.0'?><a><![CDATA[老挝]]><b>缅甸</a>",
    ],
)
def test_words_of_broken_xml_are_kept(tmp_path: Path, xml: str) -> None:
    told = extraction(tmp_path, xml, "broken.xml")
    assert told.recipe == "xml-flat/1"
    assert "老挝" in told.text
    assert "缅甸" in told.text


def test_answers_of_interfaces_are_read_value_by_value(tmp_path: Path) -> None:
    answer = {
        "success": True,
        "data": {"html": "<ul><li><a href=a>通知一</a><li>通知二</ul>", "total": 2},
        "list": [{"TITLE": "公告", "URL": "/a"}, None],
    }
    told = extraction(tmp_path, json.dumps(answer), "unit.json")
    assert parts(told) == [
        ("通知一", "data.html"),
        ("通知二", "data.html"),
        ("2", "data.total"),
        ("公告", "list[1].TITLE"),
        ("/a", "list[1].URL"),
    ]
    lines = extraction(tmp_path, '{"a": "甲"}\n{"a": "乙"}\n', "x.ndjson")
    assert parts(lines) == [("甲", "[1].a"), ("乙", "[2].a")]


def test_json_of_any_depth_ends_in_a_reading(tmp_path: Path) -> None:
    told = extraction(tmp_path, "[" * 100_000 + "]" * 100_000, "deep.json")
    assert told.code is None
    assert told.recipe == "plain/1"


def test_separated_values_are_read_cell_by_cell(tmp_path: Path) -> None:
    told = extraction(tmp_path, '国别;名额\n"老挝;琅勃拉邦";25\n;"两\n行"\n', "a.csv")
    assert [(passage.text, passage.at.cell) for passage in told.passages] == [
        ("国别", "A1"),
        ("名额", "B1"),
        ("老挝;琅勃拉邦", "A2"),
        ("25", "B2"),
        ("两\n行", "B3"),
    ]


@pytest.mark.parametrize(("content", "detail"), [(b"", "empty"), (b" \r\n", "no words")])
def test_an_empty_file_says_so(tmp_path: Path, content: bytes, detail: str) -> None:
    told = extraction(tmp_path, content, "a.txt")
    assert told.code == "no-text"
    assert detail in (told.detail or "")


def test_a_text_beyond_the_limits_is_cut_and_says_so() -> None:
    for told in (many("x" * 1_000_000, 30), many("x", PASSAGES + 5)):
        cut = bounded(told)
        assert cut.code == "over-limit"
        assert len(cut.text) <= CHARACTERS
        assert len(cut.passages) <= PASSAGES
        assert told.text.startswith(cut.text)
    whole = many("x", 3)
    assert bounded(whole) == whole


def test_what_no_database_holds_is_replaced_and_moves_nothing() -> None:
    assert storable("a\x00b\ud800c") == "a\ufffdb\ufffdc"
    assert bounded(many("a\x00\udfffb", 1)).text == "a\ufffd\ufffdb"
