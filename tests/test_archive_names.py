"""No name that a server chose leads outside the folder that a person chose."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.names import LONGEST, safe_name

URL = "https://www.example.gov/files/%E9%99%84%E4%BB%B61.doc"


@pytest.mark.parametrize(
    ("filename", "url", "name"),
    [
        (None, URL, "附件1.doc"),
        ("附件2：名单.xlsx", URL, "附件2：名单.xlsx"),
        ("../../etc/passwd", URL, "passwd"),
        ("..\\..\\boot.ini", URL, "boot.ini"),
        ("a\0b.pdf", URL, "a_b.pdf"),
        ("nul.txt", URL, "_nul.txt"),
        ("..", URL, "附件1.doc"),
        (" .hidden. ", URL, "hidden"),
        ("-rf", URL, "rf"),
        (None, "https://www.example.gov/a/%2e%2e/", "www.example.gov"),
        (None, "https://www.example.gov/..%2f..%2fetc%2fshadow", "shadow"),
        (None, "https://www.example.gov:8080/", "www.example.gov_8080"),
    ],
)
def test_a_name_is_plain_and_as_near_as_can_be(filename: str | None, url: str, name: str) -> None:
    assert safe_name(filename, url) == name


def test_a_long_name_keeps_its_suffix() -> None:
    name = safe_name("通知" * 200 + ".docx", URL)
    assert name.endswith(".docx")
    assert len(name.encode()) <= LONGEST


@given(st.text(), st.text())
def test_whatever_is_said_the_file_is_in_the_folder(filename: str, path: str) -> None:
    name = safe_name(filename, f"https://h.example/{path.replace('[', '').replace(']', '')}")
    folder = Path("/folder")
    assert (folder / name).resolve().parent == folder
    assert name not in {"", ".", ".."}
    assert len(name.encode()) <= LONGEST + 1
