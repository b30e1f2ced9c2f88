"""The simulated ministry tells the truth about itself, whatever is done to it."""

from __future__ import annotations

import gzip
import io
import re
import socket
import ssl
import subprocess
import zipfile
import zlib
from collections import deque
from html import unescape
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from pathlib import Path
from urllib.parse import quote, urljoin, urlsplit

import pytest

from cli.ministry import Answer, Ministry, Posting
from cli.ministry.fixed import CUT, DISALLOWED, GONE, LISTED_BUT_ABSENT
from cli.ministry.postings import ENCODINGS, SECTIONS
from tests.shared import program

LINK = re.compile(
    r"""(?:href|src)="([^"]+)"|url\(["']?([^"')]+)["']?\)|<(?:loc|link)>([^<]+)<|^Sitemap: (\S+)""",
    re.MULTILINE,
)


def ask(base: str, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
    """One request on a connection of its own; the body is as sent, cut short or not."""
    connection = HTTPConnection(urlsplit(base).netloc, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        try:
            body = response.read()
        except IncompleteRead as cut:
            body = cut.partial
    finally:
        connection.close()
    return response, body


def connect(base: str) -> socket.socket:
    host, port = urlsplit(base).netloc.split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def content(response: HTTPResponse, body: bytes) -> bytes:
    return gzip.decompress(body) if response.headers["Content-Encoding"] == "gzip" else body


def text_of(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("gb18030")


def links(base: str, path: str, answer: HTTPResponse, data: bytes) -> set[str]:
    """Paths of this site that one answer leads to, found with nothing but a pattern."""
    found = {answer.headers["Location"]} - {None}
    if re.match(r"text/|application/(rss\+)?xml", answer.headers["Content-Type"] or ""):
        found |= {next(filter(None, groups)) for groups in LINK.findall(text_of(data))}
    urls = (urlsplit(urljoin(urljoin(base, path), unescape(link))) for link in found)
    return {
        quote(url.path, safe="/%") + (f"?{url.query}" if url.query else "")
        for url in urls
        if url.scheme == "http" and f"{url.netloc}/" in base
    }


def walk(base: str) -> dict[str, tuple[int, bytes]]:
    """Everything that is reachable from the front page and robots.txt: status and content."""
    found: dict[str, tuple[int, bytes]] = {}
    waiting = deque(["/robots.txt", "/"])
    while waiting:
        path = waiting.popleft()
        if path in found or path == DISALLOWED:
            continue
        response, body = ask(base, path)
        data = content(response, body)
        found[path] = response.status, data
        waiting.extend(links(base, path, response, data))
    return found


def truth(ministry: Ministry) -> dict[str, tuple[int, bytes]]:
    return {path: (a.status, a.content[: a.cut]) for path, a in ministry.expected()}


def posting_with(ministry: Ministry, wanted: str) -> Posting:
    """The latest posting that has an attachment of a kind."""
    return next(p for p in ministry.postings() if any(a.kind == wanted for a in p.attachments))


@pytest.mark.parametrize("postings", [1, 40, 130])
def test_what_a_walk_finds_is_what_the_ministry_says_it_must_find(postings: int) -> None:
    ministry = Ministry(3, postings)
    with ministry.serve() as url:
        assert walk(url) == truth(ministry)


def test_after_every_kind_of_edit_the_truth_is_still_what_a_walk_finds() -> None:
    ministry = Ministry(4, 45)
    with ministry.serve() as url:
        before = walk(url)
        edited, swapped = ministry.posting(11), posting_with(ministry, "pdf")
        ministry.edit_clause(11, "须提交一份报告", "可自愿提交一份报告")
        attachment = ministry.swap_attachment(swapped.number)
        ministry.delete(12)
        ministry.delete(13, listed=False)
        gone = ministry.posting(14).path
        ministry.move(14, "/art/2021/art_14.html")
        added = ministry.add()
        after = walk(url)
        assert after == truth(ministry)
        moved, _ = ask(url, gone)

    assert before[edited.path] != after[edited.path]
    assert before[attachment.path] != after[attachment.path]
    assert len(before[attachment.path][1]) > 1000
    assert after[ministry.posting(12).path][0] == 404
    assert ministry.posting(13).path not in after
    assert (moved.status, moved.headers["Location"]) == (301, "/art/2021/art_14.html")
    assert after["/art/2021/art_14.html"][0] == 200
    assert after[added.path][0] == 200


def test_the_same_seed_makes_the_same_world_and_another_seed_another() -> None:
    one, again, other = (dict(Ministry(seed, 30).expected()) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_a_world_of_100_000_postings_is_made_page_by_page() -> None:
    ministry = Ministry(5, 100_000)
    posting = ministry.posting(99_999)
    assert posting.title in text_of(ministry.answer(posting.path).content)
    last = ministry.answer("/tzgg/index_1666.html")
    assert "共1667页 33334条 第1667页" in text_of(last.content)
    assert ministry.answer("/tzgg/index_1667.html").status == 404
    assert b"sitemap-99.xml" in ministry.answer("/sitemap.xml").content


def test_pages_are_written_in_the_encodings_that_such_sites_use_and_some_lie() -> None:
    ministry = Ministry(6, 10)
    for number, encoding in enumerate(ENCODINGS):
        posting = ministry.posting(number)
        answer = ministry.answer(posting.path)
        text = answer.content.decode(encoding.real)
        assert posting.clauses[0] in text
        assert f'<meta charset="{encoding.meta}">' in text
    assert [n for n, encoding in enumerate(ENCODINGS) if encoding.lies] == [5, 7]
    with pytest.raises(UnicodeDecodeError):
        ministry.answer(ministry.posting(5).path).content.decode()


def test_raw_chinese_links_stand_in_pages_whose_encoding_lies() -> None:
    ministry = Ministry(6, 60)
    raw = [
        posting.encoding
        for posting in ministry.postings()
        for attachment in posting.attachments
        if not attachment.href.isascii()
    ]
    assert {encoding.real for encoding in raw if encoding.lies} == {"gbk", "utf-8"}


def test_a_file_name_comes_as_raw_gbk_in_the_header() -> None:
    ministry = Ministry(7)
    attachment = next(
        a for p in ministry.postings() for a in p.attachments if a.path.startswith("/system/")
    )
    with ministry.serve() as url:
        response, _ = ask(url, attachment.path)
    sent = response.headers["Content-Disposition"].encode("latin-1")
    assert attachment.name in sent.decode("gbk")


def test_a_body_is_cut_short_where_more_was_promised() -> None:
    with Ministry(8).serve() as url:
        response, body = ask(url, CUT)
    assert (response.status, len(body)) == (200, 9_000)
    assert int(response.headers["Content-Length"]) > 40_000


def test_every_kind_of_trouble_has_a_url() -> None:
    ministry = Ministry(9)
    status = {path: answer.status for path, answer in ministry.expected()}
    assert status["/oa/login.html"] == 403
    assert (status["/waf/a.html"], status["/waf/b.html"]) == (412, 521)
    assert (status[LISTED_BUT_ABSENT], status[GONE]) == (404, 410)
    assert (status["/zwgk"], status["/go/latest"], status["/zwgk/"]) == (301, 302, 200)
    assert ministry.answer("/loop").location == "/loop"
    assert DISALLOWED not in status
    assert ministry.answer(DISALLOWED).status == 200


def test_a_reader_who_holds_the_bytes_is_told_so_until_they_change() -> None:
    ministry = Ministry(10)
    posting = posting_with(ministry, "docx")
    with ministry.serve() as url:
        first, _ = ask(url, posting.path)
        tag, date = first.headers["ETag"], first.headers["Last-Modified"]
        by_tag, body = ask(url, posting.path, **{"If-None-Match": f'"other", {tag}'})
        by_date, _ = ask(url, posting.path, **{"If-Modified-Since": date})
        assert (by_tag.status, by_date.status, body) == (304, 304, b"")
        assert by_tag.headers["ETag"] == tag

        ministry.edit_clause(posting.number, "参加人员", "学员")
        for header in ({"If-None-Match": tag}, {"If-Modified-Since": date}):
            assert ask(url, posting.path, **header)[0].status == 200


def test_what_was_asked_is_remembered_as_it_came() -> None:
    ministry = Ministry(11)
    with ministry.serve() as url, connect(url) as s:
        s.sendall(
            b"HEAD / HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n\r\n"
            b"GET http://x/%e9%99%84 HTTP/1.1\r\nConnection: close\r\n\r\n"
        )
        answers = b"".join(iter(lambda: s.recv(65536), b""))
    assert answers.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answers.split(b"\r\n\r\n")[1].startswith(b"HTTP/1.1 404 ")
    assert [(a.method, a.path) for a in ministry.requests] == [("HEAD", "/"), ("GET", "/%E9%99%84")]
    assert ministry.requests[0].header(b"x-a") == b"1"
    assert ministry.requests[0].header(b"x-b") is None


@pytest.mark.parametrize(
    ("sent", "received"),
    [(b"POST / HTTP/1.1\r\n\r\n", b"HTTP/1.1 405 "), (b"GET /" + b"a" * 70_000, b"")],
)
def test_what_the_ministry_does_not_serve_ends_the_connection(sent: bytes, received: bytes) -> None:
    with Ministry(12).serve() as url, connect(url) as s:
        s.sendall(sent)
        try:
            answer = s.recv(65536)
        except ConnectionResetError:
            answer = b""
    assert answer.startswith(received)
    assert bool(answer) is bool(received)


def test_it_serves_over_tls(tmp_path: Path) -> None:
    command = (
        f"{program('openssl')} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost "
        f"-keyout {tmp_path}/key.pem -out {tmp_path}/cert.pem"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    trusting = ssl.create_default_context(cafile=tmp_path / "cert.pem")
    with (
        Ministry(13).serve(tls=context) as url,
        connect(url) as plain,
        trusting.wrap_socket(plain, server_hostname="localhost") as s,
    ):
        s.sendall(b"GET /robots.txt HTTP/1.1\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: s.recv(65536), b""))
    assert url.startswith("https://")
    assert url.encode() + b"sitemap.xml" in answer


@pytest.mark.parametrize("kind", ["docx", "xlsx", "ofd", "zip"])
def test_an_office_file_is_a_whole_zip_with_its_parts(kind: str) -> None:
    data = _file(kind)
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None
        assert len(file.namelist()) >= 2


def test_a_doc_and_an_image_begin_with_their_magic_bytes() -> None:
    assert _file("doc").startswith(bytes.fromhex("d0cf11e0a1b11ae1"))
    logo = Ministry(1).answer("/img/logo.png").content
    length = int.from_bytes(logo[33:37])
    assert len(zlib.decompress(logo[41 : 41 + length])) == 24 * (1 + 24 * 3)


def test_a_pdf_leads_from_its_end_to_each_of_its_objects() -> None:
    data = _file("pdf")
    table = int(data.rsplit(b"startxref\n", 1)[1].split()[0])
    offsets = [int(line.split()[0]) for line in data[table:].splitlines()[3:10]]
    assert [data[at:].split(b" ", 1)[0] for at in offsets] == [b"%d" % n for n in range(1, 8)]


def test_attachments_are_as_large_as_they_were_ordered() -> None:
    ministry = Ministry(14, 40, attachment_bytes=(2_000, 3_000_000))
    sizes = [a.size for p in ministry.postings() for a in p.attachments]
    assert min(sizes) < 10_000
    assert 1_000_000 < max(sizes) <= 3_000_000


def test_an_edit_that_changes_nothing_is_refused() -> None:
    ministry = Ministry(15)
    with pytest.raises(ValueError, match="does not say"):
        ministry.edit_clause(0, "没有这句话", "x")
    with pytest.raises(IndexError, match="no posting 40"):
        ministry.delete(40)
    with pytest.raises(ValueError, match="at least one"):
        Ministry(15, 0)


def test_what_never_was_is_absent() -> None:
    ministry = Ministry(16)
    posting = ministry.posting(3)
    for path in (
        "/favicon.ico",
        "/sitemap-1.xml",
        posting.path.replace(
            f"/{posting.section}/", f"/{(set(SECTIONS) - {posting.section}).pop()}/"
        ),
        f"/system/download.jsp?wbfileid={4 * 40}",
    ):
        assert ministry.answer(path) == Answer(
            404, ministry.answer("/x").content, "text/html; charset=utf-8"
        )


def _file(kind: str) -> bytes:
    ministry = Ministry(1)
    posting = posting_with(ministry, kind)
    attachment = next(a for a in posting.attachments if a.kind == kind)
    return ministry.answer(attachment.path).content
