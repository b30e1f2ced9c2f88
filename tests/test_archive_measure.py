"""The digests of all layers are the same, however an answer is read."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.digest import Absent, Digests
from archive.http1 import ResponseReader
from archive.measure import CONTENT_HELD, content, measure, payload
from archive.warc import Spool
from tests.torture import CASES, answer, shared_cases


def spooled(folder: Path, block: bytes) -> Spool:
    path = folder / "block"
    path.write_bytes(block)
    return Spool(path, len(block))


def read(block: bytes, step: int) -> ResponseReader:
    reader = ResponseReader()
    for at in range(0, len(block), step):
        reader.feed(block[at : at + step])
    reader.eof()
    return reader


@pytest.mark.parametrize("shared", [True, False])
def test_memory_disk_and_wire_agree_on_every_case(tmp_path: Path, shared: bool) -> None:
    for path, block in (shared_cases() if shared else CASES).items():
        whole = measure(block)
        streamed = measure(spooled(tmp_path, block))
        assert measure(block, read=read(block, 7)) == whole, path
        assert (streamed.head, streamed.layers, streamed.trailing, streamed.flaws) == (
            whole.head,
            whole.layers,
            whole.trailing,
            whole.flaws,
        ), path


@settings(max_examples=50)
@given(st.binary(max_size=400), st.integers(1, 50))
def test_any_bytes_are_measured_alike_in_any_pieces(noise: bytes, step: int) -> None:
    for block in (noise, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + noise):
        assert measure(block, read=read(block, step)) == measure(block)


def test_each_layer_has_its_own_digests(tmp_path: Path) -> None:
    coded = gzip.compress("通知".encode())
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(coded), coded)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    found = measure(head + body)
    assert found.layers.block == Digests.of(head + body)
    assert found.layers.body == Digests.of(body)
    assert found.layers.payload == Digests.of(coded)
    assert found.layers.content == Digests.of("通知".encode())
    assert found.content == "通知".encode()
    assert found.head is not None
    for block in (head + body, spooled(tmp_path, head + body)):
        assert b"".join(payload(block)) == coded
        assert b"".join(content(block, found.head)) == "通知".encode()


def test_what_is_known_to_be_cut_has_no_layer_but_the_block() -> None:
    block = answer(b"whole")
    layers = measure(block, cut=True).layers
    assert layers.block == Digests.of(block)
    assert layers.body == layers.payload == layers.content == Absent("truncated")


def test_content_too_large_to_be_held_still_has_its_digests() -> None:
    plain = bytes(range(256)) * ((CONTENT_HELD >> 8) + 1)
    found = measure(answer(gzip.compress(plain, 1), "Content-Encoding: gzip"))
    assert found.content is None
    assert found.layers.content == Digests.of(plain)


def test_the_answer_to_head_has_an_empty_body() -> None:
    block = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nContent-Encoding: gzip\r\n\r\n"
    assert measure(block, "HEAD").layers.content == Digests.of(b"")
