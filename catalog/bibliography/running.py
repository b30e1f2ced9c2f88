"""Addresses in running text: each once, with the line that it stands on and what is claimed beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog.bibliography.entry import Entry, is_copy, original_of, sorted_out, urls_in
from catalog.keys import document_key
from catalog.postings.dates import dates_in

QUOTED = re.compile(r"“([^“”\n]{15,600})”|「([^「」\n]{10,400})」")
"""Words in quotation marks, long enough to be a quotation rather than a name."""
_ACCESSED = re.compile(
    r"(?:accessed|retrieved|visited|last (?:seen|checked)|访问|检索|引用日期)", re.IGNORECASE
)
_DIGEST = re.compile(r"sha-?256[\s:]*([0-9a-f]{64})", re.IGNORECASE)


def entry_of(
    raw: str,
    urls: list[str],
    *,
    place: str,
    key: str | None = None,
    title: str | None = None,
    seen: str | None = None,
    published: str | None = None,
    quotes: tuple[str, ...] = (),
) -> Entry:
    """An entry out of a stretch of text that holds these addresses."""
    sources, copies, dated = sorted_out(urls)
    digest = _DIGEST.search(raw)
    return Entry(
        key=key or place,
        place=place,
        raw=raw.strip()[:1000],
        urls=sources,
        copies=copies,
        title=title,
        seen=seen or dated or accessed(raw),
        published=published,
        sha256=digest[1].lower() if digest else None,
        quotes=quotes,
    )


def accessed(raw: str) -> str | None:
    """The date behind a word such as *accessed*, if there is one."""
    match = _ACCESSED.search(raw)
    if match is None:
        return None
    found = next(dates_in(raw[match.end() : match.end() + 40]), None)
    return found.value if found else None


def quotes_in(text: str) -> tuple[str, ...]:
    """The quotations of a paragraph."""
    return tuple(first or second for first, second in QUOTED.findall(text))


def entries_of_lines(lines: list[str], *, place: str = "line") -> Iterator[Entry]:
    """An entry for each address in plain lines; a copy that follows its original goes with it."""
    for number, line in enumerate(lines, 1):
        for urls in grouped(urls_in(line)):
            yield entry_of(line, urls, place=f"{place} {number}", quotes=quotes_in(line))


def grouped(urls: list[str]) -> Iterator[list[str]]:
    """Addresses with the copies that follow them, unless these say that they are of another."""
    group: list[str] = []
    for url in urls:
        if group and not _goes_with(url, group):
            yield group
            group = []
        group.append(url)
    if group:
        yield group


def _goes_with(url: str, group: list[str]) -> bool:
    if not is_copy(url) or is_copy(group[0]):
        return False
    original = original_of(url)
    return original is None or document_key(original[0]) == document_key(group[0])
