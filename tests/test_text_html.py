"""A page is read line by line, each with its place, and no page keeps a reader busy for long."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.text.extraction import Extraction
from catalog.text.formats import Content
from catalog.text.html import extract, flat, fragment
from catalog.text.reading import PASSAGES
from catalog.text.worker import Job, Readers


def read(folder: Path, page: str | bytes, content_type: str | None = None) -> Extraction:
    path = folder / "page.html"
    path.write_bytes(page.encode() if isinstance(page, str) else page)
    return extract(Content(path=path, real_type="text/html", content_type=content_type))


def lines(page: str) -> list[str]:
    return [passage.text for passage in fragment(page)]


def places(page: str) -> list[tuple[str, str | None, str | None]]:
    return [(each.text, each.at.part, each.at.cell) for each in fragment(page)]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<p>一<p>二", ["一", "二"]),
        ("甲<br>乙<br/>丙", ["甲", "乙", "丙"]),
        ("<p>关于<b>举办</b><span> 研修班\n 的</span>通知</p>", ["关于举办 研修班 的通知"]),
        ("<ul><li>一<li>二<ul><li>三</ul></ul>", ["一", "二", "三"]),
        ("<p>　　各省：</p>", ["各省："]),
        ("<p>索 引 号：&nbsp;x</p>", ["索 引 号：\xa0x"]),
        ("<pre>a  b\n  c</pre>", ["a  b", "c"]),
        ("<textarea>x\ny</textarea>", ["x", "y"]),
        ("<p>a<script>b</script><style>c</style><!-- d --><noscript>e</noscript>f</p>", ["af"]),
        ("<template><p>x</p></template><svg><text>y</text></svg><p>z", ["z"]),
        ("<iframe src=x>y</iframe><p>z", ["z"]),
        ("<select><option>甲<option>乙</select>", ["甲", "乙"]),
        ("<div class=TRS_Editor><div class=Custom_UnionStyle><p>正文</p></div></div>", ["正文"]),
        ("<UCAPCONTENT><p>正文</p></UCAPCONTENT>", ["正文"]),
        ("&lt;b&gt; &#x4e2d;&#22269;", ["<b> 中国"]),
        ("a<p></p> <div> </div>b", ["a", "b"]),
        ("", []),
        ("<p>x<body><p>y</html>z", ["x", "yz"]),
    ],
)
def test_a_reader_sees_these_lines(page: str, expected: list[str]) -> None:
    assert lines(page) == expected


def test_cells_of_a_table_are_named_as_in_a_spreadsheet() -> None:
    page = """<table><caption>名额</caption>
        <tr><th rowspan=2>国别<th colspan=2>名额</tr>
        <tr><td>男<td>女</tr>
        <tr><td>老挝<td>10<td><p>15<p>另行通知</table>"""
    assert places(page) == [
        ("名额", None, None),
        ("国别", "table 1", "A1"),
        ("名额", "table 1", "B1"),
        ("男", "table 1", "B2"),
        ("女", "table 1", "C2"),
        ("老挝", "table 1", "A3"),
        ("10", "table 1", "B3"),
        ("15", "table 1", "C3"),
        ("另行通知", "table 1", "C3"),
    ]


def test_tables_that_lay_out_a_page_are_none() -> None:
    data = "<table><tr><td>甲<td>乙<tr><td>丙<td>丁</table>"
    page = f"<table><tr><td>左<td>{data}<tr><td>下<td>右</table><table><tr><td>一行</table>"
    told = places(page)
    assert [text for text, part, _ in told if part is None] == ["左", "下", "右", "一行"]
    assert ("丁", "table 1", "B2") in told


def test_what_stands_around_a_text_is_marked_and_kept() -> None:
    page = """<nav>首页</nav><div class="top-nav"><a href=/>栏目</a></div><ul id=menu><li>菜单</ul>
        <div role=navigation>当前位置</div><div class=content>正文</div>
        <div class="main navy">正文二</div><footer>京ICP备</footer><div id="footer">版权</div>"""
    assert [(text, part) for text, part, _ in places(page)] == [
        ("首页", "nav"),
        ("栏目", "nav"),
        ("菜单", "nav"),
        ("当前位置", "nav"),
        ("正文", None),
        ("正文二", None),
        ("京ICP备", "footer"),
        ("版权", "footer"),
    ]


def test_what_a_page_hides_until_a_script_shows_it_is_marked_and_kept() -> None:
    page = 'a<span style="display: none">密</span>b<div hidden><p>折<nav>叠</nav></div>c'
    assert [(text, part) for text, part, _ in places(page)] == [
        ("a", None),
        ("密", "hidden"),
        ("b", None),
        ("折", "hidden"),
        ("叠", "hidden"),
        ("c", None),
    ]


def test_the_head_and_the_links_of_a_page_are_kept_as_written(tmp_path: Path) -> None:
    page = """<head><title>通知 &amp;
        公告</title><meta name=PubDate content="2021-06-01 07:16"><meta property="og:title" content=x>
        <meta name=empty content=""></head><a href=" ./P02.doc ">附件<b>一</b></a>
        <a href=b.pdf><img src=i.png alt="附件二.pdf"></a><a name=top>无</a><iframe src=/c.pdf title=正文>
        </iframe><script>showVsbpdfIframe("/__local/d.pdf", 1)</script>"""
    extraction = read(tmp_path, page)
    assert extraction.properties == (
        ("title", "通知 & 公告"),
        ("PubDate", "2021-06-01 07:16"),
        ("og:title", "x"),
    )
    assert extraction.links == (
        ("./P02.doc", "附件一"),
        ("b.pdf", "附件二.pdf"),
        ("/c.pdf", "正文"),
        ("/__local/d.pdf", ""),
    )


@pytest.mark.parametrize(
    ("page", "detail"),
    [
        ("<frameset><frame src=a><frame src=b></frameset>", "frames"),
        ("<div id=app></div><script>draw()</script>", "script"),
        ("<img src=x>", "no words"),
    ],
)
def test_a_page_without_words_says_why(tmp_path: Path, page: str, detail: str) -> None:
    extraction = read(tmp_path, page)
    assert extraction.code == "no-text"
    assert detail in (extraction.detail or "")


def test_a_page_is_read_in_its_own_encoding(tmp_path: Path) -> None:
    extraction = read(tmp_path, "<p>老挝、柬埔寨".encode("gbk"), "text/html; charset=gb2312")
    assert extraction.text == "老挝、柬埔寨"
    assert extraction.encoding is not None
    assert (extraction.encoding.name, extraction.encoding.rule) == ("gb18030", "header")


HOSTILE = {
    "nested blocks": "<div>" * 100_000 + "x",
    "nested spans": "<span>" * 100_000 + "x",
    "formatting without end": "<p>".join(f"<b id={number}>x" for number in range(5_000)),
    "attributes": "<p " + " ".join(f"a{number}=1" for number in range(100_000)) + ">x",
    "nested tables": "<table><tr><td>" * 30_000 + "x",
    "spans of cells": "<table><tr>" + "<td colspan=999 rowspan=999>x" * 50 + "<tr>" * 50_000,
    "links": "<a href=x>y" * 100_000 + "x",
    "comments": "x" + "<!--" * 100_000,
    "less-than": "x" + "<" * 500_000,
    "entities": "x&amp;" * 300_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_markup_keeps_a_reader_busy(tmp_path: Path, name: str) -> None:
    before = time.process_time()
    extraction = read(tmp_path, HOSTILE[name])
    assert time.process_time() - before < 5
    assert "x" in extraction.text


@pytest.mark.parametrize("megabytes", [5, pytest.param(50, marks=pytest.mark.long)])
def test_a_page_of_many_megabytes_is_read(tmp_path: Path, megabytes: int) -> None:
    row = "<tr><td>商务部关于举办研修班的通知</td><td><a href=a.htm>老挝</a></td></tr>\n"
    page = f"<table>{row * (megabytes * 1_000_000 // len(row.encode()))}</table>"
    path = tmp_path / "page.html"
    path.write_text(page)
    with Readers() as readers:
        ((_, reading),) = readers.read([("page", Job(path, "text/html", None))])
    told = 2 * page.count("<tr>")
    assert len(reading.extraction.passages) == min(told, PASSAGES)
    assert reading.extraction.code == (None if told <= PASSAGES else "over-limit")


@given(
    st.lists(
        st.sampled_from(["<p>", "</p>", "<b>", "</div>", "<table>", "<td>", "<tr>", "甲", "x "])
    )
)
def test_no_words_are_lost_and_none_are_added(pieces: list[str]) -> None:
    page = "".join(pieces)
    words = "".join(piece for piece in pieces if not piece.startswith("<"))
    for passages in (fragment(f"<body>{page}"), tuple(flat(page))):
        text = "".join(passage.text for passage in passages)
        # what stands in a table outside its cells is put before the table (HTML, 13.2.6.1)
        assert sorted(text.replace(" ", "")) == sorted(words.replace(" ", ""))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="<>/!-abp \"'=&;#甲\x00\n", max_size=200))
def test_any_text_is_a_page(tmp_path: Path, page: str) -> None:
    assert read(tmp_path, page).recipe == "html/1"
