"""Feeds and other XML: the words of each element, with the path that leads to it.

Entities that a document declares are not expanded, and nothing is fetched: a few lines of them can
stand for gigabytes, or for a file of this machine.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from typing import Any

from lxml import etree

from catalog.text.extraction import Extraction, Locator, Passage
from catalog.text.formats import Content
from catalog.text.html import flat, fragment
from catalog.text.json import MARKUP
from catalog.text.plain import decoded, extraction

MARKS = re.compile(
    r"<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>|<\?.*?\?>|<!\[CDATA\[|\]\]>", re.DOTALL | re.IGNORECASE
)
"""What is neither an element nor its words."""
DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")


@cache
def tool() -> str:
    return f"lxml {version('lxml')}"


def extract(content: Content) -> Extraction:
    """Read a file of XML; one that is not well-formed, or too deep, is read for its words alone."""
    read, is_cut = decoded(content)
    root = _parsed(DECLARATION.sub("", read.text.lstrip("\ufeff"), count=1))
    if root is None:
        return extraction(
            "xml-flat/1", tuple(flat(MARKS.sub(" ", read.text), lines=None)), read, is_cut=is_cut
        )
    return extraction("xml/1", tuple(_passages(root)), read, is_cut=is_cut, tool=tool())


def _parsed(text: str) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, encoding="utf-8"
    )
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _passages(root: Any) -> Iterator[Passage]:
    """The words of every element; those of its parts come where the parts do."""
    counted: list[Counter[str]] = [Counter()]
    path: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            name = etree.QName(element).localname
            counted[-1][name] += 1
            path.append(f"{name}[{counted[-1][name]}]" if counted[-1][name] > 1 else name)
            counted.append(Counter())
            pieces = [element.text, *(each.tail for each in element if callable(each.tag))]
            for piece in pieces:  # comments and the like part a text that is one
                yield from _words(piece, "/".join(path))
        else:
            path.pop()
            counted.pop()
            yield from _words(element.tail, "/".join(path))


def _words(text: str | None, path: str) -> Iterator[Passage]:
    if not text or not text.strip():
        return
    if MARKUP.search(text):
        for passage in fragment(text):
            yield Passage(passage.text, Locator(part=path, paragraph=passage.at.paragraph))
        return
    for number, line in enumerate(filter(None, map(str.strip, text.splitlines())), 1):
        yield Passage(line, Locator(part=path, paragraph=number))
