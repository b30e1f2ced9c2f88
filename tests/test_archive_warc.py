"""Records on disk: exact blocks, heads that no URL can break, read alike by warcio and FastWARC."""

from __future__ import annotations

import gzip
import io
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from blake3 import blake3
from fastwarc.warc import ArchiveIterator as FastWarcIterator
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from archive.errors import RecordError, Where
from archive.member import encode, inflated
from archive.statement import RefersTo
from archive.warc import (
    IDENTICAL,
    Record,
    Spool,
    encode_head,
    header,
    parse_head,
    request,
    resource,
    response,
    revisit,
    uri,
    warcinfo,
)
from tests.groups import NOW

HERE = Where("test")
BLOCK = b"HTTP/1.1 200 OK\r\n\r\nbody"
URL = "http://ministry.example/通知?a=1"
anything = st.text(st.characters())


@given(anything, anything)
def test_no_url_and_no_value_can_add_a_header(url: str, value: str) -> None:
    record = resource(url, NOW, b"", value, ip=value)
    head = encode_head(record)
    headers, end = parse_head(head, HERE)
    assert end == len(head)
    assert [name for name, _ in headers] == [
        "WARC-Type",
        "WARC-Record-ID",
        "WARC-Date",
        "WARC-Target-URI",
        "Content-Type",
        "WARC-IP-Address",
        "WARC-Block-Digest",
        "Content-Length",
    ]
    assert b"\0" not in head
    assert head.count(b"\n") == head.count(b"\r") == head.count(b"\r\n")


@given(anything)
def test_a_target_uri_is_printable_ascii_without_spaces(url: str) -> None:
    written = uri(url)
    assert all("!" <= c <= "~" and c not in "<>" for c in written)
    assert uri(written) == written


def test_a_chinese_url_is_percent_encoded_as_browsers_do() -> None:
    assert uri(URL) == "http://ministry.example/%E9%80%9A%E7%9F%A5?a=1"
    assert uri("http://x/%E9 a\r\nb<>") == "http://x/%E9%20a%0D%0Ab%3C%3E"


def test_a_header_name_is_a_token() -> None:
    with pytest.raises(ValueError, match="WARC header"):
        encode_head(Record("resource", "urn:x", NOW, (("A: b\r\nC", "d"),), b""))


def test_dates_carry_microseconds() -> None:
    assert b"WARC/1.1\r\n" in encode_head(request(URL, NOW, b""))
    assert b"WARC-Date: 2026-11-23T12:00:00.123456Z\r\n" in encode_head(request(URL, NOW, b""))


def test_a_response_says_how_it_was_had() -> None:
    record = response(
        URL,
        NOW,
        BLOCK,
        payload=bytes(32),
        ip="2001:db8::1",
        protocols=("http/1.1", "tls/1.3"),
        cipher="TLS_AES_128_GCM_SHA256",
        truncated="time",
        concurrent_to=("urn:uuid:1", "urn:uuid:2"),
    )
    assert record.headers == (
        ("WARC-Target-URI", uri(URL)),
        ("Content-Type", "application/http; msgtype=response"),
        ("WARC-Concurrent-To", "<urn:uuid:1>"),
        ("WARC-Concurrent-To", "<urn:uuid:2>"),
        ("WARC-Protocol", "http/1.1"),
        ("WARC-Protocol", "tls/1.3"),
        ("WARC-IP-Address", "2001:db8::1"),
        ("WARC-Cipher-Suite", "TLS_AES_128_GCM_SHA256"),
        ("WARC-Truncated", "time"),
        (
            "WARC-Block-Digest",
            f"sha256:{sha256(BLOCK).hexdigest()}",
        ),
        ("WARC-Payload-Digest", f"sha256:{'00' * 32}"),
    )


