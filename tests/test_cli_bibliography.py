"""`bibliography` and `publication` on an archive that holds some of what is cited."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from archive.group import Group
from archive.layout import ArchiveRoot
from catalog.database import open_catalog
from catalog.ingest import ingest, rebuild, sealed
from tests.captures import TIME, answer, failed_group, store, wire_group
from tests.catalogs import dump, fresh_postgres, rows
from tests.checks import check_archive
from tests.muniment import Told, muniment
from tests.shared import shared
from tests.small_site import Answers, Page, serve
from tests.test_bibliography_readers import manuscript

HOST = "https://www.example.gov"
DAY = timedelta(days=1)
SAID = TIME.strftime("%Y-%m-%d")
CHALLENGE = b"<html><head><title>403 Forbidden</title></head><body>Access Denied</body></html>"


def page(text: str) -> bytes:
    return answer(f"<html><title>{text[:8]}</title><p>{text}</p></html>".encode())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Pages for each verdict, as a served copy would leave them."""
    root = tmp_path / "a"
    muniment("init", root, "--operator", "Ada")
    gone = {"outcome": "not-found", "code": "http-404"}
    store(
        root,
        wire_group(f"{HOST}/exact", page("一个一直不变的通知，名额二十五人，请各单位组织推荐")),
        wire_group(f"{HOST}/changed", page("名额二十人，请各单位组织推荐符合条件的人员")),
        wire_group(
            f"{HOST}/changed",
            page("名额二十五人，请各单位组织推荐符合条件的人员"),
            time=TIME + 9 * DAY,
        ),
        wire_group(f"{HOST}/missing", page("后来被删除的通知，请各单位组织推荐符合条件的人员")),
        wire_group(
            f"{HOST}/missing", answer(b"gone", status="404 Not Found"), time=TIME + 9 * DAY, **gone
        ),
        wire_group(f"{HOST}/error", answer(b"gone", status="404 Not Found"), **gone),
        wire_group(
            f"{HOST}/quoted",
            page("根据培训计划，名额二十五人，请各单位组织推荐符合条件的人员参加。"),
        ),
        wire_group(f"{HOST}/second", page("完全不同的另一个通知，关于港口管理的研修班")),
        failed_group("https://down.example.gov/", "dns-nxdomain"),
    )
    muniment("rebuild", archive=root)
    return root


EXPECTED = {
    "exact": "verified exact",
    "near": "near date",
    "later": "archived later than claimed",
    "changed": "changed since",
    "missing": "missing from source",
    "error": "error page archived",
    "down": "not archived",
    "nothing": "not archived",
    "two": "ambiguous",
    "book": "unreadable",
    "verified": "quote verified",
    "altered": "quote altered",
    "absent": "quote not found",
}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    before, long_ago = ((TIME - n * DAY).strftime("%Y-%m-%d") for n in (3, 400))
    rows = [
        ("exact", f"{HOST}/exact", SAID, ""),
        ("near", f"{HOST}/exact", before, ""),
        ("later", f"{HOST}/exact", long_ago, ""),
        ("changed", f"{HOST}/changed", SAID, ""),
        ("missing", f"{HOST}/missing", SAID, ""),
        ("error", f"{HOST}/error", SAID, ""),
        ("down", "https://down.example.gov/", "", ""),
        ("nothing", f"{HOST}/nothing", SAID, ""),
        ("two", f"{HOST}/exact {HOST}/second", "", ""),
        ("book", "Cambridge University Press", "", ""),
        ("verified", f"{HOST}/quoted", "", "名额二十五人"),
        ("altered", f"{HOST}/quoted", SAID, "名额三十人，请各单位组织推荐符合条件的人员参加"),
        ("absent", f"{HOST}/quoted", SAID, "今天天气很好，适合去公园散步看花"),
    ]
    path = tmp_path / "sources.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("key", "url", "accessed", "quote"), *rows])
    return path


def check(root: Path, *words: object, code: int) -> Told:
    told = muniment("bibliography", "check", *words, archive=root)
    assert told.code == code, told.out + told.err
    return told


