"""Plain text, a paragraph a line."""

from __future__ import annotations

from archive.encoding import decode
from catalog.text.extraction import Encoding, Extraction, Locator, Passage
from catalog.text.formats import Content


def extract(content: Content) -> Extraction:
    """Read a file of plain text."""
    read = decode(content.path.read_bytes(), content.content_type)
    lines = enumerate(read.text.splitlines(), 1)
    passages = tuple(
        Passage(line.strip(), Locator(paragraph=number)) for number, line in lines if line.strip()
    )
    return Extraction(
        tool="muniment",
        recipe="plain/1",
        passages=passages,
        code=None if passages else "no-text",
        encoding=Encoding(
            name=read.encoding, rule=read.rule, declared=read.declared, replaced=read.replaced
        ),
    )
