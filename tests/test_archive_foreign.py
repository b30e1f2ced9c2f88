"""Archives that others wrote are read as they lie, and damage costs no more than what it damaged."""

from __future__ import annotations

import contextlib
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard
from fastwarc.stream_io import Lz4Writer
from hypothesis import given
from hypothesis import strategies as st

from archive.bundle import file_checks, records
from archive.errors import Error, RecordError, UncheckedError
from archive.foreign import MEMORY, ForeignRecord, instant
from archive.warc import chunks
from tests.foreign_files import CHUNKED, PLAIN, arc, har, members, wacz, warc_record

FIRST, SECOND = warc_record(PLAIN, number=1), warc_record(CHUNKED, number=2)


def whole(path: Path) -> list[ForeignRecord]:
    return list(records(path, path.parent))


def written(folder: Path, data: bytes, name: str = "a.warc") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def exact(record: ForeignRecord) -> bytes:
    return record.head + b"".join(chunks(record.block)) + b"\r\n\r\n"


def zstd(*frames: bytes) -> bytes:
    return b"".join(zstandard.ZstdCompressor().compress(frame) for frame in frames)


@pytest.mark.parametrize(
    ("name", "data", "offsets"),
    [
        ("plain", FIRST + SECOND, [0, len(FIRST)]),
        ("gzip", members(FIRST, SECOND), [0, len(members(FIRST))]),
        ("padded", members(FIRST) + b"\0" * 9 + members(SECOND), [0, len(members(FIRST)) + 9]),
        ("one stream", members(FIRST + SECOND), [0, 0]),
        ("zstd", zstd(FIRST, SECOND), [0, len(zstd(FIRST))]),
    ],
)
def test_every_packing_gives_the_same_bytes_and_their_places(
    tmp_path: Path, name: str, data: bytes, offsets: list[int]
) -> None:
    found = whole(written(tmp_path, data))
    assert [exact(record) for record in found] == [FIRST, SECOND]
    assert [record.offset for record in found] == offsets
    shared = [fault.layer for record in found for fault in record.faults]
    assert shared == (["members"] if name == "one stream" else [])


def test_lz4_is_read_though_its_frames_cannot_be_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.lz4"
    with path.open("wb") as file:
        writer = Lz4Writer(file)
        writer.write(FIRST + SECOND)
        writer.close()
    assert [exact(record) for record in whole(path)] == [FIRST, SECOND]


def test_a_zstd_dictionary_in_front_is_used(tmp_path: Path) -> None:
    samples = [warc_record(b"%d: same words again and again" % n, number=n) for n in range(2)]
    raw = b"".join(samples)
    dictionary = zstandard.ZstdCompressionDict(raw)
    skippable = b"\x5d\x2a\x4d\x18" + len(raw).to_bytes(4, "little") + raw
    packer = zstandard.ZstdCompressor(dict_data=dictionary)
    path = written(tmp_path, skippable + packer.compress(samples[0]) + packer.compress(samples[1]))
    assert [exact(record) for record in whole(path)] == samples


def test_old_versions_folded_headers_and_lower_case_are_read(tmp_path: Path) -> None:
    data = b"warc/0.17\r\nwarc-type: \r\n resource\r\ncontent-length: 2\r\n\r\nok\r\n\r\n"
    (record,) = whole(written(tmp_path, data))
    assert (record.format, record.type, record.block) == ("warc/0.17", "resource", b"ok")