def test_the_verdicts_are_those_that_a_person_expects(root: Path, table: Path) -> None:
    found = {row["key"]: row["verdict"] for row in check(root, table, "--json", code=1).rows}
    assert found == EXPECTED
    assert set(EXPECTED.values()) == {
        *("verified exact", "near date", "quote verified", "quote altered", "quote not found"),
        *("archived later than claimed", "error page archived", "changed since"),
        *("missing from source", "not archived", "ambiguous", "unreadable"),
    }


def test_what_ends_in_failure_can_be_said(root: Path, table: Path, tmp_path: Path) -> None:
    good = tmp_path / "good.csv"
    good.write_text(f"key,url,accessed\nexact,{HOST}/exact,{SAID}\n")
    check(root, good, code=0)
    check(root, good, "--fail-on", "verified exact", code=1)
    book = tmp_path / "book.csv"
    book.write_text("key,url\nbook,Cambridge\n")
    check(root, book, code=3)
    check(root, table, "--write", tmp_path / "x.csv", code=2)


def test_reports_are_written(root: Path, table: Path, tmp_path: Path) -> None:
    targets = [tmp_path / f"report.{kind}" for kind in ("html", "csv", "json")]
    check(root, table, *(word for target in targets for word in ("--report", target)), code=1)
    page_, rows, told = (target.read_text("utf-8-sig") for target in targets)
    assert "<script" not in page_
    assert "http-equiv" not in page_
    assert not re.search(r"(?:src|href)=\"(?!https?://www\.example\.gov|https?://down)", page_)
    assert [page_.count(f'<p class="v">{verdict}') for verdict in set(EXPECTED.values())] == [
        list(EXPECTED.values()).count(verdict) for verdict in set(EXPECTED.values())
    ]
    assert {row["key"]: row["verdict"] for row in csv.DictReader(rows.splitlines())} == EXPECTED
    report = json.loads(told)
    assert {row["key"]: row["verdict"] for row in report["entries"]} == EXPECTED
    assert report["outcome"] == "failed"
    assert report["files"][0]["sha256"] == hashlib.sha256(table.read_bytes()).hexdigest()


def test_a_bibliography_is_given_back_with_its_copies(root: Path, tmp_path: Path) -> None:
    bib = tmp_path / "a.bib"
    bib.write_text(f"@online{{a,\n  url = {{{HOST}/exact}}\n}}\n")
    check(root, bib, "--write", tmp_path / "b.bib", code=0)
    written = (tmp_path / "b.bib").read_text()
    capture = muniment("list", f"{HOST}/exact", "--json", archive=root).rows[0]
    assert capture["id"] in written
    assert capture["sha256"] in written


def test_what_is_missing_is_captured_in_one_crawl(root: Path, tmp_path: Path) -> None:
    with serve({"/a": Page("<p>通知</p>".encode()), "/b": Page(b"no", 404)}) as site:
        notes = tmp_path / "notes.md"
        notes.write_text(f"{site.url}/a\n{site.url}/b\n")
        found = check(root, notes, "--capture", "--json", code=1).rows
    assert [row["verdict"] for row in found] == ["near date", "error page archived"]
    assert len(muniment("crawls", "--json", archive=root).rows) == 1


