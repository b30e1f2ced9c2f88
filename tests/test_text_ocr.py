"""What a machine reads off an image is marked as such."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog.text import ocr
from tests.documents import CHINESE, a_pdf, read
from tests.shared import program


def test_a_scan_is_read_by_machine_and_marked_as_such(tmp_path: Path) -> None:
    program("tesseract")
    path = a_pdf(tmp_path / "a.pdf", f"#text(size: 20pt)[{CHINESE}]")
    found = read(ocr.extract, path)
    if "chi_sim" not in found.recipe:
        pytest.skip("the Chinese data of tesseract is not installed")
    assert found.ocr
    assert "研修班" in found.text.replace(" ", "")
    assert found.passages[0].at.box is not None
