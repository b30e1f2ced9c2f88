"""An index made from the statements alone, in which pywb finds every capture."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from fastwarc import ArchiveIterator
from hypothesis import given
from hypothesis import strategies as st

from archive.cdxj import CdxjLine, cdxj_line, cdxj_lines, merge
from archive.digest import Digests
from archive.group import Group
from archive.reader import groups
from archive.statement import Capture, Event, Layers, RefersTo, Statement
from archive.store import WarcWriter
from archive.surt import surt
from archive.warc import IDENTICAL, AnyRecord, request, response, revisit

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
BLOCK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nhello"
HELLO = Digests.of(b"hello")


def captured(url: str, time: datetime = NOW, answer: AnyRecord | None = None) -> Group:
    told = Capture(
        url=url,
        time=time,
        outcome="content",
        status=200,
        media_type="text/HTML; charset=gbk",
        digests=Layers(block=Digests.of(BLOCK), payload=HELLO),
    )
    asked = request(url, time, b"GET / HTTP/1.1\r\n\r\n")
    return Group(told, (asked, answer or response(url, time, BLOCK)))


def failed(url: str) -> Group:
    told = Capture(url=url, time=NOW, outcome="error", code="connect-refused")
    return Group(told, (request(url, NOW, b"GET / HTTP/1.1\r\n\r\n"),))


def event() -> Statement:
    return Event(type="fixity check", time=NOW, operator="me", software="test")


def stored(folder: Path, *written: Group, prefix: str = "a") -> Path:
    with WarcWriter(folder, prefix, {"software": "test"}, lambda: NOW) as writer:
        for group in written:
            writer.append(group)
        writer.seal()
        return writer.sealed[0]


def test_a_line_says_where_the_answer_lies_and_what_it_is(tmp_path: Path) -> None:
    path = stored(tmp_path, captured("http://www.example.org/通知?b=1&a=2"))
    (found_line,) = cdxj_lines(groups(path))
    key, timestamp, fields = str(found_line).split(" ", 2)
    assert key == "org,example)/%e9%80%9a%e7%9f%a5?a=2&b=1"
    assert timestamp == "20260102030405"
    found = json.loads(fields)
    assert (found["url"], found["mime"], found["status"], found["filename"]) == (
        "http://www.example.org/通知?b=1&a=2",
        "text/html",
        "200",
        path.name,
    )
    assert found["digest"] == f"sha256:{HELLO.sha256.hex()}"
    with path.open("rb") as file:
        file.seek(int(found["offset"]))
        record = next(iter(ArchiveIterator(file, parse_http=False)))
        assert record.headers["WARC-Type"] == "response"
        assert record.reader.read() == BLOCK


def test_a_revisit_is_told_by_its_media_type_with_its_payload_digest(tmp_path: Path) -> None:
    url = "http://example.org/"
    again = revisit(
        url,
        NOW,
        b"HTTP/1.1 200 OK\r\n\r\n",
        profile=IDENTICAL,
        refers_to=RefersTo(record="urn:uuid:1", url=url, time=NOW),
        payload=HELLO.sha256,
    )
    (found_line,) = cdxj_lines(groups(stored(tmp_path, captured(url, answer=again))))
    assert (found_line.mime, found_line.digest) == ("warc/revisit", f"sha256:{HELLO.sha256.hex()}")


def test_what_is_no_answer_has_no_line(tmp_path: Path) -> None:
    path = stored(tmp_path, failed("http://example.org/"), Group(event()))
    assert [cdxj_line(group) for group in groups(path)] == [None, None]


def line(url: str, second: int) -> CdxjLine:
    return CdxjLine(surt(url), f"202601020304{second:02}", url, "text/html", "200", "", 1, 2, "a")


URLS = st.text(max_size=8).map("http://example.org/{}".format)


@given(st.lists(st.builds(line, URLS, st.integers(0, 59)), max_size=9), st.integers(0, 9))
def test_merged_indexes_are_sorted_as_bytes(lines: list[CdxjLine], cut: int) -> None:
    merged = [str(found).encode() for found in merge([sorted(lines[:cut]), sorted(lines[cut:])])]
    keys = [found.rpartition(b" {")[0] for found in merged]
    assert sorted(merged) == sorted(str(found).encode() for found in lines)
    assert keys == sorted(keys)
