"""Every format that works cite in is read, and what is broken is told of and costs only itself."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import typst
from docx import Document
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import UsageError
from archive.ident import ident, printed
from catalog.bibliography.entry import Entry, trimmed
from catalog.bibliography.read import read_work
from tests.shared import shared

CRUDE = re.compile(r"https?://[^\s\"'<>)\]}]+")
URL = "http://www.mofcom.gov.cn/article/a/202106/1.shtml"
ID = printed(ident("a capture"))
SHA = "ab" * 32


def entries(tmp_path: Path, name: str, content: str | bytes) -> list[Entry]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_work(path).entries


def test_bibtex_gives_fields_copies_and_dates(tmp_path: Path) -> None:
    [one, two] = entries(
        tmp_path,
        "a.bib",
        f"""@comment{{nothing}}
        @online{{notice, title = {{关于举办{{研修班}}的通知}}, author = {{商务部}},
          url = {{{URL}}}, date = {{2021-06-01}}, urldate = {{2021-06-09}},
          note = {{Archived at \\url{{https://a.example/c/{ID}}}; SHA-256 {SHA}}}}}
        @misc{{old, howpublished = {{\\url{{https://web.archive.org/web/20190305101500/http://x.cn/a\\_b.html}}}},
          year = 2019, month = mar, note = "He wrote “名额二十五人，请推荐” there"}}""",
    )
    assert (one.key, one.title, one.author) == ("notice", "关于举办研修班的通知", "商务部")
    assert (one.urls, one.copies) == ((URL,), (f"https://a.example/c/{ID}",))
    assert (one.published, one.seen, one.sha256, one.id) == ("2021-06-01", "2021-06-09", SHA, ID)
    assert two.urls == ("http://x.cn/a_b.html",)
    assert (two.published, two.seen) == ("2019-03", "2019-03-05")
    assert two.quotes == ("名额二十五人，请推荐",)


def test_a_broken_bibtex_entry_costs_only_itself(tmp_path: Path) -> None:
    found = entries(
        tmp_path,
        "a.bib",
        f"@online{{a, url={{{URL}}}}}\n@online{{b, url={{http://x.cn\n@online{{c, url={{{URL}}}}}\n@online{{a, url={{http://again.cn/}}}}\n",
    )
    assert [entry.key for entry in found if not entry.problem] == ["a", "c"]
    [broken] = [entry for entry in found if not entry.urls]
    assert broken.problem
    assert broken.place == "line 2"
    [twice] = [entry for entry in found if entry.urls == ("http://again.cn/",)]
    assert twice.problem


def test_ris_is_read_entry_by_entry(tmp_path: Path) -> None:
    found = entries(
        tmp_path,
        "a.ris",
        f"TY  - ELEC\r\nTI  - 通知\r\nAU  - 商务部\r\nUR  - {URL}\r\nDA  - 2021/06/01/\r\nY2  - 2021/06/09/\r\nN1  - SHA-256 {SHA}\r\nER  - \r\n\r\n"
        f"TY  - NOSUCH\r\nXX  bad\r\nUR  - http://x.cn/\r\n\r\nTY  - ELEC\r\nUR  - http://y.cn/\r\nER  - \r\n",
    )
    assert [entry.urls for entry in found] == [(URL,), ("http://x.cn/",), ("http://y.cn/",)]
    assert (found[0].title, found[0].author, found[0].published, found[0].seen) == (
        "通知",
        "商务部",
        "2021-06-01",
        "2021-06-09",
    )
    assert found[0].sha256 == SHA
    assert found[1].problem == "it has no end (ER  - )"


def test_csl_json_is_read_up_to_where_it_breaks(tmp_path: Path) -> None:
    item = {
        "id": "a",
        "title": "通知",
        "author": [{"literal": "商务部"}, {"family": "Li", "given": "B."}],
        "URL": URL,
        "issued": {"date-parts": [[2021, 6, 1]]},
        "accessed": {"date-parts": [["2021", "6"]]},
        "abstract": "http://not.cn/",
    }
    whole = json.dumps([item, 3, {"id": "b", "URL": "http://x.cn/"}], ensure_ascii=False)
    one, number, two = entries(tmp_path, "a.json", whole)
    assert (one.urls, one.author, one.published, one.seen) == (
        (URL,),
        "商务部; Li, B.",
        "2021-06-01",
        "2021-06",
    )
    assert number.problem == "it is no object"
    cut = entries(tmp_path, "b.json", whole[:-8])
    assert [entry.problem for entry in cut] == [
        None,
        "it is no object",
        "it cannot be read as JSON",
    ]
    assert two.urls == ("http://x.cn/",)
    assert entries(tmp_path, "c.json", json.dumps({"items": [item]}))[0].urls == (URL,)
    assert entries(tmp_path, "d.json", json.dumps(item))[0].urls == (URL,)
    assert entries(tmp_path, "e.json", '{"a": "\\ud800", "URL": "http://x.cn/"}')[0].urls


@pytest.mark.parametrize(
    ("heading", "row"),
    [
        ("title,url,accessed,sha256", f"通知,{URL},2021-06-09,{SHA}"),
        ("序号;标题;网址;访问日期;引文", f"7;通知;{URL};2021年6月9日;名额25人"),
        ("标题\t链接\t获取日期", f"通知\t{URL}\t2021/6/9"),
    ],
)
def test_tables_are_read_by_their_headings(tmp_path: Path, heading: str, row: str) -> None:
    [found] = entries(tmp_path, "a.csv", f"\ufeff{heading}\r\n{row}\r\n")
    assert (found.title, found.urls, found.seen) == ("通知", (URL,), "2021-06-09")
    if "sha256" in heading:
        assert found.sha256 == SHA
    if "引文" in heading:
        assert (found.key, found.quotes) == ("7", ("名额25人",))


def test_a_table_in_gbk_without_headings_and_with_a_cell_that_is_no_address(tmp_path: Path) -> None:
    [found] = entries(tmp_path, "a.csv", f"关于举办研修班的通知,{URL}\n".encode("gbk"))
    assert found.urls == (URL,)
    bare, none = entries(tmp_path, "b.csv", "url,title\nwww.mofcom.gov.cn/a.shtml,x\n待补,y\n")
    assert bare.urls == ("http://www.mofcom.gov.cn/a.shtml",)
    assert none.problem == "this is no address: 待补"


def test_markdown_has_links_notes_footnotes_and_block_quotations(tmp_path: Path) -> None:
    found = entries(
        tmp_path,
        "a.md",
        f"""---
source_url: {URL}
accessed: 2021-06-09
---
# 关于举办研修班的通知

See [the notice](http://x.cn/a_(b).html "title"), <http://y.cn/c>, 见http://z.cn/d.html的规定。

As it says “名额二十五人，请各单位推荐”.[^1] And more.[^2]

> Visas are free for all of them.
> — [Ministry](http://v.cn/visas)

{{{{ robustlink(href="https://w.cn/e", versionurl="https://web.archive.org/web/20220101000000/https://w.cn/e", versiondate="2022-01-02", anchor="words") }}}}

[^1]: 商务部, http://u.cn/f, accessed 3 May 2021.
[^2]: Two: http://s.cn/g and http://t.cn/h
""",
    )
    by_url = {entry.urls[0]: entry for entry in found}
    head = by_url[URL]
    assert (head.title, head.seen) == ("关于举办研修班的通知", "2021-06-09")
    assert by_url["http://x.cn/a_(b).html"].title == "the notice"
    assert {"http://y.cn/c", "http://z.cn/d.html"} <= by_url.keys()
    note = by_url["http://u.cn/f"]
    assert (note.key, note.seen) == ("[^1]", "2021-05-03")
    assert note.quotes == ("名额二十五人，请各单位推荐",)
    assert by_url["http://s.cn/g"].quotes == ()
    assert by_url["http://v.cn/visas"].quotes == ("Visas are free for all of them.",)
    robust = by_url["https://w.cn/e"]
    assert (robust.seen, len(robust.copies), robust.title) == ("2022-01-02", 1, "words")


def test_html_has_links_robust_links_and_bare_addresses(tmp_path: Path) -> None:
    found = entries(
        tmp_path,
        "a.html",
        f"""<meta charset="gbk"><p>“请各单位组织推荐人员” <a href="{URL}">通知</a></p>
        <p><a href="https://archive.ph/abc" data-originalurl="http://x.cn/a" data-versiondate="2021-06-09">x</a></p>
        <p>http://y.cn/c <a href="/inside">in</a> <a href="javascript:alert(1)">no</a></p>
        <script>var a = "http://script.cn/"</script>""".encode("gbk"),
    )
    one, two, three = found
    assert (one.urls, one.title, one.quotes) == ((URL,), "通知", ("请各单位组织推荐人员",))
    assert (two.urls, two.copies, two.seen) == (
        ("http://x.cn/a",),
        ("https://archive.ph/abc",),
        "2021-06-09",
    )
    assert three.urls == ("http://y.cn/c",)


def manuscript(path: Path, url: str = URL) -> Path:
    """A Word file with a footnote, a hyperlink, a field and an address in the text."""
    document = Document()
    first = document.add_paragraph("商务部说“名额二十五人，请各单位推荐”。")
    mark = OxmlElement("w:footnoteReference")
    mark.set(qn("w:id"), "2")
    first.add_run()._r.append(mark)
    linked = document.add_paragraph("See ")
    relation = document.part.relate_to("http://x.cn/a", RELATIONSHIP_TYPE.HYPERLINK, True)
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), relation)
    run = OxmlElement("w:r")
    text = OxmlElement("w:t")
    text.text = "the notice"
    run.append(text)
    link.append(run)
    linked._p.append(link)
    document.add_paragraph("Also http://y.cn/c.")
    field = document.add_paragraph("Field ")
    for kind, code in (("begin", ""), ("", ' HYPERLINK "http://z.cn/d" '), ("end", "")):
        piece = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            piece.set(qn("w:fldCharType"), kind)
        piece.text = code
        field.add_run()._r.append(piece)
    notes = f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">
<w:footnote w:type="separator" w:id="0"><w:p><w:r><w:separator/></w:r></w:p></w:footnote>
<w:footnote w:id="2"><w:p><w:r><w:rPr><w:sz w:val="18"/></w:rPr><w:t>商务部, {url}, accessed 2021-06-09</w:t></w:r></w:p></w:footnote></w:footnotes>"""
    part = Part(
        PackURI("/word/footnotes.xml"),
        CONTENT_TYPE.WML_FOOTNOTES,
        notes.encode(),
        document.part.package,
    )
    document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    document.save(str(path))
    return path


def test_word_has_footnotes_with_what_they_stand_behind_links_fields_and_text(
    tmp_path: Path,
) -> None:
    found = read_work(manuscript(tmp_path / "a.docx")).entries
    link, text, field, note = found
    assert (link.urls, link.title, link.place) == (("http://x.cn/a",), "the notice", "paragraph 2")
    assert (text.urls, field.urls) == (("http://y.cn/c",), ("http://z.cn/d",))
    assert (note.urls, note.place, note.seen) == ((URL,), "footnote 2", "2021-06-09")
    assert note.quotes == ("名额二十五人，请各单位推荐",)


def test_pdf_footnotes_give_addresses_over_line_ends(tmp_path: Path) -> None:
    long = "http://www.mofcom.gov.cn/article/ae/ai/202106/20210603070848172635441899.shtml"
    path = tmp_path / "a.pdf"
    path.write_bytes(
        typst.compile(
            b"#set page(width: 300pt, height: 200pt)\n#set text(size: 9pt)\n#set par(justify: false)\n"
            b'1. Ministry of Commerce, Notice, #raw("http://www.mofcom.gov.cn/article/ae/ai/202106/") \\ \n'
            b'#raw("20210603070848172635441899.shtml"), accessed 2021-06-09 \\ \n2. #raw("http://x.cn/a").'
        )
    )
    found = read_work(path).entries
    assert [entry.urls for entry in found] == [(long,), ("http://x.cn/a",)]
    assert found[0].place == "page 1, note 1"
    assert found[0].seen == "2021-06-09"


def test_pdf_links_behind_words_are_addresses_too(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(
        typst.compile(
            b'See #link("http://x.cn/a")[the notice] and #link("http://y.cn/b")[http://y.cn/b].'
        )
    )
    found = {entry.urls: entry for entry in read_work(path).entries}
    assert found.keys() == {("http://x.cn/a",), ("http://y.cn/b",)}
    assert found[("http://x.cn/a",)].title == "the notice"


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", b" " * (40 << 20))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.docx", b"PK\x03\x04 no zip"),
        ("a.docx", bomb()),
        ("a.pdf", b"%PDF-1.7\n no"),
        ("a.pdf", b""),
        ("a.json", b"[" * 100_000),
        ("a.json", b"{"),
        ("a.csv", b'url\n"open\x00'),
        ("a.bib", b"@online{"),
        ("a.ris", b"\xff\xfe\x00 nothing"),
    ],
)
def test_a_broken_file_is_one_unreadable_entry_with_a_reason(
    tmp_path: Path, name: str, content: bytes
) -> None:
    found = entries(tmp_path, name, content)
    assert found
    assert all(entry.problem and not entry.urls for entry in found)
    assert len(found) == 1


def test_a_format_that_nothing_reads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing reads \.xyz"):
        entries(tmp_path, "a.xyz", "")


@pytest.mark.parametrize("suffix", [".bib", ".ris", ".json", ".csv", ".md", ".html", ".docx"])
@given(data=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
@settings(max_examples=60, deadline=None)
def test_no_bytes_break_a_reader(
    suffix: str, data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes(data)
    for entry in read_work(path).entries:
        assert replace(entry, raw="") == Entry.from_json(entry.to_json())
        stops = (entry.problem or "").startswith("it cannot be read further")
        assert not stops or suffix == ".docx"


ADDRESS = st.from_regex(
    r"https?://[a-z]{1,9}\.(cn|org)/[A-Za-z0-9_/%-]{0,20}[A-Za-z0-9]", fullmatch=True
)


@given(st.lists(ADDRESS, min_size=1, max_size=5, unique=True))
@settings(max_examples=50, deadline=None)
def test_every_address_is_found_in_every_format(
    tmp_path_factory: pytest.TempPathFactory, urls: list[str]
) -> None:
    folder = tmp_path_factory.getbasetemp()
    for name, text in {
        "f.bib": "\n".join(f"@online{{k{n}, url = {{{url}}}}}" for n, url in enumerate(urls)),
        "f.ris": "\n".join(f"TY  - ELEC\nUR  - {url}\nER  - \n" for url in urls),
        "f.json": json.dumps([{"id": str(n), "URL": url} for n, url in enumerate(urls)]),
        "f.csv": "url\n" + "\n".join(urls),
        "f.md": "\n".join(f"- [words]({url})，和{url}。" for url in urls),
        "f.html": "".join(f'<p><a href="{url}">x</a>' for url in urls),
    }.items():
        found = {url for entry in entries(folder, name, text) for url in entry.urls}
        assert found == set(urls), name


def test_what_a_sentence_puts_behind_an_address_is_not_of_it() -> None:
    assert trimmed("http://x.cn/a).") == "http://x.cn/a"
    assert trimmed("http://x.cn/a_(b)") == "http://x.cn/a_(b)"
    assert trimmed("http://x.cn/文件.pdf") == "http://x.cn/文件.pdf"
    assert trimmed("http://x.cn/a.pdf的附件") == "http://x.cn/a.pdf"
    assert trimmed("https://") == ""


def test_every_address_of_the_notes_and_the_posts_is_found() -> None:
    files = sorted(shared("data/citations").rglob("*.md"))
    assert len(files) > 400
    robust = 0
    for path in files:
        found = read_work(path).entries
        robust += sum(bool(entry.copies and entry.seen) for entry in found)
        got = [url for entry in found for url in (*entry.urls, *entry.copies)]
        for crude in set(CRUDE.findall(path.read_text("utf-8"))):
            url = crude.rstrip(".,;:!?*_`~…")
            assert any(url.startswith(one) or one.startswith(url) for one in got), (path, url)
    assert robust > 400
