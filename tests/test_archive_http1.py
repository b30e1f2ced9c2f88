"""Answers that other parsers reject are read, named, and never altered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.http1 import Message, ResponseReader, header, headers, keeps_alive, split
from tests.torture import shared_cases


def in_steps(block: bytes, step: int, method: str = "GET") -> tuple[ResponseReader, bytes]:
    reader = ResponseReader(method)
    pieces = [
        piece for at in range(0, len(block), step) for piece in reader.feed(block[at : at + step])
    ]
    return reader, b"".join([*pieces, *reader.eof()])


def same(reader: ResponseReader, message: Message) -> bool:
    return (reader.head, reader.complete, reader.framing, tuple(reader.flaws)) == (
        message.head,
        message.complete,
        message.framing,
        message.flaws,
    )


def answer(head: str, body: bytes = b"") -> bytes:
    return head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body


@pytest.mark.parametrize("step", [1, 2, 7, 50])
def test_every_torture_case_reads_the_same_in_any_pieces(step: int) -> None:
    for path, block in shared_cases().items():
        whole = split(block)
        reader, payload = in_steps(block, step)
        assert same(reader, whole), path
        assert payload == whole.payload, path


def test_the_torture_cases_end_where_their_messages_end() -> None:
    cases = {path: split(block) for path, block in shared_cases().items()}
    assert {path for path, found in cases.items() if not found.complete} == {"/short", "/nothing"}
    assert {path for path, found in cases.items() if found.trailing} == {"/extra"}
    assert {path for path, found in cases.items() if found.flaws} == set()
    assert cases["/chunkext"].payload == b"abcdefg"
    assert cases["/extra"].payload == b"ok"
    assert cases["/nothing"].head is None


@given(st.binary(max_size=300), st.integers(1, 40))
def test_no_bytes_at_all_break_the_reader(noise: bytes, step: int) -> None:
    for block in (noise, b"HTTP/1.1 200 OK\r\n" + noise, answer("HTTP/1.1 200 OK\nA: b", noise)):
        whole = split(block)
        reader, payload = in_steps(block, step)
        assert same(reader, whole)
        assert payload == whole.payload
        assert whole.body_end + whole.trailing == len(block)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.integers(1, 9))
def test_chunks_give_back_their_data(parts: list[bytes], step: int) -> None:
    chunks = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(part), part) for part in parts)
    block = answer("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", chunks + b"0\r\nX-T: 1\r\n\r\n")
    reader, payload = in_steps(block + b"more", step)
    assert reader.complete
    assert reader.end == len(block)
    assert payload == b"".join(parts)
    assert split(block + b"more").trailing == 4


def test_fields_are_kept_in_order_with_their_bytes() -> None:
    raw = b"\xc9\xcc\xce\xf1.doc"
    block = (
        b"HTTP/1.1 200 Tout va bien\r\nB: 1\r\nno colon here\r\nA : 2\r\n\tfolded\r\nB: "
        + raw
        + b"\r\nEmpty:\r\nContent-Length: 0\r\n\r\n"
    )
    head = split(block).head
    assert head is not None
    assert (head.version, head.status, head.reason) == (b"HTTP/1.1", 200, b"Tout va bien")
    assert head.fields == [
        (b"B", b"1"),
        (b"", b"no colon here"),
        (b"A", b"2 folded"),
        (b"B", raw),
        (b"Empty", b""),
        (b"Content-Length", b"0"),
    ]
    assert header(head.fields, b"b") == b"1"
    assert headers(head.fields, b"b") == [b"1", raw]
    assert header(head.fields, b"absent") is None


@pytest.mark.parametrize(
    ("fields", "body", "framing", "complete", "flaws"),
    [
        ("Content-Length: 2", b"ok", "length", True, ()),
        ("Content-Length: 2\nContent-Length: 2", b"ok", "length", True, ()),
        ("Content-Length: 2, 2", b"ok", "length", True, ()),
        ("Content-Length: 2\nContent-Length: 3", b"ok", "close", True, ("bad-length",)),
        ("Content-Length: -1", b"ok", "close", True, ("bad-length",)),
        ("Content-Length: 2x", b"ok", "close", True, ("bad-length",)),
        ("Content-Length: " + "9" * 5000, b"ok", "close", True, ("bad-length",)),
        ("Content-Length: 3", b"ok", "length", False, ()),
        ("Transfer-Encoding: gzip", b"ok", "close", True, ()),
        ("Transfer-Encoding: chunked", b"2\nok\n0\n\n", "chunked", True, ()),
        ("Transfer-Encoding: chunked", b"2\r\nok\r\n", "chunked", False, ()),
        ("Transfer-Encoding: chunked", b"<html>", "chunked", False, ()),
        ("Transfer-Encoding: chunked", b"<html>\r\n", "chunked", True, ("bad-chunk",)),
        ("Transfer-Encoding: chunked", b"2\r\nokNO\r\n", "chunked", True, ("bad-chunk",)),
        (
            "Transfer-Encoding: chunked\nContent-Length: 9",
            b"0\r\n\r\n",
            "chunked",
            True,
            ("length-and-chunked",),
        ),
    ],
)
def test_the_end_of_the_body_is_told_as_browsers_tell_it(
    fields: str, body: bytes, framing: str, complete: bool, flaws: tuple[str, ...]
) -> None:
    found = split(answer("HTTP/1.1 200 OK\n" + fields, body))
    assert (found.framing, found.complete, found.flaws) == (framing, complete, flaws)


@pytest.mark.parametrize(
    ("status", "method"),
    [("204 No Content", "GET"), ("304 Not Modified", "GET"), ("200 OK", "HEAD")],
)
def test_some_answers_have_no_body_whatever_they_say(status: str, method: str) -> None:
    found = split(answer(f"HTTP/1.1 {status}\nContent-Length: 5", b"HTTP/"), method)
    assert (found.framing, found.complete, found.trailing) == ("none", True, 5)


def test_interim_heads_come_before_the_head_that_counts() -> None:
    early = answer("HTTP/1.1 103 Early Hints\nLink: </a.css>") + answer("HTTP/1.1 100 Continue")
    found = split(early + answer("HTTP/1.1 200 OK\nContent-Length: 0"))
    assert found.head is not None
    assert (found.head.status, found.head.start) == (200, len(early))


def test_heads_without_an_end_are_over_the_limit() -> None:
    endless = ResponseReader(head_limit=1000)
    endless.feed(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100)
    assert not endless.over_limit
    for _ in range(100):
        endless.feed(b"X: y\r\n")
    assert endless.over_limit
    interim = ResponseReader(head_limit=1000)
    interim.feed(b"HTTP/1.1 102 Processing\r\n\r\n" * 100)
    assert interim.over_limit
    trailers = ResponseReader(head_limit=1000)
    trailers.feed(
        answer("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", b"0\r\n" + b"X: y\r\n" * 400)
    )
    assert trailers.over_limit


def test_a_head_that_breaks_off_is_read_as_far_as_it_came() -> None:
    found = split(b"HTTP/1.1 404 Not Found\r\nServer: x\r\nCont")
    assert found.head is not None
    assert (found.head.status, found.complete, found.flaws) == (404, False, ("head-cut",))
    assert split(b"HTTP/1.1 100 Continue\r\n\r\n").complete is False


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("HTTP/1.1 200", 200),
        ("HTTP/1.1  404  Lost", 404),
        ("HTTP/1.1 2000 x", None),
        ("HTTP/", None),
    ],
)
def test_odd_status_lines_are_read(line: str, status: int | None) -> None:
    head = split(answer(line + "\nContent-Length: 0")).head
    assert head is not None
    assert head.status == status


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        ("HTTP/1.1 200 OK", True),
        ("HTTP/1.1 200 OK\nConnection: Close", False),
        ("HTTP/1.0 200 OK", False),
        ("HTTP/1.0 200 OK\nConnection: Keep-Alive", True),
    ],
)
def test_a_connection_is_kept_as_the_server_says(head: str, kept: bool) -> None:
    found = split(answer(head)).head
    assert found is not None
    assert keeps_alive(found) is kept
