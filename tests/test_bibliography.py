"""Bibliographies: every entry is read or says why not, and has one verdict of a closed list."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import docx
import pytest
import rispy
import typst
from bibtexparser.entrypoint import parse_string
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import UsageError
from catalog.bibliography.entry import Entry, trimmed, urls_in
from catalog.bibliography.read import FORMATS, read_entries
from catalog.bibliography.verdict import RULES, EntryVerdict, Facts, Held, QuoteFound, judge
from catalog.bibliography.write import write
from catalog.quoting.verdict import QuoteVerdict
from tests.shared import shared

URL = "https://www.example.gov/notice.html"
CRUDE = re.compile(r"https?://[^\s\"'<>)\]}]+")
T = datetime(2021, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def made(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def one(path: Path) -> Entry:
    [entry] = read_entries(path)
    return entry


def test_bibtex_is_read_with_its_dates_and_digest(tmp_path: Path) -> None:
    entry = one(
        made(
            tmp_path / "a.bib",
            "@online{moc21,\n title={{关于}研修班的通知},\n author={商务部},\n date={2021-06-01},\n"
            f" url={{{URL}}},\n urldate={{2021-06-03}},\n note={{SHA-256 {'ab' * 32}}}\n}}\n",
        )
    )
    assert (entry.key, entry.title, entry.author) == ("moc21", "关于研修班的通知", "商务部")
    assert (entry.published, entry.seen, entry.urls) == ("2021-06-01", "2021-06-03", (URL,))
    assert entry.sha256 == "ab" * 32


def test_a_broken_entry_of_bibtex_costs_only_itself(tmp_path: Path) -> None:
    text = f"@online{{a, url={{{URL}}}}}\n@online{{b, url={{{URL}\n\n@online{{c, url={{{URL}}}}}\n@online{{a, url={{https://other.example/}}}}\n"
    found = read_entries(made(tmp_path / "a.bib", text))
    keys = [entry.key for entry in found if not entry.problem]
    assert keys[0] == "a"
    assert {"a", "c"} <= set(keys)
    assert any(entry.problem for entry in found)
    assert any("other.example" in url for entry in found for url in entry.urls)


def test_ris_csl_and_tables_are_read(tmp_path: Path) -> None:
    ris = one(
        made(
            tmp_path / "a.ris",
            f"TY  - ELEC\nTI  - 通知\nAU  - 商务部\nUR  - {URL}\nY2  - 2021/06/03//\nER  - \n",
        )
    )
    csl = one(
        made(
            tmp_path / "a.json",
            json.dumps(
                [
                    {
                        "id": "moc",
                        "title": "通知",
                        "URL": URL,
                        "accessed": {"date-parts": [[2021, 6, 3]]},
                    }
                ]
            ),
        )
    )
    table = one(
        made(
            tmp_path / "a.csv",
            f"标题,网址,访问日期,引文\n通知,{URL},2021-06-03,名额25人\n".encode("gb18030"),
        )
    )
    for entry in (ris, csl, table):
        assert (entry.title, entry.urls, entry.seen) == ("通知", (URL,), "2021-06-03")
    assert table.quotes == ("名额25人",)


def test_markdown_gives_links_footnotes_robust_links_and_labelled_heads(tmp_path: Path) -> None:
    copy = "https://web.archive.org/web/20210603000000/http://ministry.example/a"
    text = f"""# 通知
- **URL**: {URL}
- **Fetched**: 2021-06-03

