"""One check of everything that an archive promises, for the end of nearly every test."""

from __future__ import annotations

from pathlib import Path

from blake3 import blake3
from fastwarc.warc import ArchiveIterator as FastWarcIterator
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from archive.digest import Digests
from archive.layout import ArchiveRoot
from archive.reader import StoredGroup, StoredRecord, groups, read_record
from archive.warc import chunks, length
from tests.logs import check_signed


def check_archive(root: ArchiveRoot, *, open_files: bool = False) -> list[StoredGroup]:
    """Assert that every sealed file is whole and right, and every log; returns all groups, in order.

    `open_files` allows files that are being written, which are not looked at.
    """
    found = []
    for path in sorted(root.warc.iterdir()):
        if path.name.endswith(".open"):
            assert open_files, f"left open: {path.name}"
            continue
        assert path.name.endswith(".warc.gz"), f"a stranger among the WARC files: {path.name}"
        assert path.stat().st_mode & 0o777 == 0o444, f"a sealed file can be written: {path.name}"
        found += check_file(path)
    check_signed(root)
    return found


def check_file(path: Path) -> list[StoredGroup]:
    """Assert that one file of ours is whole, and that warcio and FastWARC see the same in it."""
    found = list(groups(path))
    assert found, f"a sealed file without a group: {path.name}"
    end = found[0].offset
    records = []
    for group in found:
        assert group.offset == end, f"a gap in {path.name} at byte {end}"
        assert group.statement is not None
        for record in group.records:
            assert record.offset == end
            end += record.length
            check_record(path, record)
            records.append(record)
        assert group.end == end
    assert end == path.stat().st_size
    expected = [(0, "warcinfo"), *((record.offset, record.type) for record in records)]
    assert seen_by_warcio(path) == expected
    assert seen_by_fastwarc(path) == expected
    return found


def check_record(path: Path, record: StoredRecord) -> None:
    """Assert that a record's stored bytes and its plain bytes are those that its group lists."""
    with path.open("rb") as file:
        file.seek(record.offset)
        assert Digests.of(file.read(record.length)) == record.stored
    read = read_record(path, record.offset, record.length)
    assert read.header("WARC-Type") == record.type
    assert read.header("WARC-Record-ID") == f"<{record.id}>"
    assert read.header("WARC-Target-URI") == record.uri
    head = "WARC/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in read.headers) + "\r\n"
    hasher = blake3(head.encode())
    for chunk in chunks(read.block):
        hasher.update(chunk)
    hasher.update(b"\r\n\r\n")
    assert hasher.digest() == record.plain_blake3
    assert len(head.encode()) + length(read.block) + 4 == record.plain_length


def seen_by_warcio(path: Path) -> list[tuple[int, str]]:
    """Offset and type of each record as warcio reads them, once their block digests are right.

    warcio takes the framing of a chunked body for payload, so payload digests are not asked here.
    """
    found = []
    with path.open("rb") as file:
        records = WarcioIterator(file, no_record_parse=True, check_digests=True)
        for record in records:
            found.append((records.get_record_offset(), record.rec_type))
            wrong = [text for text in record.digest_checker.problems if "payload" not in text]
            assert not wrong, f"warcio: {path.name} at byte {found[-1][0]}: {wrong}"
        assert records.err_count == 0, f"warcio: a record of another length in {path.name}"
    return found


def seen_by_fastwarc(path: Path) -> list[tuple[int, str]]:
    """Offset and type of each record as FastWARC reads them, once their block digests are right."""
    found = []
    with path.open("rb") as file:
        for record in FastWarcIterator(file, parse_http=False):
            found.append((int(record.stream_pos), str(record.headers["WARC-Type"])))
            assert record.verify_block_digest(), f"FastWARC: {path.name} at byte {found[-1][0]}"
    return found
