"""PDF: addresses in the text, also where a line end breaks them, and links behind words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from catalog.bibliography.entry import URL, Entry, trimmed
from catalog.bibliography.running import entries_in, entry_of, quotes_in
from catalog.text.extraction import Extraction, Passage

_NOTE = re.compile(r"^\s*\[?(\d{1,4})(?:[\].)]\s*|\s+)(?=\D)")
_GOES_ON = re.compile(r"[A-Za-z0-9/_%?=&.#~+:;,@!$'()*-]+")
_PART_OF_ADDRESS = re.compile(r"[/_=&?%]|\.[a-z]{2,5}\b")
_FULL = 0.85
"""Share of the widest line from which an address at a line's end may go on in the next one."""


def read(found: Extraction) -> Iterator[Entry]:
    """An entry for each address, with the page and the number of the note that it stands in."""
    seen: set[str] = set()
    for page, group in groupby(found.passages, key=lambda passage: passage.at.page):
        lines = list(group)
        widest = max((len(line.text) for line in lines), default=0)
        note: str | None = None
        for index, line in enumerate(lines):
            numbered = _NOTE.match(line.text)
            note = numbered[1] if numbered else note
            urls = list(_addresses(lines, index, widest))
            seen.update(urls)
            place = f"page {page}" + (f", note {note}" if note else "")
            text = _around(lines, index)
            yield from entries_in(text, urls, place=place, quotes=quotes_in(text))
    for url, words in found.links:
        if url.startswith(("http://", "https://")) and url not in seen:
            seen.add(url)
            yield entry_of(words, [url], place="link", title=words)


def _around(lines: list[Passage], index: int) -> str:
    """The line before, the line itself and the two after it, as far as no other note begins."""
    first = index if _NOTE.match(lines[index].text) else max(index - 1, 0)
    last = index + 1
    while last < min(index + 3, len(lines)) and not _NOTE.match(lines[last].text):
        last += 1
    return " ".join(line.text for line in lines[first:last])


def _addresses(lines: list[Passage], index: int, widest: int) -> Iterator[str]:
    text = lines[index].text
    for match in URL.finditer(text):
        url, at = match.group(), index
        ends_line = match.end() == len(text)
        while ends_line and at + 1 < len(lines):
            more = _GOES_ON.match(lines[at + 1].text)
            is_full = len(lines[at].text) >= _FULL * widest
            if more is None or not _belongs(url, more.group(), is_full=is_full):
                break
            url += more.group()
            at += 1
            ends_line = more.end() == len(lines[at].text)
        if trimmed(url):
            yield trimmed(url)


def _belongs(url: str, more: str, *, is_full: bool) -> bool:
    """Whether what begins the next line goes on with an address: it looks like a part of one, and the
    line was full or the address cannot end there.
    """
    is_open = url[-1] in "-/_=&?."
    if _PART_OF_ADDRESS.search(more):
        return is_full or is_open
    return is_full and (is_open or any(map(str.isdigit, more)))
