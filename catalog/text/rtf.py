"""RTF: the paragraphs, in whatever code pages its fonts say."""

from __future__ import annotations

from importlib.metadata import version

from striprtf.striprtf import rtf_to_text

from catalog.text.extraction import Extraction, Locator, Passage
from catalog.text.formats import Content

TOOL = f"striprtf {version('striprtf')}"
RECIPE = "rtf/1"


def extract(content: Content) -> Extraction:
    """Read an RTF file; a table's cells stand in one line, with bars between them."""
    data = content.path.read_bytes().decode("latin-1")
    text: str = rtf_to_text(data, errors="replace")  # type: ignore[no-untyped-call]
    lines = (line.replace("\x00", "").strip() for line in text.splitlines())
    passages = tuple(
        Passage(line, Locator(paragraph=number))
        for number, line in enumerate(filter(None, lines), 1)
    )
    return Extraction(
        tool=TOOL,
        recipe=RECIPE,
        passages=passages,
        code=None if passages else "no-text",
        detail=None if passages else "the document has no text",
    )
