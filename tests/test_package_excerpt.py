"""The excerpt holds every record byte for byte, and nothing that differs from its leaf gets in."""

from __future__ import annotations

import gzip
import random
import zlib
from pathlib import Path

import pytest

from archive.errors import RecordError
from archive.group import Group
from archive.layout import ArchiveRoot
from archive.package.bag import Bag
from archive.package.excerpt import PlacedGroup, excerpt_info, secrets_in, write_excerpt
from archive.package.facts import GroupAt
from archive.reader import groups
from archive.statement import Capture
from archive.warc import request
from tests.captures import TIME, answer, asserted_group, failed_group, store, wire_group
from tests.package_judges import check_excerpt

URL = "https://www.example.gov/"


@pytest.fixture
def held(tmp_path: Path) -> list[GroupAt]:
    root = ArchiveRoot.create(tmp_path / "a").path
    path = store(
        root,
        wire_group(URL, answer("<p>通知</p>".encode())),
        failed_group(f"{URL}down", "connect-refused"),
        asserted_group(f"{URL}a.pdf", b"%PDF" + bytes(5000), "0123456789abcdef"),
    )
    return [GroupAt(path, group) for group in groups(path)]


def written(folder: Path, held: list[GroupAt]) -> tuple[bytes, list[PlacedGroup]]:
    folder.mkdir()
    with Bag(folder).open("data/warc/excerpt.warc") as file:
        placed = write_excerpt(file, held, excerpt_info(held, TIME, "muniment test"))
    return (folder / "data/warc/excerpt.warc").read_bytes(), placed


def test_records_are_those_of_the_archive_and_lie_where_it_is_said(
    tmp_path: Path, held: list[GroupAt]
) -> None:
    data, placed = written(tmp_path / "p", held)
    archived = gzip.decompress(held[0].path.read_bytes())
    for at, found in zip(held, placed, strict=True):
        start = found.records[0].offset
        end = found.records[-1].offset + found.records[-1].length
        assert data[start:end] in archived
        leaf, salt = at.group.leaf, at.group.salt
        offset, length = map(int, found.statement_txt.split())
        statement = data[offset : offset + length]
        assert statement.endswith(b"\r\n\r\n" + leaf + b"\r\n\r\n")
        assert f"Muniment-Salt: {salt.hex()}\r\n".encode() in statement
        listed = [
            f"{place.offset} {record['record']['length']} {record['record']['sha256']} {record['type']}\n"
            for place, record in zip(found.records[1:], at.group.raw["records"], strict=True)
        ]
        assert found.records_txt == "".join(listed)
    said = check_excerpt(tmp_path / "p/data/warc/excerpt.warc")
    assert "fail" not in said
    assert said.count("digest pass") == 1 + sum(len(at.group.records) for at in held)


def test_the_same_groups_give_the_same_bytes(tmp_path: Path, held: list[GroupAt]) -> None:
    assert written(tmp_path / "p", held) == written(tmp_path / "q", held)


def test_a_record_that_is_no_longer_what_its_leaf_says_ends_it(tmp_path: Path) -> None:
    """Its gzip checksum is made right again, so nothing but the leaf can tell."""
    root = ArchiveRoot.create(tmp_path / "a").path
    path = store(root, wire_group(URL, answer(random.Random(1).randbytes(5000), "image/png")))
    (group,) = groups(path)
    place = group.records[-1]
    file = bytearray(path.read_bytes())
    end = place.offset + place.length
    file[end - 100] ^= 1  # in a stored block, 8 bytes of trailer and 4 of line ends behind it
    plain = zlib.decompress(bytes(file[place.offset + 10 : end - 8]), -15)
    file[end - 8 : end - 4] = zlib.crc32(plain).to_bytes(4, "little")
    path.chmod(0o644)
    path.write_bytes(file)
    with pytest.raises(RecordError, match=r"the response record .* is not what its statement says"):
        written(tmp_path / "p", [GroupAt(path, group)])


def test_credentials_in_a_request_are_named(tmp_path: Path) -> None:
    root = ArchiveRoot.create(tmp_path / "a").path
    sent = b"GET / HTTP/1.1\r\nHost: x\r\ncookie: a=1\r\nAUTHORIZATION: Basic x\r\n\r\nCookie: body"
    capture = Capture(url=URL, time=TIME, outcome="error", code="timeout-read")
    path = store(root, Group(capture, (request(URL, TIME, sent),)), failed_group(URL, "x"))
    found = [secrets_in(GroupAt(path, group)) for group in groups(path)]
    assert found == [["cookie", "AUTHORIZATION"], []]
