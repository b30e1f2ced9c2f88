"""Plain text, a paragraph a line; and what all formats that are text to look at have in common."""

from __future__ import annotations

from dataclasses import replace

from archive.encoding import Decoded, decode
from catalog.text.extraction import Encoding, Extraction, Locator, Passage
from catalog.text.formats import Content

LARGEST = 64 << 20
"""Bytes of a file of text that are read."""


def extract(content: Content) -> Extraction:
    """Read a file of plain text."""
    read, is_cut = decoded(content)
    lines = enumerate(read.text.splitlines(), 1)
    passages = tuple(
        Passage(line.strip(), Locator(paragraph=number)) for number, line in lines if line.strip()
    )
    return extraction("plain/1", passages, read, is_cut=is_cut)


def decoded(content: Content) -> tuple[Decoded, bool]:
    """The text of a file within `LARGEST`, and whether more of it was left."""
    with content.path.open("rb") as file:
        raw = file.read(LARGEST + 1)
    return decode(raw[:LARGEST], content.content_type), len(raw) > LARGEST


def extraction(
    recipe: str,
    passages: tuple[Passage, ...],
    read: Decoded,
    *,
    is_cut: bool,
    tool: str = "muniment",
) -> Extraction:
    """What came of a file of text, and why there is nothing, or not all."""
    whole = Extraction(
        tool=tool,
        recipe=recipe,
        passages=passages,
        encoding=Encoding(
            name=read.encoding, rule=read.rule, declared=read.declared, replaced=read.replaced
        ),
    )
    if is_cut:
        detail = f"only the first {LARGEST >> 20} MiB of the file were read"
        return replace(whole, code="over-limit", detail=detail)
    if passages:
        return whole
    return replace(
        whole,
        code="no-text",
        detail="the file holds no words" if read.text else "the file is empty",
    )
