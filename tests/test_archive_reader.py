"""Reading: damage is found where it lies, and large records never come into memory whole."""

from __future__ import annotations

import re
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import group as group_module
from archive import reader
from archive.errors import RecordError, StorageError
from archive.layout import ArchiveRoot
from archive.member import encode
from archive.reader import StoredGroup, groups, read_record
from archive.store import WarcWriter
from archive.warc import Spool, chunks, metadata, resource, warcinfo
from tests.groups import INFO, NOW, capture, file_group, ticking

Stored = tuple[Path, list[StoredGroup]]


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    """A file of three groups, which may be written to."""
    root = ArchiveRoot.create(tmp_path / "archive")
    with WarcWriter(root.warc, "test", INFO, ticking()) as store:
        found = [store.append(capture(number)) for number in range(3)]
    store.sealed[0].chmod(0o644)
    return store.sealed[0], found


def place(error: RecordError) -> tuple[Path | str | None, int | None]:
    assert error.where is not None
    return error.where.file, error.where.offset


def test_a_file_that_ends_within_a_group_is_damaged_there(stored: Stored) -> None:
    path, found = stored
    data = path.read_bytes()
    last = found[-1]
    for cut in range(last.offset + 1, len(data), 11):
        path.write_bytes(data[:cut])
        read = groups(path)
        assert [next(read), next(read)] == found[:2]
        with pytest.raises(RecordError) as caught:
            next(read)
        file, offset = place(caught.value)
        assert file == path
        assert offset in [record.offset for record in last.records]


def test_a_file_that_is_read_does_not_stay_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = ArchiveRoot.create(tmp_path / "archive")
    with WarcWriter(root.warc, "test", INFO, ticking()) as store:
        found = [store.append(capture(number)) for number in range(600)]
    (path,) = store.sealed
    monkeypatch.setattr(reader, "READ_AGAIN", 1 << 16)
    most = 0
    for number, group in enumerate(groups(path)):
        assert group == found[number]
        most = max(most, resident(path)) if number % 20 == 0 else most
    assert number == 599
    assert 0 < most < path.stat().st_size / 2


def resident(path: Path) -> int:
    """Bytes of a mapped file that count as this process's memory."""
    smaps = Path("/proc/self/smaps").read_text()
    found = re.findall(rf"{re.escape(str(path))}\nSize:.*\n(?:.*\n)*?Rss: +(\d+) kB", smaps)
    return sum(map(int, found)) * 1024


def test_a_file_without_a_byte_and_one_of_noise_are_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x.warc.gz"
    for data in (b"", b"\x1f\x8b\x08", b"noise", zlib.compress(b"x", wbits=31)):
        path.write_bytes(data)
        with pytest.raises(RecordError) as caught:
            list(groups(path))
        assert place(caught.value) == (path, 0)


def test_a_file_that_is_missing_or_cannot_be_read_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="missing"):
        list(groups(tmp_path / "x.warc.gz"))
    with pytest.raises(StorageError, match="cannot read"):
        read_record(tmp_path, 0, 10)


def test_a_file_must_start_with_its_warcinfo_record(stored: Stored) -> None:
    path, found = stored
    path.write_bytes(path.read_bytes()[found[0].offset :])
    with pytest.raises(RecordError, match="warcinfo"):
        list(groups(path))


def test_a_start_that_is_no_group_is_an_error(stored: Stored) -> None:
    path, found = stored
    with pytest.raises(RecordError, match="metadata"):
        list(groups(path, found[1].records[1].offset))
    with pytest.raises(RecordError, match="gzip"):
        list(groups(path, found[1].offset + 1))


STORED_LENGTH = rb'("stored":\{[^}]*"length":)\d+'


