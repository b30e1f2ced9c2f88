"""Archives: each member by what it is, within limits."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from catalog.text import zip_
from tests.documents import CHINESE, read


def test_every_member_of_a_zip_is_read_by_what_it_is(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as package:
        package.writestr("附件/深.html", f"<html><p>{CHINESE}</p></html>")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as package:
        package.writestr("../通知.html", "<html><p>外</p></html>")
        package.writestr("inner.html", "<html>")
        package.writestr("odd.bin", b"\x00\x01\x02")
    found = read(zip_.extract, tmp_path / "a.zip")
    assert [(p.text, p.at.member) for p in found.passages] == [("外", "../通知.html")]
    assert "odd.bin: nothing reads" in (found.detail or "")
    assert not (tmp_path.parent / "通知.html").exists()


def test_names_in_a_chinese_zip_are_read_as_gbk() -> None:
    info = zipfile.ZipInfo("x")
    info.filename = "附件1：名单.doc".encode("gbk").decode("cp437")
    assert zip_._name(info) == "附件1：名单.doc"


def test_a_bomb_in_a_zip_is_not_unpacked_and_the_rest_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("bomb.html", b"\0" * (64 << 20))
        package.writestr("good.html", "<html><p>好</p></html>")
    found = read(zip_.extract, tmp_path / "a.zip")
    assert found.text == "好"
    assert "bomb.html: over-limit" in (found.detail or "")
