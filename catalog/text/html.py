"""Web pages: the words that a reader sees, line by line, with all that stands around a text.

Nothing is left out as "boilerplate": what is not indexed, nobody can find, or find to be wrong.
Passages around a text are marked instead (`nav`, `footer`), and so is what the page itself hides until
a script shows it (`hidden`): tabs and folded texts are that, and a reader gets to see them.
Images have no words here, save where an image alone leads somewhere: then its `alt` names the link.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import replace
from functools import cache
from html import unescape
from importlib.metadata import version
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from archive.encoding import Decoded, decode
from catalog.text.extraction import Encoding, Extraction, Locator, Passage
from catalog.text.formats import Content
from catalog.text.html_blocks import SPACES, Walk
from catalog.text.html_words import BLOCKS, is_hostile

PAGE = 64 << 20
"""Bytes of a page that are read."""
VALUE = 10_000
"""Characters that are kept of what a page says of itself in its head."""
NEVER_SEEN = re.compile(
    r"<(script|style|noscript|template|svg)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)",
    re.IGNORECASE | re.DOTALL,
)
ANY_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:]*)[^<>]*>?")


@cache
def tool() -> str:
    return f"selectolax {version('selectolax')}"


def extract(content: Content) -> Extraction:
    """Read a web page."""
    with content.path.open("rb") as file:
        raw = file.read(PAGE + 1)
    read = decode(raw[:PAGE], content.content_type)
    extraction = _page(read.text, encoding_of(read))
    if len(raw) <= PAGE:
        return extraction
    return replace(
        extraction,
        code="over-limit",
        detail=f"only the first {PAGE >> 20} MiB of the page were read",
    )


def encoding_of(read: Decoded) -> Encoding:
    return Encoding(
        name=read.encoding, rule=read.rule, declared=read.declared, replaced=read.replaced
    )


def _page(page: str, encoding: Encoding) -> Extraction:
    if is_hostile(page):
        return Extraction(
            tool="muniment",
            recipe="html-flat/1",
            passages=tuple(flat(page)),
            detail="so deeply nested, or so crowded, that only its words were read, not its structure",
            encoding=encoding,
        )
    tree = LexborHTMLParser(page)
    walk = Walk()
    if tree.root is not None:
        walk.over(tree.root)
    passages = walk.passages()
    extraction = Extraction(
        tool=tool(),
        recipe="html/1",
        passages=passages,
        encoding=encoding,
        properties=tuple(_properties(tree)),
        links=tuple(_links(tree, walk)),
    )
    if passages:
        return extraction
    return replace(extraction, code="no-text", detail=_why_empty(tree, walk))


def fragment(page: str) -> tuple[Passage, ...]:
    """The lines of a piece of a page, as feeds and answers of interfaces hold them."""
    if is_hostile(page):
        return tuple(flat(page))
    tree, walk = LexborHTMLParser(page), Walk()
    if tree.root is not None:
        walk.over(tree.root)
    return walk.passages()


def flat(page: str, lines: Container[str] | None = BLOCKS) -> Iterator[Passage]:
    """The words of a page in lines, without building the tree of its elements.

    Elements of `lines` begin and end one; where it is `None`, all do.
    """
    seen = NEVER_SEEN.sub(" ", page)
    lined = ANY_TAG.sub(lambda tag: "\n" if lines is None or tag[1].lower() in lines else "", seen)
    words = (SPACES.sub(" ", line).strip() for line in unescape(lined).split("\n"))
    for number, line in enumerate(filter(None, words), 1):
        yield Passage(line, Locator(paragraph=number))


def _links(tree: LexborHTMLParser, walk: Walk) -> Iterator[tuple[str, str]]:
    """Links as they are written, or as the page says what they are relative to (HTML, 4.2.3)."""
    node = tree.css_first("base[href]")
    base = (node.attributes["href"] or "").strip() if node is not None else ""
    for address, words in walk.links:
        try:
            yield urljoin(base, address), words
        except ValueError:  # no address: `http://[`
            yield address, words


def _properties(tree: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    for node in tree.css("title, meta[content]"):
        attributes = node.attributes
        if node.tag == "title":
            if node.parent is None or node.parent.tag != "svg":
                yield "title", SPACES.sub(" ", node.text(deep=True)).strip()[:VALUE]
            continue
        name = attributes.get("name") or attributes.get("property") or attributes.get("itemprop")
        value = attributes.get("content")
        if name and value and value.strip():
            yield name.strip()[:VALUE], value.strip()[:VALUE]


def _why_empty(tree: LexborHTMLParser, walk: Walk) -> str:
    if tree.css_first("frameset, frame, iframe") is not None:
        return "the page shows other pages in frames and has no words of its own"
    if walk.draws_by_script:
        return "the page has no words of its own: a script draws them"
    return "the page has no words"