def with_statement(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Write a file of one group, whose statement has been changed."""
    encoded = group_module.encode_group(file_group(1, b"data"))
    record = encoded.members[0].record
    assert isinstance(record.block, bytes)
    told = metadata(record.uri or "", NOW, change(record.block), bytes(32), id=record.id)
    parts = [encode(warcinfo("x", NOW, {})), encode(told), *encoded.members[1:]]
    path.write_bytes(b"".join(chunk for part in parts for chunk in part.packed()))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rb"^\{", b"[{"),
        (rb'"records"', b'"record"'),
        (rb'"id":"\w{4}', b'"id":"0000'),
        (STORED_LENGTH, rb"\g<1>0"),
        (STORED_LENGTH, rb"\g<1>-1"),
        (STORED_LENGTH, rb"\g<1>9e99"),
        (STORED_LENGTH, rb"\g<1>99999999"),
        (STORED_LENGTH, rb'\g<1>"1"'),
        (rb'"stored":', b'"stored":null,"was":'),
        (rb"^.*$", b"{}"),
        (rb"^.*$", b"[]"),
        (rb"^.*$", b"\xff"),
    ],
)
def test_a_statement_that_misleads_is_an_error(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = tmp_path / "x.warc.gz"
    with_statement(path, lambda block: block)
    assert len(list(groups(path))) == 1
    with_statement(path, lambda block: re.sub(old, new, block, count=1, flags=re.DOTALL))
    with pytest.raises(RecordError) as caught:
        list(groups(path))
    assert place(caught.value)[0] == path


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (rb'"type":"resource",', b""),
        (rb'"record":\{', b'"record":{"x":{},"length":1},"y":{'),
        (rb'("stored":.*"sha256":")..', rb"\g<1>zz"),
        (rb'"record":\{.*?\}', b'"record":7'),
    ],
)
def test_a_malformed_list_of_records_is_an_error_when_it_is_asked_for(
    tmp_path: Path, old: bytes, new: bytes
) -> None:
    path = tmp_path / "x.warc.gz"
    with_statement(path, lambda block: re.sub(old, new, block, count=1))
    (group,) = groups(path)
    with pytest.raises(RecordError, match="list of records"):
        _ = group.records


def test_a_statement_that_inflates_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.warc.gz"
    monkeypatch.setattr("archive.reader.STATEMENT_LIMIT", 10_000)
    with_statement(path, lambda block: block)
    assert len(list(groups(path))) == 1
    with_statement(path, lambda block: block + b" " * 10_000)
    with pytest.raises(RecordError, match="more than 10000 bytes"):
        list(groups(path))


def test_a_record_is_read_only_from_its_exact_place(stored: Stored) -> None:
    path, found = stored
    record = found[1].records[2]
    read = read_record(path, record.offset, record.length)
    assert read.header("warc-type") == "response"
    assert read.block == b"HTTP/1.1 200 OK\r\n\r\n<p>\xe6\xad\xa3\xe6\x96\x87</p>"
    for offset, length in (
        (record.offset + 1, record.length),
        (record.offset, record.length - 1),
        (record.offset, record.length + 1),
        (record.offset, 1 << 40),
        (1 << 40, 10),
        (record.offset, 0),
    ):
        with pytest.raises(RecordError) as caught:
            read_record(path, offset, length)
        assert place(caught.value) == (path, offset)


@pytest.mark.parametrize(
    "plain",
    [
        b"",
        b"WARC/1.1\r\n",
        b"WARC/1.1\r\nWARC-Type: resource\r\n\r\n\r\n\r\n",
        b"WARC/1.1\r\nContent-Length: -1\r\n\r\n\r\n\r\n",
        b"WARC/1.1\r\nContent-Length: 5\r\n\r\nbody\r\n\r\n",
        b"WARC/1.1\r\nContent-Length: 3\r\n\r\nbody\r\n\r\n",
        b"WARC/1.1\r\nContent-Length: 4\r\n\r\nbody\r\n",
        b"WARC/1.1\r\nContent-Length: 4\r\n\r\nbody\n\n\n\n",
        b"WARC/1.1\r\nContent-Length: 99999999\r\n\r\nbody\r\n\r\n",
        b"WARC/1.1\r\nA: " + b"a" * 3_000_000,
        b"WARC/1.1\r\nContent-Length: 4\r\n\r\nbody" + b"\r\n" * 3_000_000,
    ],
)
def test_a_record_whose_lengths_do_not_agree_is_an_error(tmp_path: Path, plain: bytes) -> None:
    path = tmp_path / "x.warc.gz"
    path.write_bytes(zlib.compress(plain, wbits=31))
    with pytest.raises(RecordError):
        list(chunks(read_record(path, 0, path.stat().st_size).block))


def test_a_large_record_is_streamed_and_memory_stays_flat(tmp_path: Path) -> None:
    size = 200 << 20
    spool = tmp_path / "spool"
    with spool.open("wb") as file:
        file.truncate(size)
    path = tmp_path / "x.warc.gz"
    tracemalloc.start()
    try:
        member = encode(resource("http://x/", NOW, Spool(spool, size), "application/zip"))
        with path.open("wb") as file:
            file.writelines(member.packed())
        block = read_record(path, 0, path.stat().st_size).block
        assert not isinstance(block, bytes)
        assert block.length == size
        assert sum(len(chunk) for chunk in block.chunks()) == size
        assert sum(len(chunk) for chunk in block.chunks()) == size
        assert tracemalloc.get_traced_memory()[1] < 24 << 20
    finally:
        tracemalloc.stop()


@given(st.binary(max_size=64), st.integers(1, 40), st.booleans())
def test_a_streamed_block_is_exact_wherever_its_chunks_end(
    tmp_path_factory: pytest.TempPathFactory, block: bytes, chunk: int, cut: bool
) -> None:
    path = tmp_path_factory.mktemp("record") / "x.warc.gz"
    head = b"WARC/1.1\r\nContent-Length: %d\r\n\r\n" % len(block)
    path.write_bytes(zlib.compress(head + block + (b"\r\n\r" if cut else b"\r\n\r\n"), wbits=31))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("archive.member.CHUNK", chunk)
        patch.setattr("archive.record.CHUNK", chunk)
        patch.setattr("archive.record.IN_MEMORY", -1)
        streamed = read_record(path, 0, path.stat().st_size).block
        assert not isinstance(streamed, bytes)
        if cut:
            with pytest.raises(RecordError, match="another length"):
                list(streamed.chunks())
        else:
            assert b"".join(streamed.chunks()) == b"".join(streamed.chunks()) == block


def test_a_flipped_bit_in_a_large_record_is_found_while_it_is_read(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.write_bytes(b"line of text\n" * 2_000_000)
    member = encode(resource("http://x/", NOW, Spool(spool, 26_000_000), "text/plain"))
    data = bytearray(b"".join(member.packed()))
    data[len(data) // 2] ^= 1
    path = tmp_path / "x.warc.gz"
    path.write_bytes(data)
    block = read_record(path, 0, len(data)).block
    assert not isinstance(block, bytes)
    with pytest.raises(RecordError) as caught:
        list(block.chunks())
    assert place(caught.value) == (path, 0)
