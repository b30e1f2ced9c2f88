"""Answers of interfaces: the values that are words, each with the path that leads to it.

Sites send lists and whole texts that way, as pieces of pages inside strings; those are read as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson

from catalog.text import plain
from catalog.text.extraction import Extraction, Locator, Passage
from catalog.text.formats import Content
from catalog.text.html import fragment

MARKUP = re.compile(r"</?(?:p|div|span|a|br|ul|li|table|tr|td|h[1-6]|font|strong|b|img)\b[^>]*>")
NAME = 200
"""Characters of a path that are kept."""


def extract(content: Content) -> Extraction:
    """Read a file of JSON, or of one JSON value a line; what is neither is read as plain text."""
    read, is_cut = plain.decoded(content)
    try:
        values = _values(read.text)
    except orjson.JSONDecodeError:
        return plain.extract(content)
    return plain.extraction("json/1", tuple(_passages(values)), read, is_cut=is_cut)


def _values(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return [orjson.loads(line) for line in text.splitlines() if line.strip()]


def _passages(root: Any) -> Iterator[Passage]:
    waiting = [("", root)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{path}.{key}"[:NAME], each) for key, each in reversed(value.items())]
        elif isinstance(value, list):
            numbered = [(f"{path}[{place}]"[:NAME], each) for place, each in enumerate(value, 1)]
            waiting += reversed(numbered)
        elif isinstance(value, str) and value.strip():
            yield from _words(value, path.lstrip("."))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield Passage(str(value), Locator(part=path.lstrip(".") or None))


def _words(value: str, path: str) -> Iterator[Passage]:
    if MARKUP.search(value):
        for passage in fragment(value):
            yield Passage(passage.text, Locator(part=path or None, paragraph=passage.at.paragraph))
        return
    for number, line in enumerate(filter(None, map(str.strip, value.splitlines())), 1):
        yield Passage(line, Locator(part=path or None, paragraph=number))
