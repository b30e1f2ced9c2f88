"""Markdown: links, addresses in the text, footnotes, robust links, and the labelled head of a note."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from catalog.bibliography.entry import URL, Entry, is_copy, trimmed
from catalog.bibliography.running import entry_of, goes_with, is_quotation, quotes_in
from catalog.postings.dates import date_of

_LINK = re.compile(
    r"\[(?P<words>[^\[\]\n]{0,400})\]\(\s*<?(?P<url>https?://(?:[^\s<>()]|\([^\s<>()]*\))+)>?"
    r"(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?\s*\)",
    re.IGNORECASE,
)
_ROBUST = re.compile(
    r"\{\{[<%]?\s*robustlink\b[^}\n]{0,2000}\}\}|<a\b[^<>\n]{0,2000}>", re.IGNORECASE
)
_ATTRIBUTE = re.compile(
    r"\b(?:data-)?(href|originalurl|versionurl|versiondate)\s*=\s*"
    r"(?:\"([^\"]*)\"|'([^']*)')",
    re.IGNORECASE,
)
_TITLE = re.compile(r"\b(anchor|title)\s*=\s*\"([^\"]*)\"")
_FOOTNOTE = re.compile(r"^\[\^(?P<key>[^\]\n]{1,80})\]:", re.MULTILINE)
_REFERENCE = re.compile(r"\[\^(?P<key>[^\]\n]{1,80})\](?!:)")
_LABEL = re.compile(
    r"^\s*(?:[-*+]\s+)?(?:\*\*|__)?(?P<label>[A-Za-z][A-Za-z_ ]{1,20}|[\u4e00-\u9fff]{2,6})"
    r"(?:\*\*|__)?\s*[:：](?:\*\*|__)?\s*(?P<value>\S.*)$"
)
_HEADING = re.compile(r"^#\s+(?P<title>\S.*)$")
_MARKUP = re.compile(r"\[(?P<words>[^\[\]]*)\]\([^()\s]*\)|\*{1,3}|(?<!\w)_{1,2}|_{1,2}(?!\w)")
_QUOTE_LINE = re.compile(r"^\s{0,3}>\s?")
_SOURCE_LINE = re.compile(r"^\s*(?:>\s*)?(?:[-*]\s+)?(?:—|–|--|source|来源|出处)", re.IGNORECASE)
_URLS = frozenset({"url", "source_url", "source url", "original url", "link", "网址", "链接"})
_DATES = frozenset({"date", "published", "publish date", "publication date", "发布日期", "日期"})
_SEEN = frozenset(
    {"fetched", "accessed", "retrieved", "fetched_at", "fetched at", "访问日期", "抓取日期"}
)
HEAD = 60
"""Lines in which the labels of a note are looked for."""


@dataclass(frozen=True)
class _Note:
    """What the head of a note says of the page that the whole note is about."""

    title: str | None = None
    published: str | None = None
    seen: str | None = None


@dataclass(frozen=True)
class _Found:
    """Addresses that stand together, and what their link says."""

    start: int
    end: int
    """In the text of the file."""
    urls: tuple[str, ...]
    title: str | None = None
    seen: str | None = None
    robust: bool = False


def read(text: str) -> Iterator[Entry]:
    """An entry for each address; what a labelled head says goes with the address that it labels."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    note = _head(lines)
    cited = _quoted_before_references(text[start:end] for start, end in _paragraphs(lines))
    quoted: tuple[str, ...] = ()
    """The block quotation that ends just before this paragraph."""
    for start, end in _paragraphs(lines):
        body = text[start:end]
        found = list(_joined(sorted(_found(text, start, end), key=_start)))
        footnotes = [(start + match.start(), match["key"]) for match in _FOOTNOTE.finditer(body)]
        for one in found:
            number = bisect_right(starts, one.start)
            behind = bisect_right(footnotes, (one.start + 1,))
            key = footnotes[behind - 1][1] if behind else None
            alone = len(found) == 1
            words = cited.get(key, ()) if key else _quotes(body, quoted) if alone else ()
            line = lines[number - 1]
            yield _entry(one, line, f"line {number}", note=note, quotes=words, key=key)
        quoted = _block_quotation(body) if not found else ()


