"""Web pages: links, robust links (RFC-less, robustlinks.mementoweb.org) and addresses in the text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from archive.encoding import decode
from catalog.bibliography.entry import Entry, trimmed, urls_in
from catalog.bibliography.running import entry_of, grouped, quotes_in
from catalog.postings.dates import date_of

_BLOCKS = "p li td blockquote dd figcaption h1 h2 h3 h4 div"


def read(path: Path) -> Iterator[Entry]:
    """An entry for each link that leads out, and each address that is only text."""
    tree = LexborHTMLParser(decode(path.read_bytes(), "text/html").text)
    seen: set[str] = set()
    for number, link in enumerate(tree.css("a[href]"), 1):
        entry = _link(link, f"link {number}")
        if entry:
            seen.update((*entry.urls, *entry.copies))
            yield entry
    body = tree.body
    text = body.text(separator=" ") if body else ""
    for urls in grouped([url for url in urls_in(text) if url not in seen]):
        yield entry_of(" ".join(urls), urls, place="text")


def _link(link: LexborNode, place: str) -> Entry | None:
    told = {name: value or "" for name, value in link.attributes.items()}
    href = told.get("data-originalurl") or told.get("href") or ""
    copies = told.get("data-versionurl", "").split()
    if told.get("data-originalurl") and told.get("href", "").startswith("http"):
        copies.append(told["href"])
    urls = [url for url in (href, *copies) if url.startswith(("http://", "https://"))]
    if not urls:
        return None
    around = _paragraph(link)
    return entry_of(
        around or link.text(),
        [trimmed(url) for url in urls],
        place=place,
        title=" ".join(link.text().split()) or None,
        seen=date_of(told.get("data-versiondate", "")),
        quotes=quotes_in(around),
    )


def _paragraph(link: LexborNode) -> str:
    node = link.parent
    while node is not None and node.tag not in _BLOCKS.split():
        node = node.parent
    text = " ".join(node.text(separator="").split()) if node is not None else ""
    return text if len(text) <= 2000 else ""