See [the list](https://ministry.example/list_(1).html), {copy}。
{{{{ robustlink(href="https://ministry.example/r", versionurl="https://perma.cc/AB12-CD34", versiondate="2022-01-05", anchor="R") }}}}
[^3]: 商务部，https://ministry.example/f.pdf，访问于2021年6月3日。
“一个足够长的引文，长到不可能是一个名字而已” https://ministry.example/q
"""
    found = {entry.urls[0]: entry for entry in read_entries(made(tmp_path / "a.md", text))}
    assert (found[URL].title, found[URL].seen) == ("通知", "2021-06-03")
    assert found["https://ministry.example/list_(1).html"].title == "the list"
    assert (found["http://ministry.example/a"].copies, found["http://ministry.example/a"].seen) == (
        (copy,),
        "2021-06-03",
    )
    robust = found["https://ministry.example/r"]
    assert (robust.copies, robust.seen, robust.title) == (
        ("https://perma.cc/AB12-CD34",),
        "2022-01-05",
        "R",
    )
    assert (
        found["https://ministry.example/f.pdf"].key,
        found["https://ministry.example/f.pdf"].seen,
    ) == ("[^3]", "2021-06-03")
    assert len(found["https://ministry.example/q"].quotes) == 1


def test_html_docx_and_pdf_are_read(tmp_path: Path) -> None:
    page = f'<p>“一个足够长的引文，长到不可能是一个名字而已” <a href="{URL}" data-versionurl="https://archive.ph/x" data-versiondate="2021-06-03">通知</a></p>https://ministry.example/bare'
    robust, bare = read_entries(made(tmp_path / "a.html", page))
    assert (robust.urls, robust.copies, robust.seen, len(robust.quotes)) == (
        (URL,),
        ("https://archive.ph/x",),
        "2021-06-03",
        1,
    )
    assert bare.urls == ("https://ministry.example/bare",)
    document = docx.Document()
    document.add_paragraph(f"见 {URL}，2021年。")
    document.save(str(tmp_path / "a.docx"))
    assert one(tmp_path / "a.docx").urls == (URL,)
    long = "https://www.example.gov/zwgk/zcfb/art/2021/" + "a" * 30 + "/notice_2021.html"
    pdf = typst.compile(
        f'#set page(width: 300pt)\n#set text(size: 9pt, hyphenate: false)\n1. Ministry, "{long}", seen.'.encode()
    )
    assert one(made(tmp_path / "a.pdf", pdf)).urls[0].startswith("https://www.example.gov/")


def test_every_address_of_the_notes_and_posts_is_in_an_entry() -> None:
    folder = shared("data/citations")
    count = 0
    for path in folder.rglob("*.md"):
        entries = read_entries(path)
        assert not [entry for entry in entries if entry.problem], path
        found = {url for entry in entries for url in (*entry.urls, *entry.copies)}
        for url in CRUDE.findall(path.read_text(errors="replace")):
            count += 1
            plain = url.rstrip(".,;:!?*`|_")
            assert any(one.startswith(plain) or url.startswith(one.rstrip("/")) for one in found), (
                path,
                url,
            )
    assert count > 1900


@given(st.sampled_from(sorted(FORMATS)), st.binary(max_size=400))
def test_any_bytes_are_read_or_say_why_not(
    tmp_path_factory: pytest.TempPathFactory, ending: str, data: bytes
) -> None:
    path = made(tmp_path_factory.mktemp("any") / f"a{ending}", data)
    for entry in read_entries(path):
        assert entry.urls or entry.problem or entry.raw is not None


def test_a_format_that_nothing_reads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing reads"):
        read_entries(made(tmp_path / "a.xyz", "x"))


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("见https://a.example/x。下", ["https://a.example/x"]),
        ("(https://a.example/x_(1)).", ["https://a.example/x_(1)"]),
        ("<https://a.example/>, https://a.example/", ["https://a.example/"]),
        ("https://a.example/通知.html", ["https://a.example/通知.html"]),
    ],
)
def test_an_address_ends_where_the_sentence_goes_on(text: str, urls: list[str]) -> None:
    assert urls_in(text) == urls
    assert all(trimmed(url) == url for url in urls)


# The verdict is a function of facts.


def held(
    at: int = 0, version: str | None = "v1", document: str = "d", outcome: str = "content"
) -> Held:
    return Held(
        capture=f"c{at}",
        url=URL,
        time=T + at * DAY,
        outcome=outcome,
        document=document if version else None,
        version=version,
        normal=version.encode() if version else None,
    )


def facts(
    *captures: Held, seen: str | None = None, quote: QuoteVerdict | None = None, **told: object
) -> Facts:
    entry = Entry(key="k", place="line 1", raw="", urls=(URL,), seen=seen)
    quotes = (QuoteFound("words", quote, "why"),) if quote else ()
    return Facts(entry, captures, quotes=quotes, **told)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given_facts", "verdict"),
    [
        (Facts(Entry(key="k", place="p", raw="", problem="broken")), "unreadable"),
        (Facts(Entry(key="k", place="p", raw="A book, 1999")), "unreadable"),
        (facts(), "not archived"),
        (facts(held(version=None, outcome="not-found")), "error page archived"),
        (facts(held(outcome="challenge")), "error page archived"),
        (facts(held(), held(1, document="e")), "ambiguous"),
        (facts(held(), quote=QuoteVerdict.ALTERED), "quote altered"),
        (facts(held(), quote=QuoteVerdict.NOT_FOUND), "quote not found"),
        (facts(held(30), seen="2021-06-01"), "archived later than claimed"),
        (facts(held(), held(30, version=None, outcome="not-found")), "missing from source"),
        (facts(held(), held(30, version="v2"), seen="2021-06-01"), "changed since"),
        (facts(held(), seen="2021-06-01"), "verified exact"),
        (facts(held(), seen="2021-06"), "verified exact"),
        (facts(held(), named=held()), "verified exact"),
        (facts(held(), quote=QuoteVerdict.VERIFIED), "quote verified"),
        (facts(held(2), seen="2021-05-31"), "near date"),
        (facts(held()), "near date"),
        (facts(held(), held(1), seen="2021-06-01"), "verified exact"),
        (facts(held(), held(1, document="e"), quote=QuoteVerdict.VERIFIED), "quote verified"),
    ],
)
def test_each_verdict_has_its_facts(given_facts: Facts, verdict: str) -> None:
    found = judge(given_facts)
    assert found.verdict.value == verdict
    assert found.reason


def test_what_else_holds_stands_beside_the_verdict() -> None:
    found = judge(
        facts(held(), held(30, version="v2"), seen="2021-06-01", quote=QuoteVerdict.VERIFIED)
    )
    assert found.verdict is EntryVerdict.CHANGED
    assert [verdict.value for verdict, _ in found.also] == [
        "verified exact",
        "quote verified",
        "near date",
    ]


def test_the_list_of_verdicts_is_closed_and_each_has_one_rule() -> None:
    assert [verdict for verdict, _ in RULES] == list(EntryVerdict)


HELD = st.builds(
    held,
    st.integers(-40, 40),
    st.sampled_from(["v1", "v2", None]),
    st.sampled_from(["d", "e"]),
    st.sampled_from(["content", "not-found", "challenge", "blocked"]),
)


@given(
    st.lists(HELD, max_size=5),
    st.sampled_from([None, "2021", "2021-06", "2021-06-01", "0000-00-00"]),
    st.sampled_from([None, *QuoteVerdict]),
)
def test_any_facts_have_a_verdict(
    captures: list[Held], seen: str | None, quote: QuoteVerdict | None
) -> None:
    captures.sort(key=lambda one: one.time)
    assert judge(facts(*captures, seen=seen, quote=quote)).reason


# Written back, a bibliography has one thing more and nothing less.

TAIL = "Archived at https://archive.example/c/9q2v; SHA-256 " + "ab" * 32


def test_bibtex_is_given_back_with_one_field_more(tmp_path: Path) -> None:
    text = f"% comment\n@string{{moc = {{商务部}}}}\n@online{{a,\n  title = {{通知}},\n  note = {{x}},\n  addendum = {{y}},\n  url = {{{URL}}}\n}}\n@online{{b, url={{https://b.example}}}}\n"
    path = made(tmp_path / "a.bib", text)
    data = write(path, read_entries(path), {0: TAIL}).decode()
    assert data.startswith("% comment\n@string{moc = {商务部}}\n@online{a,\n  title = {通知},")
    assert data.endswith("@online{b, url={https://b.example}}\n")
    first = parse_string(data).entries[0]
    assert first.fields_dict["annote"].value == TAIL
    assert {"title", "note", "addendum", "url"} <= set(first.fields_dict)


def test_ris_csl_and_markdown_are_given_back(tmp_path: Path) -> None:
    ris = made(tmp_path / "a.ris", f"TY  - ELEC\r\nTI  - 通知\r\nUR  - {URL}\r\nER  - \r\n")
    [parsed] = rispy.loads(write(ris, read_entries(ris), {0: TAIL}).decode().replace("\r\n", "\n"))
    assert parsed["notes"] == [TAIL]
    csl = made(tmp_path / "a.json", json.dumps([{"id": "a", "note": "x", "URL": URL}]))
    assert json.loads(write(csl, read_entries(csl), {0: TAIL}))[0]["note"] == f"x\n{TAIL}"
    md = made(tmp_path / "a.md", f"见[通知]({URL})。\n末尾 {URL}")
    assert (
        write(md, read_entries(md), {0: "X", 1: "Y"}).decode()
        == f"见[通知]({URL}) (X)。\n末尾 {URL} (Y)"
    )


def test_word_is_given_back_with_the_rest_as_it_was(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph(f"见 {URL}").runs[0].bold = True
    document.add_paragraph("其余")
    document.save(str(tmp_path / "a.docx"))
    data = write(tmp_path / "a.docx", read_entries(tmp_path / "a.docx"), {0: TAIL})
    again = docx.Document(str(made(tmp_path / "b.docx", data)))
    assert [p.text for p in again.paragraphs] == [f"见 {URL} [{TAIL}]", "其余"]
    assert again.paragraphs[0].runs[0].bold
