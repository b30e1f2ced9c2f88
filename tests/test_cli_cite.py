"""Citing what is held, capturing first what is not, and never citing words that do not stand there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import rispy
import typst

from archive.ident import typed
from archive.layout import ArchiveRoot
from catalog.citations.cited import CITATION
from catalog.citations.formats import FORMS
from catalog.custody import Told, events
from catalog.database import open_catalog
from cli.config import read_config
from tests.captures import TIME, answer, failed_group, store, wire_group
from tests.checks import check_archive
from tests.muniment import Told as Done
from tests.muniment import muniment
from tests.small_site import Page, SmallSite, serve

PAGE, OTHER = "http://www.mofcom.example.cn/a/1.shtml", "https://www.example.gov/visas.html"
DAY = timedelta(days=1)
NOTICE = """<html><head><title>关于举办跨境电子商务研修班的通知</title></head><body>
<p>发文机关：商务部</p><p>名额{}人（含领队）</p></body></html>"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "a"
    muniment("init", root, "--operator", "Ada", "--origin", "archive.example/log")
    store(
        root,
        wire_group(PAGE, answer(NOTICE.format(20).encode(), "text/html; charset=utf-8")),
        wire_group(
            PAGE, answer(NOTICE.format(25).encode(), "text/html; charset=utf-8"), time=TIME + DAY
        ),
        wire_group(OTHER, answer(b"<title>Notice on Visas</title><p>Visas are free.</p>")),
        wire_group(
            "https://www.example.gov/old",
            answer(b"", status="302 Found"),
            outcome="redirect",
            location=OTHER,
        ),
        wire_group(
            "https://www.example.gov/f",
            answer(b"\x00\x01", "application/octet-stream"),
            cause="link",
            via=OTHER,
            link_text="Annex 1",
        ),
        failed_group("https://down.example.gov/", "dns-nxdomain"),
    )
    assert muniment("rebuild", archive=root).code == 0
    return root


def publish(root: Path) -> None:
    path = root / "muniment.toml"
    told = 'name = "Example Archive"\npublic_url = "https://a.example/"\n'
    path.write_text(told + path.read_text("utf-8"), "utf-8")


def cite(root: Path, *words: object, code: int = 0) -> Done:
    told = muniment("cite", *words, archive=root)
    assert told.code == code, told.err
    return told


def rows(root: Path, *words: object, code: int = 0) -> list[dict[str, object]]:
    return cite(root, *words, "--json", code=code).rows


def captures(root: Path, url: str) -> list[str]:
    """The captures of a URL, the latest first."""
    return [row["id"] for row in muniment("list", url, "--json", archive=root).rows]


def cited_events(root: Path) -> list[Told]:
    layout = ArchiveRoot.open(root)
    engine = open_catalog(read_config(layout.config).catalog or layout.catalog)
    try:
        return list(events(engine, CITATION))
    finally:
        engine.dispose()


def test_a_url_a_document_a_version_a_capture_and_a_file_lead_to_the_same_citation(
    root: Path, tmp_path: Path
) -> None:
    (row,) = rows(root, PAGE)
    file = tmp_path / "saved.html"
    file.write_bytes(NOTICE.format(25).encode())
    for name in (row["id"], row["document"], row["version"], file):
        (other,) = rows(root, name)
        assert other == row
    assert (row["id"], row["agency"]) == (captures(root, PAGE)[0], "商务部")


def test_a_url_is_cited_as_it_stood_at_a_time(root: Path) -> None:
    (row,) = rows(root, PAGE, "--at", "2026-11-23")
    assert row["id"] == captures(root, PAGE)[1]
    assert cite(root, PAGE, "--at", "2020-01-01", code=4).out == ""
    assert "an id or a file says" in cite(root, row["id"], "--at", "2026-11-23", code=2).err


def test_a_redirect_leads_to_what_is_cited_and_it_is_said(root: Path) -> None:
    told = cite(root, "https://www.example.gov/old")
    assert f"url: {OTHER}" in told.out
    assert f"leads to {OTHER}" in told.err


def test_where_the_archive_is_not_public_its_id_and_digest_stand_for_it(root: Path) -> None:
    (row,) = rows(root, OTHER)
    told = cite(root, OTHER).out
    assert row["copy"] is None
    assert f"capture {row['id']} of archive.example/log, which is not public" in told
    assert f"sha256: {row['sha256']}" in told
    assert "pwid" not in told


def test_a_public_address_makes_permanent_links(root: Path) -> None:
    publish(root)
    (row,) = rows(root, OTHER)
    assert row["copy"] == f"https://a.example/c/{row['id']}"
    assert f"[{row['copy']}]" in cite(root, OTHER, "--format", "bluebook").out


