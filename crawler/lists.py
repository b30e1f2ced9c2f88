"""Lists that promise pages: sitemaps (sitemaps.org), RSS and Atom feeds.

Read by pattern, not by an XML parser: half of them are not well-formed, and an entity bomb finds
nothing here that would expand it.
"""

from __future__ import annotations

import html
import re
import zlib

from archive.encoding import decode
from archive.urls import Base, NotWebError, resolve
from crawler.links import Link

LARGEST = 50 << 20
"""Bytes of a sitemap after inflating (sitemaps.org); what is over is not read."""
GZIP = b"\x1f\x8b"
VALUE = r"\s*(?:<!\[CDATA\[\s*([^\]<]{1,4000})|([^<]{1,4000}))"
LOC = re.compile(r"<(?:\w{1,20}:)?loc\s*>" + VALUE, re.IGNORECASE)
ENTRY_LINK = re.compile(r"<(?:\w{1,20}:)?link\s*>" + VALUE, re.IGNORECASE)
ENTRY_HREF = re.compile(
    r"<(?:atom:)?(?:link|enclosure)\b[^>]{0,2000}?\b(?:href|url)\s*=\s*(?:\"([^\"]{1,4000})|'([^']{1,4000}))",
    re.IGNORECASE,
)
ROOT = re.compile(r"<(?:\w{1,20}:)?(urlset|sitemapindex|rss|feed|rdf)\b", re.IGNORECASE)
LINE = re.compile(r"^\s*(https?://\S{1,4000})\s*$", re.MULTILINE | re.IGNORECASE)


def kind_of(content: bytes) -> str | None:
    """`sitemap` or `feed` by the first bytes of a document, `None` where it is no list."""
    root = ROOT.search(inflated(content, 4096)[:4096].decode("latin-1"))
    if root is None:
        return None
    return "sitemap" if root[1].lower() in {"urlset", "sitemapindex"} else "feed"


def read_list(content: bytes, content_type: str | None, url: str, kind: str) -> list[Link]:
    """All entries of a list at `url`, known ones too: each is a promise."""
    text = decode(inflated(content, LARGEST), content_type).text
    if kind == "feed":
        found = [*ENTRY_LINK.findall(text), *ENTRY_HREF.findall(text)]
    else:
        found = LOC.findall(text) or [(line, "") for line in LINE.findall(text)]
    base = Base.of(url)
    links: dict[str, Link] = {}
    for first, second in found:
        try:
            target = resolve(base, html.unescape((first or second).strip()))
        except NotWebError:
            continue
        links.setdefault(target, Link(target, None, kind))
    return list(links.values())


def inflated(content: bytes, most: int) -> bytes:
    """A gzipped list inflated to at most so many bytes; what breaks off in between is used as it is."""
    if not content.startswith(GZIP):
        return content
    reader = zlib.decompressobj(wbits=31)
    try:
        return reader.decompress(content, most)
    except zlib.error:
        return b""
