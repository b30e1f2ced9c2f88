"""Archives: each member by what it is, within limits."""

from __future__ import annotations

import gzip
import io
import struct
import subprocess
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.text import archives
from catalog.text.archive_members import zip_name
from catalog.text.extraction import Extraction
from catalog.text.reading import read
from tests.documents import CHINESE, made
from tests.shared import program, shared


def page(text: str) -> bytes:
    return f"<!DOCTYPE html><html><meta charset=utf-8><p>{text}</p>".encode()


def zipped(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in members:
            package.writestr(name, data)
    return file.getvalue()


def extracted(path: Path, data: bytes) -> Extraction:
    return read(made(path, data), None, path.name).extraction


def test_every_member_of_an_archive_is_read_by_what_it_is(tmp_path: Path) -> None:
    inner = zipped(("附件/深.html", page(CHINESE)))
    data = zipped(("../通知.html", page("外")), ("内.zip", inner), ("odd.bin", b"\x00\x01\x02"))
    found = extracted(tmp_path / "a.zip", data)
    assert [(p.text, p.at.member) for p in found.passages] == [
        ("外", "../通知.html"),
        (CHINESE, "内.zip/附件/深.html"),
    ]
    assert (found.code, found.detail) == (
        None,
        "odd.bin: unsupported, no text is read out of application/octet-stream",
    )
    assert not (tmp_path.parent / "通知.html").exists()


def test_archives_within_archives_end_somewhere(tmp_path: Path) -> None:
    data = zipped(("a.html", page("里")))
    for _ in range(4):
        data = zipped(("b.html", page("外")), ("a.zip", data))
    found = extracted(tmp_path / "a.zip", data)
    assert (found.code, found.text) == ("over-limit", "外\n" * 2 + "外")
    assert "deeper than 3" in (found.detail or "")


@pytest.mark.parametrize("form", ["w", "w:gz"])
def test_a_tar_is_read_packed_or_not(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, form, encoding="gb18030", format=tarfile.GNU_FORMAT) as archive:  # type: ignore[call-overload]
        info = tarfile.TarInfo("附件.html")
        info.size = len(page(CHINESE))
        archive.addfile(info, io.BytesIO(page(CHINESE)))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    found = extracted(path, path.read_bytes())
    assert [(p.text, p.at.member) for p in found.passages] == [(CHINESE, "附件.html")]
    assert found.detail == "link: unsupported, it is a link to another file"


def test_a_file_packed_alone_is_read_under_the_name_it_had(tmp_path: Path) -> None:
    found = extracted(tmp_path / "通知.html.gz", gzip.compress(page(CHINESE)))
    assert [(p.text, p.at.member) for p in found.passages] == [(CHINESE, "通知.html")]


@pytest.mark.parametrize(("form", "kind"), [("7zip", "7z"), ("zip", "zip")])
def test_what_other_programs_pack_is_read(tmp_path: Path, form: str, kind: str) -> None:
    packer = program("bsdtar")
    made(tmp_path / "通知.html", page(CHINESE))
    path = tmp_path / f"a.{kind}"
    subprocess.run(
        [packer, "-C", tmp_path, "--format", form, "-cf", path, "通知.html"],
        check=True,
        env={"LC_ALL": "C.UTF-8"},
    )
    found = read(path, None, path.name).extraction
    assert [(p.text, p.at.member) for p in found.passages] == [(CHINESE, "通知.html")]


def test_a_rar_is_read_by_bsdtar_and_says_by_which() -> None:
    program("bsdtar")
    path = next(shared("data/ministry").rglob("test-documents.rar"))
    found = read(path, None, path.name).extraction
    assert "test-documents/testPDF.pdf" in {passage.at.member for passage in found.passages}
    assert "libarchive" in found.tool


def test_without_bsdtar_it_is_said_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    path = next(shared("data/ministry").rglob("test-documents.rar"))
    found = read(path, None, path.name).extraction
    assert found.code == "unsupported"
    assert "libarchive-tools" in (found.detail or "")


def test_names_in_a_chinese_zip_are_read_as_gbk_unless_they_say_better() -> None:
    info = zipfile.ZipInfo("x")
    raw = "附件1：名单.doc".encode("gbk")
    info.filename = raw.decode("cp437")
    assert zip_name(info) == "附件1：名单.doc"
    told = b"\x01" + struct.pack("<I", zlib.crc32(raw)) + "附件①.doc".encode()
    info.extra = struct.pack("<HH", 0x7075, len(told)) + told
    assert zip_name(info) == "附件①.doc"


def test_a_bomb_is_not_unpacked_and_the_rest_is_read(tmp_path: Path) -> None:
    data = zipped(("bomb.html", b"\0" * (64 << 20)), ("good.html", page("好")))
    found = extracted(tmp_path / "a.zip", data)
    assert (found.code, found.text) == ("over-limit", "好")
    assert "bomb.html: over-limit" in (found.detail or "")


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped(("a.txt", data))])
def test_no_more_is_unpacked_than_the_total(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Any
) -> None:
    monkeypatch.setattr(archives, "TOTAL", 1 << 20)
    found = extracted(tmp_path / "a.gz", pack(b"text " * (1 << 19)))
    assert (found.code, found.text) == ("over-limit", "")


def test_no_more_members_are_read_than_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MEMBERS", 2)
    data = zipped(*((f"{number}.html", page(str(number))) for number in range(5)))
    found = extracted(tmp_path / "a.zip", data)
    assert (found.code, found.text) == ("over-limit", "0\n1")


def test_a_locked_member_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    data = bytearray(zipped(("锁.html", page("锁")), ("开.html", page("开"))))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    found = extracted(tmp_path / "a.zip", bytes(data))
    assert (found.text, found.detail) == ("开", "锁.html: encrypted, it opens with a password only")


def test_a_member_that_is_damaged_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    data = zipped(("坏.pdf", b"%PDF-1.7 not quite"), ("好.html", page("好")))
    found = extracted(tmp_path / "a.zip", data)
    assert found.text == "好"
    assert (found.detail or "").startswith("坏.pdf: damaged")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_archive_gives_text_or_a_reason(
    tmp_path_factory: Any, data: st.DataObject
) -> None:
    raw = bytearray(zipped(("a.html", page("一")), ("b.html", page("二"))))
    for _ in range(data.draw(st.integers(1, 10))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    found = extracted(tmp_path_factory.mktemp("zip") / "a.zip", bytes(raw))
    assert found.passages or found.code