def test_a_revisit_names_its_record_by_url_and_date() -> None:
    before = RefersTo(record="urn:uuid:1", url=URL, time=datetime(2021, 5, 1, tzinfo=UTC))
    record = revisit(URL, NOW, b"HTTP/1.1 200 OK\r\n\r\n", IDENTICAL, before, payload=bytes(32))
    assert header(record.headers, "warc-profile") == IDENTICAL
    assert header(record.headers, "WARC-Refers-To") == "<urn:uuid:1>"
    assert header(record.headers, "WARC-Refers-To-Target-URI") == uri(URL)
    assert header(record.headers, "WARC-Refers-To-Date") == "2021-05-01T00:00:00.000000Z"


def test_a_warcinfo_value_cannot_add_a_field() -> None:
    record = warcinfo("a.warc.gz", NOW, {"operator": "门卫\r\nformat: none"})
    assert isinstance(record.block, bytes)
    assert record.block.decode().splitlines()[-1] == "operator: 门卫%0D%0Aformat: none"


@given(st.one_of(st.binary(max_size=3000), st.binary(min_size=4096, max_size=20_000)))
def test_warcio_and_fastwarc_read_and_verify_every_block(block: bytes) -> None:
    packed = b"".join(encode(response(URL, NOW, block), "urn:uuid:1").packed())
    read = next(WarcioIterator(io.BytesIO(packed), no_record_parse=True, check_digests=True))
    assert read.raw_stream.read() == block
    assert read.digest_checker.problems == []
    fast = next(FastWarcIterator(io.BytesIO(packed), parse_http=False))
    assert fast.verify_block_digest()
    assert fast.reader.read() == block


@given(st.binary(max_size=200), st.integers(0, 400_000), st.booleans())
def test_a_spooled_block_is_packed_as_it_was_measured(
    tmp_path_factory: pytest.TempPathFactory, seed: bytes, size: int, noise: bool
) -> None:
    block = noisy(seed, size) if noise else (seed or b"-") * (size // (len(seed) or 1))
    path = tmp_path_factory.mktemp("spool") / "block"
    path.write_bytes(block)
    record = response(URL, NOW, Spool(path, len(block)))
    member = encode(record)
    packed = list(member.packed())
    whole = b"".join(packed)
    assert member.data is None
    assert len(whole) == member.stored.length
    assert b"".join(member.packed()) == whole
    assert b"".join(inflated(packed, HERE)) == encode_head(record) + block + b"\r\n\r\n"


def test_what_is_compressed_already_is_stored_and_text_is_not() -> None:
    noise, text = noisy(b"", 200_000), "关于印发通知的通知".encode() * 4000
    for block, least, most in ((noise, 1.0, 1.01), (text, 0.0, 0.1)):
        member = encode(response(URL, NOW, b"HTTP/1.1 200 OK\r\n\r\n" + block))
        assert least <= member.stored.length / len(block) <= most
        assert gzip.decompress(b"".join(member.packed())).endswith(block + b"\r\n\r\n")


@pytest.mark.parametrize("cut", [1, 10, 100, -1])
def test_a_damaged_member_is_an_error_with_its_place(cut: int) -> None:
    packed = b"".join(encode(response(URL, NOW, b"text " * 100)).packed())
    flipped = bytearray(packed)
    flipped[cut] ^= 1
    for damaged in (packed[:cut], bytes(flipped), packed + b"\0"):
        with pytest.raises(RecordError) as caught:
            list(inflated([damaged], HERE))
        assert caught.value.where == HERE


@pytest.mark.parametrize("head", [b"", b"WARC/1.1\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_what_is_no_record_is_refused(head: bytes) -> None:
    with pytest.raises(RecordError, match="not a WARC"):
        parse_head(head, HERE)


@pytest.mark.parametrize("line", [b"no colon", b"A: \xff"])
def test_a_broken_header_line_is_refused(line: bytes) -> None:
    with pytest.raises(RecordError, match="WARC header"):
        parse_head(b"WARC/1.1\r\n" + line + b"\r\n\r\n", HERE)


def noisy(seed: bytes, size: int) -> bytes:
    """Bytes that nothing packs, the same for the same seed."""
    return blake3(seed).digest(size)
