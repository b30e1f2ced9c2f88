"""Markdown: links, addresses in the text, footnotes, robust links, and labelled notes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archive.encoding import decode
from catalog.bibliography.entry import Entry, trimmed, urls_in
from catalog.bibliography.running import entry_of, grouped, quotes_in
from catalog.postings.dates import date_of

_LINK = re.compile(
    r"\[(?P<words>[^\[\]]{0,400})\]\(\s*<?(?P<url>https?://(?:[^\s<>()]|\([^\s<>()]*\))+)>?(?:\s+[\"'][^\"']*[\"'])?\s*\)"
)
_ROBUST = re.compile(
    r"(?:href|data-originalurl)\s*=\s*[\"'](?P<url>https?://[^\"']+)[\"'](?P<rest>[^<>{}]*?versiondate[^<>{}]*)|"
    r"(?P<before>[^<>{}]*?versiondate[^<>{}]*?)(?:href|data-originalurl)\s*=\s*[\"'](?P<late>https?://[^\"']+)[\"']",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    r"(?:data-)?(versionurl|versiondate|anchor|title)\s*=\s*[\"']([^\"']*)[\"']", re.IGNORECASE
)
_FOOTNOTE = re.compile(r"^\[\^(?P<key>[^\]]+)\]:")
_LABEL = re.compile(
    r"^\s*(?:[-*+]\s*)?(?:\*\*|__)?(?P<label>[A-Za-z_ ]{3,20}|[\u4e00-\u9fff]{2,6})(?:\*\*|__)?\s*[:：](?:\*\*|__)?\s*(?P<value>.+)$"
)
_HEADING = re.compile(r"^#\s+(?P<title>.+)$")
_URLS = frozenset({"url", "source_url", "source url", "original url", "link", "网址", "链接"})
_DATES = frozenset({"date", "published", "publish date", "publication date", "发布日期", "日期"})
_SEEN = frozenset(
    {"fetched", "accessed", "retrieved", "fetched_at", "fetched at", "访问日期", "抓取日期"}
)


@dataclass
class _Note:
    """What the head of a note says of the page that the whole note is about."""

    title: str | None = None
    published: str | None = None
    seen: str | None = None


def read(path: Path) -> Iterator[Entry]:
    """An entry for each address; what a labelled head says goes with the address that it labels."""
    lines = decode(path.read_bytes(), None).text.splitlines()
    note = _head(lines)
    for number, line in enumerate(lines, 1):
        if "://" not in line:
            continue
        robust = list(_robust(line, number))
        yield from robust
        taken = {url for entry in robust for url in (*entry.urls, *entry.copies)}
        labelled = _LABEL.match(line)
        is_label = labelled is not None and labelled["label"].strip().lower() in _URLS
        footnote = _FOOTNOTE.match(line)
        words = {trimmed(match["url"]): match["words"] for match in _LINK.finditer(line)}
        rest = [url for url in _addresses(line) if url not in taken]
        for urls in grouped(rest):
            yield entry_of(
                line,
                urls,
                place=f"line {number}",
                key=f"[^{footnote['key']}]" if footnote else None,
                title=note.title if is_label else words.get(urls[0]) or None,
                published=note.published if is_label else None,
                seen=note.seen if is_label else None,
                quotes=quotes_in(line),
            )


def _addresses(line: str) -> list[str]:
    """Addresses of links first: they end where the link does, whatever a sentence makes of them."""
    linked = [match["url"] for match in _LINK.finditer(line)]
    return list(dict.fromkeys([*linked, *urls_in(_LINK.sub(" ", line))]))


def _robust(line: str, number: int) -> Iterator[Entry]:
    """Robust links, as HTML attributes or as the shortcode of a blog."""
    for match in _ROBUST.finditer(line):
        url = match["url"] or match["late"]
        told = {
            name.lower(): value
            for name, value in _ATTRIBUTE.findall(match["rest"] or match["before"] or "")
        }
        copy = told.get("versionurl", "")
        urls = [url, copy] if copy.startswith("http") else [url]
        entry = entry_of(
            match[0],
            urls,
            place=f"line {number}",
            title=told.get("title") or told.get("anchor"),
            seen=date_of(told.get("versiondate", "")),
        )
        yield entry


def _head(lines: list[str]) -> _Note:
    """The first heading, and the dates of the labelled lines near the top."""
    note = _Note()
    for line in lines[:60]:
        heading = _HEADING.match(line)
        if heading and note.title is None:
            note.title = heading["title"].strip()
        match = _LABEL.match(line)
        if match is None:
            continue
        label, value = match["label"].strip().lower(), match["value"].strip().strip("\"'")
        if label in _DATES:
            note.published = note.published or date_of(value)
        elif label in _SEEN:
            note.seen = note.seen or date_of(value)
        elif label in {"title", "标题"}:
            note.title = note.title or value
    return note
