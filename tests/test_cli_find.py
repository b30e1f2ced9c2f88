"""Listing, showing and getting what is held."""

from __future__ import annotations

import gzip
import pty
import random
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from archive.digest import Digests
from archive.ident import ident, printed
from archive.statement import Tls
from tests.captures import TIME, answer, asserted_group, failed_group, store, wire_group
from tests.muniment import muniment

PAGE = "https://www.example.gov/notice.html"
FILE = "https://www.example.gov/files/%E9%99%84%E4%BB%B61.doc"
OLD, NEW = "<p>第一条</p>".encode(), "<p>第一条 改</p>".encode()
DOC = b"\xd0\xcf\x11\xe0" + random.Random(1).randbytes(9000)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions of a page, an attachment, a page that is gone, and a host that does not answer."""
    root = tmp_path_factory.mktemp("made") / "a"
    muniment("init", root, "--operator", "Ada")
    day = timedelta(days=1)
    store(
        root,
        wire_group(PAGE, answer(OLD)),
        wire_group(PAGE, answer(NEW), time=TIME + 2 * day),
        wire_group(
            FILE,
            answer(DOC, "application/msword"),
            time=TIME + day,
            cause="link",
            via=PAGE,
            link_text="附件1",
            filename="../附件1：名单.doc",
            ip="203.0.113.7",
            port=443,
            tls=Tls(version="tls/1.2", cipher="ECDHE", chain=("00",), verdict=("expired",)),
        ),
        wire_group(
            "https://www.example.gov/gone",
            answer(b"gone", status="404 Not Found"),
            outcome="not-found",
            code="http-404",
        ),
        failed_group("https://down.example.gov/", "dns-nxdomain", detail="no such host"),
    )
    assert muniment("rebuild", archive=root).code == 0
    return root


@pytest.fixture
def archive(made: Path, tmp_path: Path) -> Path:
    """A copy of that archive, to be changed at will."""
    return shutil.copytree(made, tmp_path / "a")


def first(archive: Path, url: str) -> str:
    """The printed id of the latest capture of a URL."""
    return str(muniment("list", url, "--json", archive=archive).rows[0]["id"])


def test_list_tells_the_latest_first(archive: Path) -> None:
    done = muniment("list", archive=archive)
    told = [line.split(maxsplit=1)[1] for line in done.out.splitlines()]
    assert done.code == 0
    assert told[:2] == [
        f"2026-11-25 08:00:00Z  content    200     20 B  {PAGE}",
        f"2026-11-24 08:00:00Z  content    200  8.8 KiB  {FILE}",
    ]
    assert sorted(told[2:]) == [
        f"2026-11-23 08:00:00Z  content    200     16 B  {PAGE}",
        "2026-11-23 08:00:00Z  error        -        -  https://down.example.gov/",
        "2026-11-23 08:00:00Z  not-found  404      4 B  https://www.example.gov/gone",
    ]


def test_the_rows_of_json_have_the_keys_of_the_design(archive: Path) -> None:
    (row,) = muniment("list", FILE, "--json", archive=archive).rows
    assert list(row)[:7] == ["id", "url", "time", "outcome", "status", "sha256", "blake3"]
    assert row["sha256"] == Digests.of(DOC).sha256.hex()
    assert row["time"] == "2026-11-24T08:00:00.123456Z"
    assert (row["tls"], row["link_text"], row["origin"]) == ("expired", "附件1", None)


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["--outcome", "not-found"], 1),
        (["--since", "2026-11-24"], 2),
        (["--until", "2026-11-23"], 3),
        (["--since", "2026-11-24", "--until", "2026-11-24"], 1),
        (["--limit", "2"], 2),
        ([PAGE], 2),
        ([PAGE, "--since", "2026-11-25T08:00:00Z"], 1),
        ([PAGE, "--limit", "1"], 1),
        ([PAGE, "--source", "nobody"], 0),
        (["https://www.example.gov/*"], 4),
        (["附件"], 1),
        (["NOTICE"], 2),
        (["nothing-like-it"], 0),
    ],
)
def test_list_filters_by_what_a_person_remembers(
    archive: Path, words: list[str], count: int
) -> None:
    done = muniment("list", *words, archive=archive)
    assert (done.code, len(done.out.splitlines())) == (0, count)


@pytest.mark.parametrize("words", [["--since", "yesterday"], ["--limit", "0"], ["--crawl", "x!"]])
def test_a_filter_that_means_nothing_is_a_usage_error(archive: Path, words: list[str]) -> None:
    done = muniment("list", *words, archive=archive)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


def test_show_tells_all_of_a_capture_in_words(archive: Path) -> None:
    id_ = first(archive, FILE)
    shown = muniment("show", id_[:6].upper(), archive=archive).out
    for words in (
        f"capture    {id_}\n",
        (
            "time       recorded at 2026-11-24 08:00:00Z by our clock (offset not measured), "
            "no outside proof yet\n"
        ),
        "logged     not checked (not in the log yet)\n",
        "status     200 OK\n",
        "from       203.0.113.7 port 443\n",
        "TLS        tls/1.2, ECDHE: a certificate had expired\n",
        f"because    a link “附件1” on {PAGE}\n",
        f"content    {len(DOC)} bytes\n           sha256 {Digests.of(DOC).sha256.hex()}\n",
        "payload    the same bytes as the content\n",
        "  2026-11-24 08:00:00Z: 8.8 KiB, sha256 ",
    ):
        assert words in shown
    assert shown.endswith("…, this one\n")
    versions = muniment("show", PAGE, archive=archive).out.splitlines()[-2:]
    assert [line[-10:] == ", this one" for line in versions] == [True, False]
    (row,) = muniment("show", id_, "--json", archive=archive).rows
    assert row["statement"]["filename"] == "../附件1：名单.doc"


def test_show_of_a_failure_says_what_failed(archive: Path) -> None:
    shown = muniment("show", "https://down.example.gov/", archive=archive).out
    assert "outcome    error (dns-nxdomain) - no such host\n" in shown
    assert "from       nobody: no connection was made\n" in shown


def test_what_was_handed_over_says_so_everywhere(archive: Path) -> None:
    store(archive, asserted_group("https://old.example.gov/a.pdf", b"%PDF", ident("event")))
    muniment("rebuild", archive=archive)
    words = "origin asserted, not observed"
    (row,) = muniment("list", "https://old.example.gov/a.pdf", "--json", archive=archive).rows
    assert words in str(row["origin"])
    for order in ("list", "show", "verify"):
        assert words in muniment(order, "https://old.example.gov/a.pdf", archive=archive).out


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("0000", 4, "nothing has the id 0000"),
        ("https://other.example/", 4, "no capture of https://other.example/"),
        ("!", 2, "not an id"),
    ],
)
def test_a_name_that_names_nothing_is_one_line(
    archive: Path, name: str, code: int, said: str
) -> None:
    for order in ("show", "get", "verify"):
        done = muniment(order, name, archive=archive)
        assert (done.code, done.out, done.err.count("\n")) == (code, "", 1)
        assert said in done.err


def test_get_gives_the_content_that_a_reader_saves(archive: Path) -> None:
    assert muniment("get", FILE, archive=archive).raw == DOC
    assert muniment("get", first(archive, FILE)[:8], archive=archive).raw == DOC


def test_get_gives_a_url_as_it_was_at_a_time(archive: Path) -> None:
    assert muniment("get", PAGE, archive=archive).raw == NEW
    assert muniment("get", PAGE, "--at", "2026-11-24", archive=archive).raw == OLD
    early = muniment("get", PAGE, "--at", "2026-11-22", archive=archive)
    assert (early.code, early.raw) == (4, b"")
    assert "the first is of 2026-11-23 08:00:00Z" in early.err


def test_get_gives_every_layer_exactly(archive: Path) -> None:
    block = gzip.compress(b"<p>packed</p>", mtime=0)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    sent = head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(block), block)
    store(archive, wire_group("https://www.example.gov/packed", sent))
    muniment("rebuild", archive=archive)

    def layer(name: str) -> bytes:
        return muniment("get", "https://www.example.gov/packed", "--as", name, archive=archive).raw

    assert layer("content") == b"<p>packed</p>"
    assert layer("payload") == block
    assert layer("block") == sent
    assert layer("record").startswith(b"WARC/1.1\r\nWARC-Type: response\r\n")
    assert layer("record").endswith(sent + b"\r\n\r\n")


def test_get_writes_under_a_safe_name_and_never_over_other_bytes(
    archive: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    assert muniment("get", FILE, "-o", out, archive=archive).code == 0
    assert [path.name for path in out.iterdir()] == ["附件1：名单.doc"]
    target = out / "附件1：名单.doc"
    assert target.read_bytes() == DOC
    assert muniment("get", FILE, "-o", target, archive=archive).code == 0
    refused = muniment("get", PAGE, "-o", target, archive=archive)
    assert refused.code == 6
    assert target.read_bytes() == DOC


def test_get_of_a_cut_answer_names_the_layer_that_there_is(archive: Path) -> None:
    cut = answer(b"x" * 100)[:-40]
    group = wire_group(
        "https://www.example.gov/cut", cut, outcome="truncated", truncated="disconnect"
    )
    store(archive, group)
    muniment("rebuild", archive=archive)
    done = muniment("get", "https://www.example.gov/cut", archive=archive)
    assert (done.code, done.raw) == (4, b"")
    assert "has no content: truncated. `muniment get" in done.err
    assert (
        muniment("get", "https://www.example.gov/cut", "--as", "block", archive=archive).raw == cut
    )


def test_get_of_a_failure_says_why_there_is_nothing(archive: Path) -> None:
    done = muniment("get", "https://down.example.gov/", archive=archive)
    assert (done.code, done.raw) == (4, b"")
    assert "dns-nxdomain" in done.err


def test_damaged_bytes_are_never_given_out(archive: Path) -> None:
    (path,) = (archive / "warc").glob("test-*")
    data = bytearray(path.read_bytes())
    place = data.find(DOC[:64])
    assert place > 0, "the record is stored, not deflated"
    data[place] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    done = muniment("get", FILE, archive=archive)
    assert (done.code, done.raw) == (7, b"")
    assert path.name in done.err


def test_get_never_writes_binary_to_a_terminal(archive: Path) -> None:
    _ours, theirs = pty.openpty()
    for url, code in ((FILE, 2), (PAGE, 0)):
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", "-C", str(archive), "get", url],
            stdout=theirs,
            stderr=subprocess.PIPE,
            check=False,
            cwd=Path(__file__).parents[1],
        )
        assert done.returncode == code, done.stderr


def test_an_id_has_one_printed_form(archive: Path) -> None:
    id_ = first(archive, PAGE)
    assert printed(id_[:-1]) == id_
    wrong = id_[:-1] + ("0" if id_[-1] != "0" else "1")
    assert "has a wrong character" in muniment("show", wrong, archive=archive).err
