"""The content is the whole content or a reason, whatever a server does with its codings."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.coding import CodingError, codings, decode, decoded
from archive.digest import Absent


def raw_deflate(data: bytes) -> bytes:
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(data) + coder.flush()


def fast_brotli(data: bytes) -> bytes:
    coded: bytes = brotli.compress(data, quality=4)
    return coded


CODERS: dict[str, list[Callable[[bytes], bytes]]] = {
    "gzip": [gzip.compress],
    "x-gzip": [gzip.compress],
    "deflate": [zlib.compress, raw_deflate],
    "br": [fast_brotli],
    "zstd": [zstandard.compress],
}
PAIRS = [(name, coder) for name, coders in CODERS.items() for coder in coders]


@pytest.mark.parametrize(("name", "coder"), PAIRS)
@settings(max_examples=40)
@given(data=st.binary(max_size=1000), step=st.integers(1, 64))
def test_any_content_comes_back_in_any_pieces(
    name: str, coder: Callable[[bytes], bytes], data: bytes, step: int
) -> None:
    coded = coder(data)
    pieces = [coded[at : at + step] for at in range(0, len(coded), step)]
    assert decode(coded, [name]) == b"".join(decoded(pieces, [name])) == data


@pytest.mark.parametrize(("name", "coder"), PAIRS)
def test_a_part_is_never_given_for_the_whole(name: str, coder: Callable[[bytes], bytes]) -> None:
    coded = coder(b"".join(b"line %d\n" % number for number in range(1000)))
    for length in range(1, len(coded) - 1, 101):
        assert decode(coded[:length], [name]) == Absent("undecodable")


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd", "compress"])
def test_what_is_not_coded_as_it_says_is_undecodable(name: str) -> None:
    assert decode(b"not gzip", [name]) == Absent("undecodable")


def test_codings_are_undone_in_the_order_of_their_list() -> None:
    fields = [(b"Content-Encoding", b"br, GZIP"), (b"Transfer-Encoding", b"deflate, chunked")]
    assert codings(fields) == ("br", "gzip", "deflate")
    coded = zlib.compress(gzip.compress(brotli.compress(b"abc")))
    assert decode(coded, codings(fields)) == b"abc"


def test_names_that_mean_no_coding_are_ignored_as_browsers_do() -> None:
    assert codings([(b"Content-Encoding", b"identity, UTF-8"), (b"X", b"gzip")]) == ()


def test_members_of_gzip_follow_one_another_and_what_follows_them_is_ignored() -> None:
    members = gzip.compress(b"a") + gzip.compress(b"b")
    assert decode(members, ["gzip"]) == b"ab"
    assert decode(members + b"\0\0\0", ["gzip"]) == b"ab"
    assert b"".join(decoded([bytes([byte]) for byte in members], ["gzip"])) == b"ab"


@pytest.mark.parametrize("name", sorted(CODERS))
def test_an_empty_body_has_empty_content(name: str) -> None:
    assert decode(b"", [name]) == b""


@pytest.mark.parametrize(("name", "coder"), [pair for pair in PAIRS if pair[0] != "x-gzip"])
def test_a_bomb_is_stopped_before_it_fills_memory(
    name: str, coder: Callable[[bytes], bytes]
) -> None:
    bomb = coder(bytes(8 << 20))
    came: list[int] = []
    pieces = decoded([bomb], [name], limit=1 << 20)
    with pytest.raises(CodingError, match="over-limit"):
        came.extend(len(piece) for piece in pieces)
    assert sum(came) <= 1 << 20


def test_growth_beyond_reason_is_a_bomb() -> None:
    stacked = gzip.compress(gzip.compress(bytes(65 << 20), 1))
    assert decode(stacked, ["gzip", "gzip"]) == Absent("over-limit")
