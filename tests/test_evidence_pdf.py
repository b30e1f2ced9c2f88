"""The certification on paper: what a judge reads, and that nothing in it can be forged by a URL."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.evidence.certification import Case, Certification, Exhibit, Person
from archive.evidence.document import Style
from archive.evidence.pdf import certification_json, certification_pdf, system_fonts
from archive.evidence.printable import LONGEST_WORD, pieces, visible
from archive.evidence.wording import NOT_SHOWN, TEMPLATES
from tests.certifications import BARE, HANDED, PROVEN, STAMP, certification
from tests.shared import program

ALL = tuple(TEMPLATES)
HOSTILE = (
    "https://x.example/" + "a" * 3000,
    "https://x.example/" + "%E6%95%99" * 300,
    "\u202egpj.exe\u202c\u2066\u200b\ufeff",
    "nul\x00 esc\x1b[31m del\x7f nel\x85 tab\t line\nend\r\x0b\x0c\u2028\u2029",
    '#panic("x") *bold* _it_ $x$ <label> @ref `raw` \\u{41} // note /* … */ [c] {d} = Head',
    "</script><b>&amp;\"'%PDF-1.7 endobj",
    "مرحبا بالعالم https://مثال.إختبار/صفحة?س=١٢٣",
    "ع" * 500,
    "教育部" * 300,
    "\ud800 lone \udfff \ue000\U0010ffff\u0378",
    "😀👩‍👩‍👧‍👦🏳️‍🌈 e\u0301 \u0301\u0302" + "\u0300" * 60,
    "\u24f9\u1dfd\u0942 \u0158\u1dfc \xb3\u0eca\u05a2\u2cef",
    "ไทย हिन्दी ქართული አማርኛ 한국어 ひらがな עִבְרִית",
)


def poppler(name: str, *arguments: str, pdf: bytes) -> str:
    """Poppler's word on a PDF; its complaint of `Suspects` is about the tag tree's optional entry."""
    done = subprocess.run(
        [program(name), *arguments], input=pdf, capture_output=True, check=True, timeout=60
    )
    errors = done.stderr.decode().replace(
        "Syntax Error: Suspects object is wrong type (boolean)", ""
    )
    assert not errors.strip()
    return done.stdout.decode()


def read(pdf: bytes, *arguments: str) -> str:
    """The words of the PDF in the order of its content, line ends and repeated spaces made one space."""
    return " ".join(poppler("pdftotext", "-raw", *arguments, "-", "-", pdf=pdf).split())


@cache
def made(facts: Certification, jurisdiction: str = "us-federal") -> bytes:
    return certification_pdf(facts, jurisdiction, system_fonts())


@pytest.mark.parametrize("jurisdiction", ALL)
def test_the_first_page_answers_what_a_judge_asks(jurisdiction: str) -> None:
    told = read(made(certification(PROVEN, HANDED), jurisdiction), "-l", "1")
    for words in (
        TEMPLATES[jurisdiction].title,
        "What this is",
        "Five plain questions",
        "Are the bytes unchanged since they were recorded?",
        "Was the record logged?",
        "Did an outsider stamp the time?",
        "Did an outsider countersign the log?",
        "Was it seen from a second network?",
        "What this does not show",
        *NOT_SHOWN,
        "Who signs",
        "Grace Keeper",
        "in section 7",
        "page 1 of",
    ):
        assert words in told


def test_the_first_page_holds_for_thirty_exhibits_with_the_longest_of_names() -> None:
    many = tuple(replace(PROVEN, url=HOSTILE[0]) for _ in range(30))
    told = read(made(certification(*many, person=Person(), archive="A" * 120)), "-l", "1")
    assert "30, listed in section 1" in told
    assert "in section 7" in told


@pytest.mark.parametrize("jurisdiction", ALL)
def test_the_paper_says_that_it_covers_authenticity_only(jurisdiction: str) -> None:
    told = read(made(certification(), jurisdiction))
    assert "This paper covers authenticity only. It says nothing of hearsay or relevance" in told
    assert "A lawyer must confirm it" in told


def test_the_federal_paper_has_both_rules_the_notice_and_both_forms_of_declaration() -> None:
    told = read(made(certification()))
    for words in (
        "Rule 902(13)",
        "Rule 902(14)",
        "Notice under Rule 902(11)",
        "I declare under penalty of perjury that the foregoing is true and correct",
        "under the laws of the United States of America",
        "28 U.S.C. § 1746(1)",
        "28 U.S.C. § 1746(2)",
        "by nobody until they do",
        "Court",
    ):
        assert words in told


def test_the_european_paper_claims_no_qualified_stamp_unless_one_is_configured() -> None:
    told = read(made(certification(), "eu"))
    assert "time stamps are claimed to be qualified: none." in told
    assert "only a qualified electronic time stamp shall enjoy the presumption" in told
    claimed = replace(PROVEN, stamps=(replace(STAMP, claimed_qualified=True),))
    told = read(made(certification(claimed), "eu"))
    assert "claimed to be qualified: Stamps of Example AG." in told
    assert "verified; claimed to be qualified" in told


def test_the_international_record_carries_each_field_of_the_berkeley_protocol() -> None:
    told = read(made(certification(), "international"))
    for words in (
        "Target URL",
        "Source code",
        "Full-page capture",
        "Embedded media files",
        "Embedded metadata",
        "Contextual data",
        "Collector",
        "IP of the collecting machine",
        "Virtual identity",
        "Clock offset",
        "Hash of the payload",
    ):
        assert words in told


@pytest.mark.parametrize("jurisdiction", ALL)
def test_what_is_missing_says_not_collected_and_what_is_there_does_not(jurisdiction: str) -> None:
    bare, proven = (read(made(certification(c), jurisdiction)) for c in (BARE, PROVEN))
    for label in ("Clock offset", "Host", "DNS answers", "TLS verdict"):
        assert f"{label} not collected" in bare
        assert f"{label} not collected" not in proven
    assert "Full-page capture not collected" in proven


def test_every_digest_and_proof_is_printed_whole() -> None:
    told = read(made(certification()), "-layout").replace(" ", "")
    assert PROVEN.block is not None
    assert PROVEN.entry is not None
    for digest in (
        PROVEN.block.sha256.hex(),  # type: ignore[union-attr]
        PROVEN.block.blake3.hex(),  # type: ignore[union-attr]
        PROVEN.entry.checkpoint.root.hex(),
        "ab" * 32,
        "1f" * 32,
    ):
        assert digest in told
    assert "none:undecodable" in told
    assert "4min12safteritwasrecorded" in told
    assert "testauthority,provesnothing" not in told


def test_a_test_authority_is_named_as_one_wherever_its_stamp_is() -> None:
    told = read(made(certification(replace(PROVEN, stamps=(replace(STAMP, test=True),)))))
    assert told.count("test authority, proves nothing") == told.count("Stamps of Example AG") + 2
    assert "First outside proof not collected" in told


def test_only_a_person_fills_in_what_only_a_person_can_say() -> None:
    blank = read(made(certification(person=Person())))
    assert blank.count("to be completed by hand") == 3 + 2 + 5
    given_by = certification(case=Case(court="District Court", caption="A v. B", number="26-cv-1"))
    told = read(made(given_by))
    assert "to be completed by hand" not in told
    assert "A v. B" in told


def test_several_captures_of_one_exhibit_are_numbered_parts_of_it() -> None:
    exhibit = Exhibit(label="Exhibit A", captures=(PROVEN, BARE))
    told = read(made(certification(exhibits=(exhibit,))))
    assert "4.1 Exhibit A 4.1.1 Capture 1 of 2" in told
    assert "4.1.2 Capture 2 of 2" in told


def test_a_log_with_a_successor_says_so_and_one_without_does_not() -> None:
    assert "restored from a backup that lacked 12 entries" in read(made(certification()))
    told = read(made(certification(successions=(), keys=(), origins=())))
    assert "No succession of the log is given." in told
    assert "Origin of the log not collected Keys (SHA-256) not collected" in told


def test_chinese_cyrillic_and_arabic_are_readable() -> None:
    if not system_fonts():
        pytest.skip("no font for Chinese is installed; `make setup` installs or names it")
    capture = replace(PROVEN, title="教育部关于印发的通知 Министерство وزارة")
    told = read(made(certification(capture)))
    assert "教育部关于印发的通知 Министерство" in told
    assert "通知 (1).html" in told
    fonts = poppler("pdffonts", "-", pdf=made(certification(capture))).splitlines()[2:]
    assert all(re.search(r" yes yes yes +\d+ +0$", line) for line in fonts)  # embedded, subset


def test_without_a_font_for_them_characters_are_escapes_and_never_boxes() -> None:
    told = read(certification_pdf(certification(), "eu"))
    assert "\\u6559\\u80b2\\u90e8" in told.replace(" ", "")
    assert "教" not in told


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_string_is_shown_as_it_is_and_breaks_nothing(text: str) -> None:
    receipt = replace(HANDED.receipt, giver=text)  # type: ignore[type-var]
    hostile = replace(PROVEN, url=text, title=text, host=text, dns=(text,), identity=text)
    files = tuple(replace(file, name=text, original_name=text) for file in hostile.files)
    facts = certification(
        replace(hostile, files=files),
        replace(HANDED, url=text, receipt=receipt),
        person=Person(name=text, basis=text),
        archive=text,
    )
    pdf = made(facts)
    told = read(pdf)
    assert "What this does not show" in told
    assert told.isprintable() or not told.isascii()
    expected = visible(text)
    if expected.isascii():
        assert "".join(expected.split())[:60] in told.replace(" ", "")
    assert poppler("pdftotext", "-l", "1", "-", "-", pdf=pdf).count("page 1 of") == 1


def test_a_word_without_end_stays_between_the_margins() -> None:
    facts = certification(*(replace(PROVEN, url=text, title=text) for text in HOSTILE[:2]))
    boxes = poppler("pdftotext", "-bbox", "-", "-", pdf=made(facts))
    edges = [float(x) for x in re.findall(r'xMax="([\d.]+)"', boxes)]
    assert max(edges) <= 612 - 61  # US Letter, 22 mm


def test_the_parts_of_a_url_stand_from_left_to_right() -> None:
    host, path = ("مثال", "إختبار"), "صفحة"
    url = f"https://{'.'.join(host)}/{path}/٣/end?a=1"
    pdf = made(certification(replace(BARE, url=url)))
    as_seen = f"https://{'.'.join(part[::-1] for part in host)}/{path[::-1]}/٣/end?a=1"
    assert as_seen in poppler("pdftotext", "-bbox", "-l", "1", "-", "-", pdf=pdf)


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_any_text_can_be_printed(text: str) -> None:
    facts = certification(replace(BARE, url=text, title=text), archive=text)
    assert certification_pdf(facts, "eu").startswith(b"%PDF-1.7")


@given(st.text(), st.sampled_from(Style))
def test_pieces_are_the_text_again_and_none_is_long(text: str, style: Style) -> None:
    found = pieces(text, style)
    assert "".join(found) == text
    longest = max((len(word) for piece in found for word in piece.split()), default=0)
    marks = sum(not c.isalnum() for c in text)
    assert longest <= LONGEST_WORD + marks


@pytest.mark.parametrize("jurisdiction", ALL)
def test_the_same_facts_give_the_same_bytes(jurisdiction: str) -> None:
    facts = certification(PROVEN, HANDED, BARE)
    one = certification_pdf(facts, jurisdiction, system_fonts())
    script = (
        "import sys; from tests.certifications import *; from archive.evidence.pdf import *;"
        "facts = certification(PROVEN, HANDED, BARE);"
        f"sys.stdout.buffer.write(certification_pdf(facts, {jurisdiction!r}, system_fonts()))"
    )
    root = Path(__file__).resolve().parents[1]
    from_elsewhere = {"PYTHONHASHSEED": "7", "TZ": "Asia/Shanghai", "LC_ALL": "C", "PATH": ""}
    two = subprocess.run(
        [sys.executable, "-c", script],
        cwd=root,
        env=from_elsewhere,
        capture_output=True,
        check=True,
    )
    assert two.stdout == one


@pytest.mark.parametrize("jurisdiction", ALL)
def test_the_pdf_is_tagged_titled_and_of_the_right_paper(jurisdiction: str) -> None:
    told = poppler("pdfinfo", "-", pdf=made(certification(), jurisdiction))
    assert re.search(r"Tagged: +yes", told)
    assert TEMPLATES[jurisdiction].title in told
    assert re.search(r"Page size: .*\((letter|A4)\)", told)
    assert ("(letter)" in told) is (jurisdiction == "us-federal")
    metadata = poppler("pdfinfo", "-meta", "-", pdf=made(certification(), jurisdiction))
    assert "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert "<rdf:li>en</rdf:li>" in metadata


def test_the_json_is_attached_byte_for_byte(tmp_path: Path) -> None:
    facts = certification(PROVEN, replace(BARE, url=HOSTILE[9]))
    (tmp_path / "c.pdf").write_bytes(made(facts))
    done = [program("pdfdetach"), "-saveall", "-o", str(tmp_path), str(tmp_path / "c.pdf")]
    subprocess.run(done, check=True, capture_output=True)
    attached = (tmp_path / "certification.json").read_bytes()
    assert attached == certification_json(facts)
    told = json.loads(attached)
    assert [one["answer"] for one in told["answers"]] == ["not checked", "no", "no", "no", "no"]
    assert told["not_shown"] == list(NOT_SHOWN)
    assert told["exhibits"][1]["captures"][0]["url"].startswith("\\ud800 lone")
