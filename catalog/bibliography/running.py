"""Addresses in running text, and what is claimed beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from catalog.bibliography.entry import Entry, is_copy, original_of, pointers_in
from catalog.keys import document_key
from catalog.postings.dates import dates_in

RAW = 2000
"""Characters of the text around an address that are kept."""
_QUOTED = re.compile(r"“([^“”\n]{6,600})”|「([^「」\n]{6,400})」")
"""Words in quotation marks; straight ones are left alone, for they stand around many other things."""
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\d_\u3400-\u9fff]+")
WORDS = 5
"""Words, or Chinese characters, from which it is a quotation rather than a name."""
_ACCESSED = re.compile(
    r"(?:accessed|retrieved|visited|last (?:seen|checked)|访问|检索|引用日期)", re.IGNORECASE
)


def entry_of(
    raw: str,
    urls: Iterable[str],
    *,
    place: str,
    key: str | None = None,
    title: str | None = None,
    author: str | None = None,
    seen: str | None = None,
    published: str | None = None,
    quotes: tuple[str, ...] = (),
    span: tuple[int, int] | None = None,
) -> Entry:
    """An entry out of a stretch of text that holds these addresses."""
    found = pointers_in(raw, urls)
    return Entry(
        key=key or place,
        place=place,
        raw=raw.strip()[:RAW],
        urls=found.urls,
        copies=found.copies,
        title=title or None,
        author=author,
        seen=seen or found.seen or accessed(raw),
        published=published,
        sha256=found.sha256,
        id=found.id,
        quotes=quotes,
        span=span,
    )


def accessed(raw: str) -> str | None:
    """The date behind a word such as *accessed*, or just before it, if there is one."""
    match = _ACCESSED.search(raw)
    if match is None:
        return None
    behind = next(dates_in(raw[match.end() : match.end() + 40]), None)
    if behind is not None:
        return behind.value
    before = list(dates_in(raw[max(match.start() - 25, 0) : match.start()]))
    return before[-1].value if before else None


def quotes_in(text: str) -> tuple[str, ...]:
    """The quotations of a text."""
    found = (first or second for first, second in _QUOTED.findall(text))
    return tuple(words for words in found if is_quotation(words))


def is_quotation(words: str) -> bool:
    """Whether there are so many words that they can only be somebody's."""
    return len(_WORD.findall(words)) >= WORDS


def grouped(urls: Iterable[str]) -> Iterator[list[str]]:
    """Addresses, each with the copies that follow it."""
    group: list[str] = []
    for url in urls:
        if group and not goes_with(url, group[0]):
            yield group
            group = []
        group.append(url)
    if group:
        yield group


def goes_with(url: str, source: str) -> bool:
    """Whether an address behind another is a copy of it; one that names another original is none."""
    if not is_copy(url) or is_copy(source):
        return False
    original = original_of(url)
    return original is None or document_key(original[0]) == document_key(source)


def entries_in(
    text: str,
    urls: Iterable[str],
    *,
    place: str,
    quotes: tuple[str, ...] = (),
    key: str | None = None,
) -> Iterator[Entry]:
    """An entry for each address in a stretch of text. What is quoted there is its only source's:
    of several nobody can say from which it is.
    """
    groups = list(grouped(urls))
    for urls_ in groups:
        yield entry_of(text, urls_, place=place, key=key, quotes=quotes if len(groups) == 1 else ())
