"""Web pages: the words that a reader sees, block by block."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from archive.encoding import decode
from catalog.text.extraction import Encoding, Extraction, Locator, Passage
from catalog.text.formats import Content

HIDDEN = frozenset({"script", "style", "template", "noscript", "head", "svg", "math"})
BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "iframe",
        "legend",
        "li",
        "main",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "select",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "title",
        "tr",
        "ul",
    ]
)
SPACES = re.compile(r"\s+")


def extract(content: Content) -> Extraction:
    """Read a web page."""
    read = decode(content.path.read_bytes(), content.content_type)
    tree = LexborHTMLParser(read.text)
    passages = tuple(
        Passage(text, Locator(paragraph=number))
        for number, text in enumerate(_blocks(tree.body or tree.root), 1)
    )
    return Extraction(
        tool="selectolax",
        recipe="html/1",
        passages=passages,
        code=None if passages else "no-text",
        encoding=Encoding(
            name=read.encoding, rule=read.rule, declared=read.declared, replaced=read.replaced
        ),
    )


def _blocks(root: LexborNode | None) -> Iterator[str]:
    """The text of each block, its spaces collapsed."""
    parts: list[str] = []
    for text in _pieces(root):
        if text is not None:
            parts.append(text)
            continue
        block = SPACES.sub(" ", "".join(parts)).strip()
        parts.clear()
        if block:
            yield block


def _pieces(root: LexborNode | None) -> Iterator[str | None]:
    """Texts in the order of the page, and `None` where a block begins or ends."""
    if root is not None:
        for node in root.traverse(include_text=True):
            if node.tag == "-text":
                hidden = node.parent is not None and node.parent.tag in HIDDEN
                yield "" if hidden else node.text(deep=False)
            elif node.tag in BLOCKS:
                yield None
    yield None