def test_a_long_block_goes_to_disk_and_stays_exact(tmp_path: Path) -> None:
    data = warc_record(bytes(range(256)) * (MEMORY // 256 + 1))
    (record,) = whole(written(tmp_path, data))
    assert not isinstance(record.block, bytes)
    assert exact(record) == data


def test_a_cut_file_gives_what_is_whole_then_says_where_it_was_cut(tmp_path: Path) -> None:
    first = members(FIRST)
    path = written(tmp_path, first + members(SECOND)[:-9])
    with pytest.raises(RecordError) as caught:
        whole(path)
    assert caught.value.where is not None
    assert caught.value.where.offset == len(first)
    reader = records(path, tmp_path)
    assert exact(next(reader)) == FIRST


@pytest.mark.parametrize("length", [0, 3, 10_000])
def test_a_record_whose_length_lies_does_not_hide_the_next(tmp_path: Path, length: int) -> None:
    lie = warc_record(PLAIN, length=length)
    found = whole(written(tmp_path, lie + SECOND))
    assert any(fault.layer == "content-length" for fault in found[0].faults)
    if length < 1000:
        assert exact(found[-1]) == SECOND


@pytest.mark.parametrize("size", [(1 << 18) - 300, 1 << 18, 3 << 20])
def test_a_block_of_one_byte_repeated_comes_out_whole(tmp_path: Path, size: int) -> None:
    data = [warc_record(bytes(size + more), number=more) for more in range(5)]
    found = whole(written(tmp_path, members(*data)))
    assert [exact(record) for record in found] == data


def test_an_arc_gives_its_records_with_exact_blocks(tmp_path: Path) -> None:
    header, first, second = whole(written(tmp_path, arc(PLAIN, CHUNKED), "a.arc"))
    assert header.type == "arc-header"
    assert [first.block, second.block] == [PLAIN, CHUNKED]
    assert (first.uri, instant(first.date)) == (
        "http://example.org/1",
        datetime(2006, 3, 5, 8, 22, 52, tzinfo=UTC),
    )


def test_a_wacz_gives_the_records_of_all_its_files_and_checks_its_list(tmp_path: Path) -> None:
    inner = {"archive/a.warc.gz": members(FIRST), "archive/../../b.warc": SECOND}
    path = wacz(tmp_path / "a.wacz", inner)
    assert [exact(record) for record in whole(path)] == [FIRST, SECOND]
    assert [check.verdict for check in file_checks(path)] == ["passed", "passed"]
    assert list(tmp_path.iterdir()) == [path], "nothing is unpacked under a name the zip gives"


def test_a_wacz_whose_list_lies_or_is_short_fails(tmp_path: Path) -> None:
    inner = {"archive/a.warc": FIRST, "archive/b.warc": SECOND}
    lying = wacz(tmp_path / "lie.wacz", inner, lie=True)
    short = wacz(tmp_path / "short.wacz", inner, unlisted="archive/b.warc")
    assert [check.verdict for check in file_checks(lying)] == ["failed", "failed"]
    assert [check.verdict for check in file_checks(short)] == ["passed", "failed"]


def test_a_har_gives_each_content_as_it_was_kept(tmp_path: Path) -> None:
    path = written(tmp_path, har(("text/html", "通知".encode("gbk")), ("x/y", b"")), "a.har")
    first, second = whole(path)
    assert (first.block, first.uri) == ("通知".encode("gbk"), "https://example.org/1")
    assert instant(first.date) == datetime(2022, 1, 1, 19, 4, 5, 678000, tzinfo=UTC)
    assert (second.file, second.block) == ("a.har#2", b"")


def test_a_decompression_bomb_is_refused_for_a_stable_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.plain.BOMB_FLOOR", 1 << 20)
    path = written(tmp_path, zlib.compress(warc_record(bytes(4 << 20)), 9, 31))
    with pytest.raises(RecordError, match="over-limit"):
        whole(path)


@pytest.mark.parametrize(
    "data", [b"", b"org,iana)/ 2014 {}", b"PK\x03\x04junk", b'{"log": [', b"\x1f\x8b\x08", b"%PDF-"]
)
def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path, data: bytes) -> None:
    with pytest.raises((UncheckedError, RecordError)):
        whole(written(tmp_path, data))


@given(st.data())
def test_no_damage_lets_a_foreign_exception_out(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    base = data.draw(
        st.sampled_from(
            [
                members(FIRST, SECOND),
                FIRST + SECOND,
                arc(PLAIN),
                zstd(FIRST),
                har(("text/html", b"x")),
                wacz(tmp_path_factory.mktemp("w") / "w", {"archive/a.warc": FIRST}).read_bytes(),
            ]
        )
    )
    broken = bytearray(base)
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, len(base) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(base)))
    path = written(tmp_path_factory.mktemp("broken"), bytes(broken[:cut]))
    with contextlib.suppress(Error):
        list(file_checks(path))
        whole(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2021", "2021-01-01T00:00:00+00:00"),
        ("2021-03-04t05:06:07z", "2021-03-04T05:06:07+00:00"),
        ("2021-03-04T05:06:07.123456789Z", "2021-03-04T05:06:07.123456+00:00"),
        ("20210304050607", "2021-03-04T05:06:07+00:00"),
        ("2021-13-04T05:06:07Z", "None"),
        ("0001-01-01T00:00:00+14:00", "None"),
        ("blue monday", "None"),
    ],
)
def test_dates_of_all_formats_are_instants_or_none(text: str, expected: str) -> None:
    found = instant(text)
    assert (found.isoformat() if found else "None") == expected
