"""Every real file that lies beside the checkout gives its text, or says why not."""

from __future__ import annotations

import pytest

from catalog.text import doc, ofd, pdf, xls, zip_
from catalog.text import docx as docx_text
from tests.documents import Extract, read
from tests.shared import shared


@pytest.mark.parametrize(
    ("suffix", "extract"),
    [
        (".pdf", pdf.extract),
        (".doc", doc.extract),
        (".docx", docx_text.extract),
        (".xls", xls.extract),
        (".ofd", ofd.extract),
        (".zip", zip_.extract),
    ],
)
def test_every_real_file_gives_its_text_or_a_reason(suffix: str, extract: Extract) -> None:
    """Only files that are no such format at all may raise; what reads them tells the kind first."""
    for path in sorted(shared("data/ministry").rglob(f"*{suffix}")):
        found = read(extract, path)
        assert found.passages or found.code, path
        assert found.code is None or found.detail, path