def test_a_publication_says_what_no_longer_holds(root: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.csv"
    notes.write_text(f"key,url,accessed\na,{HOST}/exact,{SAID}\n")
    check(root, notes, "--publication", "报告", code=0)
    assert "verified exact  1" in muniment("publication", "show", "报告", archive=root).out
    gone = wire_group(
        f"{HOST}/exact",
        answer(b"", status="410 Gone"),
        time=TIME + 30 * DAY,
        outcome="not-found",
        code="http-410",
    )
    store(root, gone, prefix="late")
    muniment("rebuild", archive=root)
    told = muniment("publication", "show", "报告", archive=root)
    assert "missing from source: " in told.out
    assert "; was verified exact at the check of " in told.out
    assert f"; so since {TIME + 30 * DAY:%Y-%m-%d}" in told.out
    [listed] = muniment("publication", "list", "--json", archive=root).rows
    assert (listed["name"], listed["entries"]) == ("报告", 1)
    exported = json.loads(muniment("publication", "export", "报告", archive=root).out)
    assert exported["entries"][0]["urls"] == [f"{HOST}/exact"]
    assert muniment("publication", "show", "nothing", archive=root).code == 4


def test_publications_are_the_same_after_a_rebuild_on_both_databases(
    root: Path, table: Path, tmp_path: Path, postgres_server: str
) -> None:
    check(root, table, "--publication", "r", code=1)
    check(root, table, "--publication", "R", code=1)
    archive = ArchiveRoot.open(root)
    engine = open_catalog(root / "catalog.sqlite")
    tables = ("publication", "citation", "citation_quote", "quote")
    before = {name: dump(engine)[name] for name in tables}
    assert [len(rows) for rows in before.values()] == [1, len(EXPECTED), 3, 6]
    rebuild(engine, archive)
    assert {name: dump(engine)[name] for name in before} == before
    with fresh_postgres(postgres_server) as there:
        for path in reversed(sealed(archive)):
            ingest(there, [path], archive)
        assert {name: dump(there)[name] for name in before} == before


def test_sixteen_hundred_entries_take_seconds(root: Path, tmp_path: Path) -> None:
    rows = "".join(
        f"k{n},{HOST}/{'exact' if n % 2 else f'absent{n}'},{SAID}\n" for n in range(1691)
    )
    notes = tmp_path / "notes.csv"
    notes.write_text(f"key,url,accessed\n{rows}")
    found = check(root, notes, "--json", code=1).rows
    assert len(found) == 1691


def test_a_check_needs_no_operator_and_writes_nothing_unless_it_is_kept(
    root: Path, table: Path
) -> None:
    before = sorted((root / "warc").iterdir())
    check(root, table, code=1)
    assert sorted((root / "warc").iterdir()) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--fail-on", "wrong"), "no verdict is called"),
        (("--title", "x"), "those of a --publication"),
        (("--report", "r.txt"), "no report ends in .txt"),
        (("--collection", "none"), "no collection none"),
    ],
)
def test_an_order_that_makes_no_sense_is_one_line(
    root: Path, table: Path, words: tuple[str, ...], said: str
) -> None:
    told = muniment("bibliography", "check", table, *words, archive=root)
    assert told.code in {2, 4}
    assert said in told.err
    assert told.err.count("\n") == 1


def test_digests_and_ids_are_taken_at_their_word(root: Path, tmp_path: Path) -> None:
    capture = muniment("list", f"{HOST}/exact", "--json", archive=root).rows[0]
    other = muniment("list", f"{HOST}/second", "--json", archive=root).rows[0]
    rows = {
        "digest": f"@misc{{digest, note = {{SHA-256 {capture['sha256']}}}}}",
        "id": f"@misc{{id, url = {{{HOST}/exact}}, note = {{Archived at https://a.example/c/{capture['id']}}}}}",
        "both": f"@misc{{both, archive_location = {{{capture['id']}}}, sha256 = {{{capture['sha256']}}}}}",
        "torn": f"@misc{{torn, archive_location = {{{capture['id']}}}, sha256 = {{{other['sha256']}}}}}",
        "none": f"@misc{{none, url = {{{HOST}/exact}}, sha256 = {{{'ab' * 32}}}}}",
    }
    bib = tmp_path / "a.bib"
    bib.write_text("\n".join(rows.values()))
    found = {row["key"]: row for row in check(root, bib, "--json", code=1).rows}
    assert {key: row["verdict"] for key, row in found.items()} == {
        "digest": "verified exact",
        "id": "verified exact",
        "both": "verified exact",
        "torn": "not archived",
        "none": "not archived",
    }
    assert "another digest" in found["torn"]["reason"]
    assert "other contents are held" in found["none"]["reason"]


