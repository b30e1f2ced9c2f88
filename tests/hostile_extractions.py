"""Extractions of any size."""

from __future__ import annotations

from catalog.text.extraction import Extraction, Locator, Passage


def many(text: str, count: int) -> Extraction:
    """`count` passages of that text."""
    return Extraction(
        tool="test", recipe="test/1", passages=(Passage(text, Locator(page=1)),) * count
    )