@pytest.mark.parametrize("address", ["archive.example", "https://a.example/?q=1", "https://a b"])
def test_a_public_address_that_makes_no_links_is_refused(root: Path, address: str) -> None:
    path = root / "muniment.toml"
    path.write_text(f'public_url = "{address}"\n' + path.read_text("utf-8"), "utf-8")
    assert "public_url" in cite(root, OTHER, code=2).err


def test_the_title_of_a_bare_file_is_what_its_link_said(root: Path) -> None:
    (row,) = rows(root, "https://www.example.gov/f")
    assert (row["title"], row["title_from"]) == ("Annex 1", "the link that led there")


def test_what_was_handed_over_says_so_in_every_form(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "given.pdf"
    file.write_bytes(b"%PDF-1.4 given")
    giver = ("--obtained-by", "A. Giver", "--how", "by mail", "--obtained-on", "2021-11-30")
    muniment("import", file, *giver, archive=root)
    for form in FORMS:
        told = cite(root, file, "--format", form).out
        assert "eceived from A. Giver on 2021-11-30; origin asserted, not observed" in told


def test_what_a_person_gives_goes_before_what_was_read(root: Path) -> None:
    told = cite(
        root,
        PAGE,
        *("--author", "Lovelace, Ada", "--agency", "Ministry of Commerce"),
        *("--title-romanised", "Guanyu juban", "--title-translated", "On Holding a Seminar"),
        *("--format", "ris"),
    ).out
    (entry,) = rispy.loads(told)
    assert entry["authors"] == ["Lovelace, Ada"]
    assert (entry["publisher"], entry["translated_title"]) == (
        "Ministry of Commerce",
        "On Holding a Seminar",
    )


def test_words_that_stand_there_are_cited_and_others_are_not(root: Path) -> None:
    (row,) = rows(root, PAGE, "--quote", "名额２５人 (含领队)")
    assert (row["verdict"], row["place"]) == ("verified", "paragraph 2")
    assert row["citation"]
    told = cite(root, PAGE, "--quote", "名额20人", code=1)
    assert told.out == ""
    assert "altered: the nearest passage is “名额25人" in told.err
    (row,) = rows(root, PAGE, "--quote", "名额20人", code=1)
    assert (row["verdict"], row["citation"]) == ("altered", None)
    cite(root, PAGE, "--at", "2026-11-23", "--quote", "名额20人")


def test_words_of_what_has_no_text_are_not_checked(root: Path) -> None:
    (row,) = rows(root, "https://www.example.gov/f", "--quote", "anything", code=3)
    assert (row["verdict"], row["citation"]) == ("not checked", None)


def test_words_in_another_script_are_not_called_absent(root: Path) -> None:
    told = cite(root, PAGE, "--quote", "twenty-five places", code=3)
    assert "translation, original not given" in told.err


def test_a_translation_whose_original_was_verified_is_cited_by_its_translators_word(
    root: Path,
) -> None:
    words = "twenty-five places"
    original = ("--original", "名额25人", "--translator", "A. Name")
    assert muniment("quote", words, "--in", PAGE, *original, archive=root).code == 0
    told = cite(root, PAGE, "--quote", words)
    assert "translation, original passage verified, translated by A. Name" in told.out


def test_a_scan_is_cited_by_the_word_of_whoever_read_its_page(root: Path) -> None:
    scan = "https://www.example.gov/f"
    asked = ("quote", "twenty places", "--in", scan, "--confirm", "2")
    assert muniment(*asked, archive=root).code == 0
    told = cite(root, scan, "--quote", "“twenty places”", "--format", "apa")
    assert told.out.splitlines()[1] == "(“Annex 1,” n.d., p. 2)"
    assert "confirmed by Ada on the page image" in told.err
    cite(root, scan, "--quote", "thirty places", code=3)


def test_a_page_of_a_pdf_goes_into_the_citation(root: Path) -> None:
    source = '#set document(title: "Places")\n= First\n#pagebreak()\nTwenty places are offered.'
    pdf = answer(typst.compile(source.encode()), "application/pdf")
    store(root, wire_group("https://www.example.gov/a.pdf", pdf), prefix="pdf")
    assert muniment("rebuild", archive=root).code == 0
    told = cite(
        root, "https://www.example.gov/a.pdf", "--quote", "Twenty places", "--format", "mla"
    )
    assert told.out.splitlines()[1].endswith(" 2)")
    assert "page 2" in told.err


def test_several_are_cited_at_once_each_once_and_the_missing_one_is_told(root: Path) -> None:
    told = cite(
        root, PAGE, OTHER, captures(root, OTHER)[0], "0" * 16, "--format", "csl-json", code=4
    )
    ids = [item["id"] for item in json.loads(told.out)]
    assert len(ids) == len(set(ids)) == 2
    assert "0" * 16 in told.err


@pytest.mark.parametrize(
    "words",
    [[], [PAGE, OTHER, "--quote", "x"], [PAGE, OTHER, "--title-translated", "x"]],
)
def test_orders_that_cannot_be_meant_are_refused(root: Path, words: list[str]) -> None:
    cite(root, *words, code=2)


def test_a_failure_is_not_cited(root: Path) -> None:
    told = cite(root, captures(root, "https://down.example.gov/")[0], code=4)
    assert "holds no content: it is error" in told.err


def test_a_collection_is_cited_whole(root: Path) -> None:
    muniment("collection", "create", "files", archive=root)
    muniment("collection", "add", "files", PAGE, OTHER, archive=root)
    told = cite(root, "--collection", "files", "--format", "apa").out
    assert len(told.splitlines()) == 2


def test_citations_are_kept_and_show_tells_of_them_also_after_a_rebuild(root: Path) -> None:
    (row,) = rows(root, PAGE)
    cite(root, PAGE, "--quote", "名额25人", "--format", "oscola")
    cite(root, PAGE, "--quote", "名额99人", code=1)
    for _ in range(2):
        first, second = cited_events(root)
        assert (first.detail["format"], second.detail["format"]) == ("text", "oscola")
        assert second.detail["quote"] == {"text": "名额25人", "place": "paragraph 2"}
        # A capture's custody, which goes into evidence packages, does not tell who cites it.
        assert set(second.objects) == {typed(str(row[key])) for key in ("version", "document")}
        for name in (row["id"], row["version"], row["document"]):
            told = muniment("show", name, archive=root).out
            assert "2 times, last on" in told.partition("\ncited")[2]
        assert muniment("rebuild", archive=root).code == 0
    check_archive(ArchiveRoot(root))


@pytest.fixture
def site() -> Iterator[SmallSite]:
    with serve({"/": Page(b"<title>Free visas</title><p>Visas are free.</p>")}) as site:
        site.pages["/moved"] = Page(status=301, headers={"Location": "/"})
        yield site


def test_a_url_that_is_not_held_is_captured_first_as_nobody_in_particular(
    root: Path, site: SmallSite
) -> None:
    told = cite(root, site.url, "--quote", "Visas are free.", "--format", "chicago")
    assert f"{site.url}/. Archived as capture " in told.out
    assert "is not held; capturing it now, with the neutral identity" in told.err
    assert site.agents == {"Mozilla/5.0"}
    asked = len(site.asked)
    cite(root, site.url)
    assert len(site.asked) == asked
    check_archive(ArchiveRoot(root))


def test_the_capture_may_be_made_in_the_institutions_name(root: Path, site: SmallSite) -> None:
    cite(root, f"{site.url}/moved", "--identity", "institutional")
    assert [agent.partition("/")[0] for agent in site.agents] == ["muniment"]


def test_no_capture_asks_nobody(root: Path, site: SmallSite) -> None:
    assert "holds content" in cite(root, site.url, "--no-capture", code=4).err
    assert site.asked == []


def test_what_is_captured_and_holds_nothing_is_not_cited(root: Path, site: SmallSite) -> None:
    told = cite(root, f"{site.url}/gone", code=4)
    assert "was captured and holds no content: not-found" in told.err
    cite(root, "http://127.0.0.1:9/", code=5)


@pytest.mark.parametrize("command", ["cite", "show", "get", "verify"])
def test_an_id_is_read_however_a_court_typed_it(root: Path, command: str) -> None:
    """Perma.cc lost a reader to an en-dash in a judgment (perma#552)."""
    plain = captures(root, OTHER)[0]
    parts = [plain[:4], plain[4:8], plain[8:12], plain[12:]]
    wide = "".join(chr(ord(c) + 0xFEE0) for c in plain)
    forms = [mark.join(parts) for mark in "-–—‐‑−﹣－ \u3000\u00ad\n"]
    expected = muniment(command, plain, archive=root)
    for form in (*forms, plain.upper(), wide, wide.upper(), f" {plain} "):
        told = muniment(command, form, archive=root)
        assert (told.code, told.out) == (expected.code, expected.out), form
    wrong = plain[:-1] + ("0" if plain[-1] != "0" else "1")
    assert muniment(command, wrong, archive=root).code == 2