def test_an_address_that_leads_elsewhere_is_followed(root: Path, tmp_path: Path) -> None:
    def leads(path: str, to: str, days: int = 0) -> Group:
        return wire_group(
            f"{HOST}/{path}",
            answer(b"", status="302 Found"),
            outcome="redirect",
            location=f"{HOST}/{to}",
            time=TIME + days * DAY - timedelta(minutes=1),
        )

    store(
        root,
        leads("old", "hop"),
        leads("hop", "exact"),
        leads("loop", "loop"),
        leads("second", "missing", 9),
        prefix="leads",
    )
    muniment("rebuild", archive=root)
    notes = tmp_path / "n.csv"
    notes.write_text(
        f"key,url,accessed\nold,{HOST}/old,{SAID}\nloop,{HOST}/loop,{SAID}\nsecond,{HOST}/second,{SAID}\n"
    )
    found = {row["key"]: row for row in check(root, notes, "--json", code=1).rows}
    assert {key: row["verdict"] for key, row in found.items()} == {
        "old": "verified exact",
        "loop": "not archived",
        "second": "missing from source",
    }


def test_a_collection_is_all_that_is_looked_in(root: Path, tmp_path: Path) -> None:
    muniment("collection", "create", "c", archive=root)
    muniment("collection", "add", "c", f"{HOST}/exact", archive=root)
    notes = tmp_path / "n.csv"
    notes.write_text(f"key,url\na,{HOST}/exact\nb,{HOST}/quoted\n")
    assert len(check(root, notes, "--json", code=0).rows) == 2
    found = [r["verdict"] for r in check(root, notes, "--collection", "c", "--json", code=1).rows]
    assert found == ["near date", "not archived"]


