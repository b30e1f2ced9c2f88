"""A citation says what is known, names its archived copy and digest, and is read back as it was written.

The lines expected for Chicago, APA, MLA, OSCOLA and GB/T 7714 were compared with those of citeproc-js
2.4.63; ADR 0009 tells where they differ, and why.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares import LatexDecodingMiddleware
from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle
from citeproc import formatter as formatters
from citeproc.source.json import CiteProcJSON
from hypothesis import given
from hypothesis import strategies as st

from catalog.citations.facts import Copy, Facts, Quoted, clean
from catalog.citations.formats import FORMS, together
from catalog.citations.names import Author
from catalog.citations.romanise import romanised
from catalog.citations.titles import Title

SHA256, BLAKE3 = "ab" * 32, "cd" * 32
ID = "9q2v7h3k5m1x4c8bz"
COPY = Copy(
    archive="Example Archive",
    capture=ID,
    version="2r6t8w1y3b5d7f9hm",
    document="4j6n8p0s2v4x6z8bk",
    sha256=SHA256,
    blake3=BLAKE3,
    length=532,
    media_type="text/html",
    base="https://a.example/",
)
ADDRESS = f"https://a.example/c/{ID}"
EN = Facts(
    title=Title(original="Notice on Visas: What’s “New”?"),
    url="https://www.example.gov/n.html",
    captured=datetime(2022, 1, 31, 23, 30, tzinfo=UTC),
    copy=COPY,
    agency="Ministry of Foreign Affairs",
    posted="2021-06-01",
    language="en",
)
ZH = Facts(
    title=Title(original="关于举办2021年跨境电子商务研修班的通知"),
    url="http://www.mofcom.gov.cn/a/1.shtml",
    captured=datetime(2022, 1, 31, 23, 30, tzinfo=UTC),
    copy=COPY,
    agency="商务部",
    number="商援函〔2021〕12号",
    written="2021-05-30",
    posted="2021-06-01T07:16",
    language="zh",
)
TWO_LANGUAGES = replace(
    ZH,
    title=Title(
        original=ZH.title.original, romanised="Guan yu ju ban", translated="On Holding a Seminar"
    ),
)
NOBODY = replace(EN, agency=None)
UNDATED = replace(NOBODY, posted=None)
YEAR = replace(EN, posted=None, written="2021")
MONTH = replace(EN, posted="2021-09")
PERSONS = replace(EN, authors=(Author.of("Lovelace, Ada King"), Author.of("王, 伟")))
PAGE = Quoted(text="twenty places", verdict="verified", place="page 3", pages=(3, 3))
QUOTE = replace(EN, quote=PAGE)
PAGES = replace(UNDATED, quote=replace(PAGE, place="page 3 to page 4", pages=(3, 4)))
PRIVATE = replace(EN, copy=replace(COPY, base=None))
ASSERTED = replace(EN, origin="received from A. Giver on 2021-11-30; origin asserted, not observed")
ALL = [EN, ZH, TWO_LANGUAGES, UNDATED, YEAR, MONTH, PERSONS, QUOTE, PAGES, PRIVATE, ASSERTED]

CHICAGO_TAIL = f"Archived at {ADDRESS}. SHA-256 {SHA256}."
APA_TAIL = f"(archived at {ADDRESS}; SHA-256 {SHA256})"
BLUEBOOK_TAIL = f"[{ADDRESS}] (archived Jan. 31, 2022; SHA-256 {SHA256})."
OSCOLA_TAIL = f"accessed 31 January 2022, archived at <{ADDRESS}>, SHA-256 {SHA256}."
GBT_TAIL = f"存档: {ADDRESS} (SHA-256: {SHA256})."
EN_URL, ZH_URL = EN.url, ZH.url
NOTICE, NUMBER = ZH.title.original, ZH.number

LINES = [
    (
        "chicago",
        ZH,
        f"商务部. “{NOTICE}.” {NUMBER}. June 1, 2021. Accessed January 31, 2022. {ZH_URL}. {CHICAGO_TAIL}",
    ),
    (
        "chicago",
        EN,
        f"Ministry of Foreign Affairs. “Notice on Visas: What’s ‘New’?” June 1, 2021. Accessed January 31, 2022. {EN_URL}. {CHICAGO_TAIL}",
    ),
    (
        "chicago",
        UNDATED,
        f"“Notice on Visas: What’s ‘New’?” Accessed January 31, 2022. {EN_URL}. {CHICAGO_TAIL}",
    ),
    (
        "chicago",
        YEAR,
        f"Ministry of Foreign Affairs. “Notice on Visas: What’s ‘New’?” 2021. Accessed January 31, 2022. {EN_URL}. {CHICAGO_TAIL}",
    ),
    (
        "chicago",
        TWO_LANGUAGES,
        f"商务部. “Guan yu ju ban” {NOTICE} [On Holding a Seminar]. {NUMBER}. June 1, 2021. Accessed January 31, 2022. {ZH_URL}. {CHICAGO_TAIL}",
    ),
    (
        "chicago",
        PERSONS,
        f"Lovelace, Ada King, and 王伟. “Notice on Visas: What’s ‘New’?” Ministry of Foreign Affairs. June 1, 2021. Accessed January 31, 2022. {EN_URL}. {CHICAGO_TAIL}",
    ),
    (
        "chicago",
        QUOTE,
        f"Ministry of Foreign Affairs. “Notice on Visas: What’s ‘New’?” June 1, 2021. Accessed January 31, 2022. {EN_URL}. {CHICAGO_TAIL}\nMinistry of Foreign Affairs, “Notice on Visas: What’s ‘New’?,” June 1, 2021, p. 3, accessed January 31, 2022, {EN_URL}, archived at {ADDRESS}, SHA-256 {SHA256}.",
    ),
    (
        "apa",
        ZH,
        f"商务部. (2021, June 1). {NOTICE} ({NUMBER}). Retrieved January 31, 2022, from {ZH_URL} {APA_TAIL}",
    ),
    (
        "apa",
        EN,
        f"Ministry of Foreign Affairs. (2021, June 1). Notice on Visas: What’s “New”? Retrieved January 31, 2022, from {EN_URL} {APA_TAIL}",
    ),
    (
        "apa",
        UNDATED,
        f"Notice on Visas: What’s “New”? (n.d.). Retrieved January 31, 2022, from {EN_URL} {APA_TAIL}",
    ),
    (
        "apa",
        MONTH,
        f"Ministry of Foreign Affairs. (2021, September). Notice on Visas: What’s “New”? Retrieved January 31, 2022, from {EN_URL} {APA_TAIL}",
    ),
    (
        "apa",
        YEAR,
        f"Ministry of Foreign Affairs. (2021). Notice on Visas: What’s “New”? Retrieved January 31, 2022, from {EN_URL} {APA_TAIL}",
    ),
    (
        "apa",
        TWO_LANGUAGES,
        f"商务部. (2021, June 1). Guan yu ju ban {NOTICE} [On Holding a Seminar] ({NUMBER}). Retrieved January 31, 2022, from {ZH_URL} {APA_TAIL}",
    ),
    (
        "apa",
        PERSONS,
        f"Lovelace, A. K., & 王伟. (2021, June 1). Notice on Visas: What’s “New”? Ministry of Foreign Affairs. Retrieved January 31, 2022, from {EN_URL} {APA_TAIL}",
    ),
    (
        "apa",
        QUOTE,
        f"Ministry of Foreign Affairs. (2021, June 1). Notice on Visas: What’s “New”? Retrieved January 31, 2022, from {EN_URL} {APA_TAIL}\n(Ministry of Foreign Affairs, 2021, p. 3)",
    ),
    (
        "apa",
        PAGES,
        f"Notice on Visas: What’s “New”? (n.d.). Retrieved January 31, 2022, from {EN_URL} {APA_TAIL}\n(“Notice on Visas: What’s ‘New’?,” n.d., pp. 3–4)",
    ),
    (
        "mla",
        ZH,
        f"商务部. “{NOTICE}.” {NUMBER}, 1 June 2021, {ZH_URL}. Accessed 31 Jan. 2022. {CHICAGO_TAIL}",
    ),
    (
        "mla",
        EN,
        f"Ministry of Foreign Affairs. “Notice on Visas: What’s ‘New’?” 1 June 2021, {EN_URL}. Accessed 31 Jan. 2022. {CHICAGO_TAIL}",
    ),
    (
        "mla",
        UNDATED,
        f"“Notice on Visas: What’s ‘New’?” {EN_URL}. Accessed 31 Jan. 2022. {CHICAGO_TAIL}",
    ),
    (
        "mla",
        QUOTE,
        f"Ministry of Foreign Affairs. “Notice on Visas: What’s ‘New’?” 1 June 2021, {EN_URL}. Accessed 31 Jan. 2022. {CHICAGO_TAIL}\n(Ministry of Foreign Affairs 3)",
    ),
    (
        "bluebook",
        ZH,
        f"商务部, {NOTICE}, {NUMBER} (June 1, 2021), {ZH_URL} {BLUEBOOK_TAIL}",
    ),
    (
        "bluebook",
        EN,
        f"Ministry of Foreign Affairs, Notice on Visas: What’s “New”? (June 1, 2021), {EN_URL} {BLUEBOOK_TAIL}",
    ),
    (
        "bluebook",
        PAGES,
        f"Notice on Visas: What’s “New”?, at 3–4, {EN_URL} (last visited Jan. 31, 2022) {BLUEBOOK_TAIL}",
    ),
    (
        "bluebook",
        TWO_LANGUAGES,
        f"商务部, Guan yu ju ban ({NOTICE}) [On Holding a Seminar], {NUMBER} (June 1, 2021), {ZH_URL} {BLUEBOOK_TAIL}",
    ),
    (
        "bluebook",
        PRIVATE,
        f"Ministry of Foreign Affairs, Notice on Visas: What’s “New”? (June 1, 2021), {EN_URL} [capture {ID}, Example Archive, not public] (archived Jan. 31, 2022; SHA-256 {SHA256}).",
    ),
    (
        "oscola",
        ZH,
        f"商务部, ‘{NOTICE}’ ({NUMBER}, 1 June 2021) <{ZH_URL}> {OSCOLA_TAIL}",
    ),
    (
        "oscola",
        EN,
        f"Ministry of Foreign Affairs, ‘Notice on Visas: What’s “New”?’ (1 June 2021) <{EN_URL}> {OSCOLA_TAIL}",
    ),
    (
        "oscola",
        QUOTE,
        f"Ministry of Foreign Affairs, ‘Notice on Visas: What’s “New”?’ (1 June 2021) 3 <{EN_URL}> {OSCOLA_TAIL}",
    ),
    ("oscola", UNDATED, f"‘Notice on Visas: What’s “New”?’ <{EN_URL}> {OSCOLA_TAIL}"),
    (
        "oscola",
        ASSERTED,
        f"Ministry of Foreign Affairs, ‘Notice on Visas: What’s “New”?’ (1 June 2021) <{EN_URL}> {OSCOLA_TAIL[:-1]}, received from A. Giver on 2021-11-30; origin asserted, not observed.",
    ),
    (
        "gbt7714",
        ZH,
        f"商务部. {NOTICE}: {NUMBER}[EB/OL]. (2021-06-01)[2022-01-31]. {ZH_URL}. {GBT_TAIL}",
    ),
    (
        "gbt7714",
        EN,
        f"Ministry of Foreign Affairs. Notice on Visas: What’s “New”?[EB/OL]. (2021-06-01)[2022-01-31]. {EN_URL}. {GBT_TAIL}",
    ),
    (
        "gbt7714",
        QUOTE,
        f"Ministry of Foreign Affairs. Notice on Visas: What’s “New”?[EB/OL]. 2021: 3(2021-06-01)[2022-01-31]. {EN_URL}. {GBT_TAIL}",
    ),
    (
        "gbt7714",
        UNDATED,
        f"Notice on Visas: What’s “New”?[EB/OL]. [2022-01-31]. {EN_URL}. {GBT_TAIL}",
    ),
    (
        "gbt7714",
        PERSONS,
        f"LOVELACE A K, 王伟. Notice on Visas: What’s “New”?[EB/OL]. Ministry of Foreign Affairs, 2021(2021-06-01)[2022-01-31]. {EN_URL}. {GBT_TAIL}",
    ),
]


@pytest.mark.parametrize(("form", "facts", "expected"), LINES)
def test_each_style_writes_the_line_that_its_manual_asks_for(
    form: str, facts: Facts, expected: str
) -> None:
    assert FORMS[form](facts) == expected


def test_the_text_tells_everything_with_both_clocks_and_ids_in_full() -> None:
    assert FORMS["text"](replace(TWO_LANGUAGES, quote=PAGE)).splitlines() == [
        f"title: {NOTICE}",
        "romanised: Guan yu ju ban",
        "translated: On Holding a Seminar",
        "issued by: 商务部",
        f"number: {NUMBER}",
        "written: 2021-05-30",
        "posted: 2021-06-01T07:16",
        f"url: {ZH_URL}",
        "captured: 2022-01-31 23:30:00Z, 2022-02-01 07:30:00+08:00 at the source",
        f"archived copy: {ADDRESS}",
        f"capture: {ID}",
        "version: 2r6t8w1y3b5d7f9hm",
        "document: 4j6n8p0s2v4x6z8bk",
        f"sha256: {SHA256}",
        f"blake3: {BLAKE3}",
        "length: 532 bytes",
        "type: text/html",
        f"pwid: urn:pwid:a.example:2022-01-31T23:30:00Z:part:{ZH_URL}",
        "quoted: “twenty places”, page 3: verified",
    ]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("facts", ALL)
def test_every_form_names_the_archived_copy_its_digest_and_what_is_only_asserted(
    form: str, facts: Facts
) -> None:
    told = FORMS[form](facts)
    assert (facts.copy.url or ID) in told
    assert SHA256 in told
    assert facts.url in told
    assert ("asserted, not observed" in told) == bool(facts.origin)
    assert ("not public" in told or "未公开" in told) == (facts.copy.url is None)


@pytest.mark.parametrize("form", sorted(FORMS.keys() - {"gbt7714"}))
def test_a_title_that_a_program_romanised_says_so(form: str) -> None:
    made = romanised(ZH.title.original)
    assert made is not None
    title = replace(ZH.title, romanised=made[0], machine=made[1])
    told = FORMS[form](replace(ZH, title=title))
    assert made[0].startswith("Guan yu ju ban 2021 nian kua jing dian zi shang wu")
    assert made[0] in told
    assert "by a program" in told
    assert romanised("Notice on Visas") is None


# Any text that a page or a person may give: LaTeX's own characters, braces, marks, lines, Chinese, Arabic.
texts = (
    st.text(
        st.one_of(
            st.sampled_from("\\{}$&#_%~^\"'`\n\r\t,;@=-<>|[]()«»“”‘’?!"),
            st.sampled_from("关于举办通知〔〕אבגمرحبا"),
            st.characters(),
        ),
        min_size=1,
        max_size=60,
    )
    .map(clean)
    .filter(bool)
)


def test_a_text_from_outside_becomes_one_line_that_turns_nothing_round() -> None:
    assert clean(" a\u202eb\x00\r\n \u3000c\ud800\u2067 مرحبا ") == "ab c مرحبا"


def read_bibtex(text: str) -> list[dict[str, str]]:
    library = parse_string(text, append_middleware=[LatexDecodingMiddleware()])
    assert not library.failed_blocks
    return [{field.key: field.value for field in entry.fields} for entry in library.entries]


def plain(text: str) -> str:
    """Its decoder reads \\textasciicircum as the modifier letter that looks the same."""
    return text.replace("ˆ", "^")


@given(texts, texts, texts)
def test_any_text_survives_bibtex(title: str, agency: str, number: str) -> None:
    told = FORMS["bibtex"](replace(EN, title=Title(original=title), agency=agency, number=number))
    (entry,) = read_bibtex(told)
    assert plain(entry["title"]) == plain(title)
    assert plain(entry["author"]).removeprefix("{").removesuffix("}") in {
        plain(agency),
        plain(agency).removeprefix("{").removesuffix("}"),
    }
    assert plain(entry["number"]) == plain(number)
    assert ADDRESS in entry["note"]
    assert SHA256 in entry["note"]


@given(texts, texts, texts)
def test_any_text_survives_ris(title: str, agency: str, translated: str) -> None:
    told = FORMS["ris"](
        replace(EN, title=Title(original=title, translated=translated), agency=agency)
    )
    (entry,) = rispy.loads(told)
    assert (entry["title"], entry["authors"]) == (title, [agency])
    assert entry["translated_title"] == translated
    assert entry["accession_number"] == ADDRESS
    assert SHA256 in entry["notes"][0]


@given(texts, texts)
def test_any_text_survives_html_and_no_text_becomes_markup(title: str, agency: str) -> None:
    page = Links(FORMS["html"](replace(EN, title=Title(original=title), agency=agency)))
    assert page.tags == ["cite", "a", "a", "span"]
    assert page.text.startswith(f"{title}, {agency}, 2021-06-01 (archived ")
    assert page.coins["rft.title"] == [title]
    assert page.coins["rft.creator"] == [agency]


class Links(HTMLParser):
    """What a reader's program sees of a citation in HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[dict[str, Any]] = []
        self.text = ""
        self.coins: dict[str, list[str]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        if tag == "a":
            self.links.append(found)
        if found.get("class") == "Z3988":
            self.coins = parse_qs(found["title"] or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_is_a_robust_link() -> None:
    first, copy = Links(FORMS["html"](EN)).links
    assert first == {
        "href": EN_URL,
        "data-originalurl": EN_URL,
        "data-versionurl": ADDRESS,
        "data-versiondate": "2022-01-31T23:30:00Z",
    }
    assert copy == {"href": ADDRESS}
    assert "data-versionurl" not in Links(FORMS["html"](PRIVATE)).links[0]


def test_an_asserted_address_that_is_a_script_becomes_no_link() -> None:
    told = FORMS["html"](replace(ASSERTED, url="javascript:alert(1)"))
    assert [link["href"] for link in Links(told).links] == [ADDRESS]


STYLE = """<style xmlns="http://purl.org/net/xbiblio/csl" version="1.0" class="in-text">
<info><title>all</title><id>all</id><updated>2020-01-01T00:00:00+00:00</updated></info>
<citation><layout><text variable="title"/></layout></citation>
<bibliography><layout delimiter="|">
<group delimiter="|"><names variable="author"/><text variable="title"/><date variable="issued">
<date-part name="year"/></date><text variable="URL"/><text variable="archive"/>
<text variable="archive_location"/><text variable="note"/></group>
</layout></bibliography></style>"""


@pytest.mark.parametrize("facts", ALL)
def test_csl_json_is_read_by_a_csl_processor(facts: Facts, tmp_path: Path) -> None:
    style = tmp_path / "all.csl"
    style.write_text(STYLE)
    items = json.loads(together("csl-json", [FORMS["csl-json"](facts)]))
    bibliography = CitationStylesBibliography(
        CitationStylesStyle(str(style), validate=False), CiteProcJSON(items), formatters.plain
    )
    bibliography.register(Citation([CitationItem(facts.key)]))
    (line,) = map(str, bibliography.bibliography())
    assert facts.title.plain in line
    assert (facts.copy.url or ID) in line
    assert SHA256 in line
    if facts.issued:
        assert str(facts.issued.year) in line


def test_several_entries_make_one_file_that_each_reader_takes() -> None:
    other = replace(ZH, copy=replace(COPY, capture="0" * 17))
    for form, read in (("bibtex", read_bibtex), ("ris", rispy.loads), ("csl-json", json.loads)):
        text = together(form, [FORMS[form](each) for each in (EN, other)])
        assert len(read(text)) == 2
    assert EN.key != other.key
    assert together("apa", ["a", "b"]) == "a\nb"


def test_a_key_follows_from_the_capture_alone() -> None:
    changed = replace(EN, agency="Another", posted=None, title=Title(original="Other"))
    assert EN.key == changed.key == f"example-gov-{ID}"


@pytest.mark.parametrize(
    ("text", "full", "initialled"),
    [
        ("Lovelace, Ada King", "Ada King Lovelace", "Lovelace, A. K."),
        ("Sartre, Jean-Paul", "Jean-Paul Sartre", "Sartre, J. P."),
        ("王, 伟", "王伟", "王伟"),
        (
            "Ministry of Foreign Affairs",
            "Ministry of Foreign Affairs",
            "Ministry of Foreign Affairs",
        ),
        ("Trade,", "Trade,", "Trade,"),
    ],
)
def test_a_comma_tells_a_person_from_a_body(text: str, full: str, initialled: str) -> None:
    author = Author.of(text)
    assert (author.full, author.initialled) == (full, initialled)