def _paragraphs(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Where lines that are not blank stand together."""
    begin: int | None = None
    at = 0
    for line in (*lines, ""):
        if line.strip():
            begin = at if begin is None else begin
        elif begin is not None:
            yield begin, at - 1
            begin = None
        at += len(line) + 1


def _entry(
    one: _Found, line: str, place: str, *, note: _Note, quotes: tuple[str, ...], key: str | None
) -> Entry:
    label = _LABEL.match(line)
    labelled = label is not None and label["label"].strip().lower() in _URLS
    raw = line.strip()
    entry = entry_of(
        raw,
        one.urls,
        place=place,
        key=f"[^{key}]" if key else None,
        title=note.title if labelled else one.title,
        published=note.published if labelled else None,
        seen=note.seen if labelled else one.seen,
        quotes=quotes,
        span=(one.start, one.end),
    )
    # a date or digest beside another address of the line is not this one's
    return replace(entry, seen=one.seen, sha256=None, id=None) if one.robust else entry


def _found(text: str, start: int, end: int) -> Iterator[_Found]:
    """The addresses of a stretch of text: of robust links, of links, and the others."""
    taken = bytearray(end - start)
    for match in _ROBUST.finditer(text, start, end):
        one = _robust(match)
        if one is not None:
            for each in _ATTRIBUTE.finditer(text, *match.span()):
                _take(taken, each.start() - start, each.end() - start)
            yield one
    for match in _LINK.finditer(text, start, end):
        if not taken[match.start() - start]:
            _take(taken, match.start() - start, match.end() - start)
            words = " ".join(match["words"].split())
            yield _Found(match.start(), match.end(), (match["url"],), words or None)
    for match in URL.finditer(text, start, end):
        url = trimmed(match.group())
        if url and not taken[match.start() - start]:
            stop = match.start() + len(url)
            closes = text[stop : stop + 1] == ">" and text[match.start() - 1] == "<"
            yield _Found(match.start() - closes, stop + closes, (url,))


def _take(taken: bytearray, start: int, end: int) -> None:
    taken[start:end] = b"\x01" * (end - start)


def _robust(match: re.Match[str]) -> _Found | None:
    """A robust link: HTML's attributes, or the same names in the shortcode of a blog."""
    told = {name.lower(): a or b for name, a, b in _ATTRIBUTE.findall(match.group())}
    named = dict(_TITLE.findall(match.group()))
    if "versiondate" not in told and "versionurl" not in told:
        return None
    urls = [told.get(name, "") for name in ("originalurl", "href")]
    urls += told.get("versionurl", "").split()
    urls = [url for url in urls if url.lower().startswith(("http://", "https://"))]
    if told.get("originalurl") and told.get("href"):  # then the link itself leads to the copy
        urls = [url for url in urls if url != told["href"] or is_copy(url)]
    title = named.get("title") or named.get("anchor")
    seen = date_of(told.get("versiondate", ""))
    return _Found(match.start(), match.end(), tuple(urls), title, seen, True) if urls else None


def _joined(found: list[_Found]) -> Iterator[_Found]:
    """Each with the copies that follow it."""
    last: _Found | None = None
    for one in found:
        if last and not one.robust and len(last.urls) == 1 and goes_with(one.urls[0], last.urls[0]):
            last = replace(last, end=one.end, urls=(*last.urls, *one.urls))
            continue
        if last:
            yield last
        last = one
    if last:
        yield last


def _start(found: _Found) -> int:
    return found.start


def _quotes(paragraph: str, before: tuple[str, ...]) -> tuple[str, ...]:
    """What a paragraph with one source quotes: in it, or as a block before it that it names."""
    if before and _SOURCE_LINE.match(paragraph):
        return before
    block = _block_quotation(paragraph)
    return block or quotes_in(" ".join(paragraph.split()))


def _block_quotation(paragraph: str) -> tuple[str, ...]:
    """The words of a paragraph that is a block quotation, without the line that names the source."""
    lines = paragraph.rstrip("\n").split("\n")
    if not all(map(_QUOTE_LINE.match, lines)):
        return ()
    bare = [_QUOTE_LINE.sub("", line).strip() for line in lines]
    kept = [line for line in bare if not _SOURCE_LINE.match(line) and "://" not in line]
    words = " ".join(kept).strip().strip('“”"「」')
    words = _MARKUP.sub(lambda match: match["words"] or "", words)
    return (words,) if is_quotation(words) else ()


def _quoted_before_references(paragraphs: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """By footnote, what is quoted between its reference and the one before it."""
    found: dict[str, tuple[str, ...]] = {}
    for body in paragraphs:
        last = 0
        for match in _REFERENCE.finditer(body):
            words = quotes_in(" ".join(body[last : match.start()].split()))
            found.setdefault(match["key"], words)
            last = match.end()
    return found


def _head(lines: list[str]) -> _Note:
    """The first heading, and the dates of the labelled lines near the top, front matter too."""
    title = published = seen = None
    for line in lines[:HEAD]:
        heading = _HEADING.match(line)
        if heading:
            title = title or heading["title"].strip()
        match = _LABEL.match(line)
        if match is None:
            continue
        label, value = match["label"].strip().lower(), match["value"].strip().strip("\"'")
        if label in _DATES:
            published = published or date_of(value)
        elif label in _SEEN:
            seen = seen or date_of(value)
        elif label in {"title", "标题"}:
            title = title or value
    return _Note(title, published, seen)