def test_one_broken_file_keeps_no_other_from_being_checked(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "works"
    folder.mkdir()
    (folder / "bad.docx").write_bytes(b"PK\x03\x04")
    (folder / "bad.json").write_text("[{")
    (folder / "bad.bib").write_text(f"@misc{{a, url={{x\n@misc{{b, url={{{HOST}/exact}}}}")
    (folder / "good.md").write_text(f"[a]({HOST}/exact)")
    (folder / "other.xyz").write_text("nothing")
    found = [(r["file"], r["verdict"]) for r in check(root, folder, "--json", code=3).rows]
    assert found == [
        ("bad.bib", "unreadable"),
        ("bad.bib", "near date"),
        ("bad.docx", "unreadable"),
        ("bad.json", "unreadable"),
        ("good.md", "near date"),
    ]


def test_word_is_given_back_with_the_copy_in_its_footnote(root: Path, tmp_path: Path) -> None:
    path = manuscript(tmp_path / "a.docx", f"{HOST}/quoted")
    publish(root)
    check(root, path, "--write", tmp_path / "b.docx", code=1)
    [capture] = muniment("list", f"{HOST}/quoted", "--json", archive=root).rows
    with zipfile.ZipFile(tmp_path / "b.docx") as package:
        notes = package.read("word/footnotes.xml").decode()
    assert f"archived at https://a.example/c/{capture['id']}; SHA-256 {capture['sha256']}" in notes
    found = check(root, tmp_path / "b.docx", "--json", code=1).rows
    note = next(row for row in found if row["place"] == "footnote 2")
    assert note["copy"] == f"https://a.example/c/{capture['id']}"
    assert note["verdict"] == "quote altered"
    assert ("verified exact", "the digest that it names is held") in [
        (also["verdict"], also["reason"]) for also in note["also"]
    ]
    again = tmp_path / "c.docx"
    assert "named in 0 of" in check(root, tmp_path / "b.docx", "--write", again, code=1).err


def publish(root: Path) -> None:
    path = root / "muniment.toml"
    path.write_text('public_url = "https://a.example/"\n' + path.read_text("utf-8"), "utf-8")


def test_a_publication_keeps_its_files_and_the_checks_of_its_quotations(
    root: Path, table: Path, tmp_path: Path
) -> None:
    words = ("--publication", "Report", "--title", "报告", "--author", "N. Y.", "--date", "2024")
    check(root, table, *words, code=1)
    told = muniment("publication", "show", "REPORT", "--check", archive=root)
    assert told.code == 1
    assert "2024" in told.out
    assert "报告" in told.out
    [listed] = muniment("publication", "list", "--json", archive=root).rows
    assert (listed["title"], listed["author"], listed["entries"]) == ("报告", "N. Y.", 13)
    assert "2 times" in muniment("publication", "show", "Report", archive=root).out
    target = tmp_path / "kept"
    muniment("publication", "export", "Report", "--format", "files", "-o", target, archive=root)
    assert (target / table.name).read_bytes() == table.read_bytes()
    engine = open_catalog(root / "catalog.sqlite")
    joined = rows(
        engine,
        "SELECT c.key, q.verdict FROM citation c JOIN citation_quote j USING (publication_id, number)"
        " JOIN quote q ON q.id = j.quote_id ORDER BY c.number",
    )
    assert joined == [("verified", "verified"), ("altered", "altered"), ("absent", "not found")]
    exact = muniment("list", f"{HOST}/quoted", "--json", archive=root).rows[0]
    document = muniment("cite", exact["id"], "--json", archive=root).rows[0]["document"]
    assert "Report, altered: quote altered" in muniment("show", document, archive=root).out
    page_ = muniment("publication", "export", "Report", "--format", "html", archive=root).out
    assert "Bibliography check: Report" in page_
    check_archive(ArchiveRoot.open(root))


def test_since_when_a_citation_does_not_hold_is_told_by_its_checks(
    root: Path, tmp_path: Path
) -> None:
    notes = tmp_path / "notes.csv"
    notes.write_text(f"key,url\na,{HOST}/nothing\n")
    check(root, notes, "--publication", "p", code=1)
    notes.write_text(f"key,url\nb,{HOST}/exact\na,{HOST}/nothing\n")
    check(root, notes, "--publication", "p", code=1)
    store(root, wire_group(f"{HOST}/nothing", page("如今有了的通知")), prefix="late")
    muniment("rebuild", archive=root)
    [_, row] = muniment("publication", "show", "p", "--json", archive=root).rows
    assert (row["was"], row["verdict"]) == ("not archived", "near date")
    muniment("publication", "show", "p", "--check", archive=root)
    engine = open_catalog(root / "catalog.sqlite")
    found = rows(engine, "SELECT key, verdict, before FROM citation ORDER BY number")
    assert found == [("b", "near date", None), ("a", "near date", "not archived")]


# The notes and posts of others, and a served copy of what they cite.

MOFCOM = "http://exportcontrol.mofcom.gov.cn"


def test_every_address_of_the_notes_and_posts_has_a_verdict(root: Path) -> None:
    folder = shared("data/citations")
    told = check(root, folder, "--json", code=1)
    found = [url for row in told.rows for url in (*row["urls"], *row["copies"])]
    assert len(told.rows) > 1500
    assert {row["verdict"] for row in told.rows} <= {"not archived", "unreadable"}
    plain = {url.rstrip("/") for url in found}
    for path in folder.rglob("*.md"):
        for crude in set(re.findall(r"https?://[^\s\"'<>)\]}]+", path.read_text("utf-8"))):
            url = crude.rstrip(".,;:!?*_`~…").rstrip("/")
            assert url in plain or any(one.startswith(url) or url.startswith(one) for one in plain)


def test_a_served_copy_of_the_notes_gives_the_verdicts_that_a_person_expects(
    tmp_path: Path,
) -> None:
    """Real notes, their pages served on loopback, captured, changed, captured again."""
    notes = _notes(11)
    root = tmp_path / "a"
    muniment("init", root, "--operator", "Ada")
    paths = [path for _, path in notes]
    body = "<html><title>{0}</title><p>{0}：{1}</p></html>"
    pages = {
        path: Page(body.format(note[2:40].splitlines()[0], SENTENCE).encode())
        for note, path in notes
    }
    pages[paths[3]] = Page(b"<title>403</title>", 403)
    with serve(dict(pages)) as site:
        captured = [path for path in paths if path != paths[6]]
        muniment("capture", *(site.url + path for path in captured), archive=root)
        site.pages[paths[4]] = Page(body.format("通知", SENTENCE.replace("25", "20")).encode())
        site.pages[paths[5]] = Page(b"<title>404</title>", 404)
        muniment("capture", *(site.url + path for path in paths[4:6]), archive=root)
    first = min(row["time"] for row in muniment("list", "--json", archive=root).rows)
    day = datetime.fromisoformat(first)
    seen = {0: day, 1: day - 3 * DAY, 2: day - 400 * DAY, 4: day, 5: day, 7: day + 60 * DAY}
    words = {8: SENTENCE, 9: SENTENCE.replace("25", "52"), 10: "港口管理和北斗导航系统都在其中"}
    work = tmp_path / "notes"
    work.mkdir()
    for number, (note, path) in enumerate(notes):
        text = note.replace(MOFCOM + path, f"{site.url}{path}")
        text = re.sub(r"(?m)^.*Fetched.*$", f"- **Fetched**: {seen[number]:%Y-%m-%d}" if number in seen else "", text)  # fmt: skip
        if number in words:
            text = f"“{words[number]}” ([source]({site.url}{path}))\n"
        (work / f"{number:02}.md").write_text(text)
    (work / "11.bib").write_text("@online{broken, url = {http://x.cn\n")
    found = {
        row["file"]: row["verdict"]
        for row in check(root, work, "--json", code=1).rows
        if not row["urls"] or row["urls"][0].startswith(site.url)
    }
    assert list(found.values()) == [
        "verified exact",
        "near date",
        "archived later than claimed",
        "error page archived",
        "changed since",
        "missing from source",
        "not archived",
        "ambiguous",
        "quote verified",
        "quote altered",
        "quote not found",
        "unreadable",
    ]
    check_archive(ArchiveRoot.open(root))


def test_a_served_copy_of_a_post_with_robust_links_gives_the_verdicts_that_a_person_expects(
    tmp_path: Path,
) -> None:
    post, links = _post(4)
    root = tmp_path / "a"
    muniment("init", root, "--operator", "Ada")
    pages: Answers = {
        path: Page(f"<title>{path}</title><p>{SENTENCE}</p>".encode()) for _, path in links
    }
    with serve(pages) as site:
        muniment("capture", *(site.url + path for _, path in links[:3]), archive=root)
    today = min(row["time"] for row in muniment("list", "--json", archive=root).rows)[:10]
    dates = (today, None, "", None)
    for (url, path), date in zip(links, dates, strict=True):
        begin = post.index(f'href="{url}"')
        end = post.index("}}", begin)
        link = post[begin:end].replace(f'href="{url}"', f'href="{site.url}{path}"')
        if date is not None:
            link = re.sub(r'versiondate="[^"]*"', f'versiondate="{date}"', link)
            link = re.sub(r'versionurl="[^"]*"', 'versionurl="https://archive.ph/x"', link)
        post = post[:begin] + link + post[end:]
    work = tmp_path / "post.md"
    work.write_text(post)
    found = check(root, work, "--json", code=1).rows
    ours = [row for row in found if row["urls"] and row["urls"][0].startswith(site.url)]
    assert [row["verdict"] for row in ours] == [
        "verified exact",
        "archived later than claimed",
        "near date",
        "not archived",
    ]
    assert all(row["copies"] for row in ours)
    assert {row["verdict"] for row in found if row not in ours} <= {"not archived", "unreadable"}


def _post(count: int) -> tuple[str, list[tuple[str, str]]]:
    """A post, and the addresses of its first robust links, each with its path."""
    link = r'href="(https?://[^/"]+(/[^"#?]+))", versionurl="https?://web\.archive\.org/web/[^"]+", versiondate="20'
    for path in sorted((shared("data/citations") / "dltj+dltj-blog").rglob("*.md")):
        text = path.read_text("utf-8")
        found = [url for url in re.findall(link, text) if text.count(f'href="{url[0]}"') == 1]
        if len(found) >= count:
            return text, found[:count]
    raise AssertionError("no such post")


SENTENCE = "名额25人（含领队1人），请各单位于6月底前组织推荐符合条件的人员参加研修"


def _notes(count: int) -> list[tuple[str, str]]:
    """Notes with the path of the one page of the ministry that each is about."""
    folder = shared("data/citations") / "weiqi-kids+agent.cross-border-trade"
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.md")):
        text = path.read_text("utf-8")
        urls = re.findall(rf"URL\W+{MOFCOM}(/article/\S+?\.html)", text)
        if len(urls) == 1 and text.count("http") == 1 and "Fetched" in text:
            found.setdefault(urls[0], text)
    assert len(found) >= count
    return [(text, path) for path, text in list(found.items())[:count]]
