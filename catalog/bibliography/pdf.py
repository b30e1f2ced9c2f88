"""PDF: addresses in the text, also where a line end breaks them, and links behind words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from catalog.bibliography.entry import URL, Entry, trimmed
from catalog.bibliography.running import entry_of, grouped, quotes_in
from catalog.text.extraction import Passage
from catalog.text.formats import Content
from catalog.text.pdf import extract

_NOTE = re.compile(r"^\s*(?:\[?(\d{1,4})\]?[.)]?\s+)\D")
_GOES_ON = re.compile(r"^[A-Za-z0-9/_%?=&.#~+-]+$")
_FULL = 0.85
"""Share of the widest line from which an address at a line's end may go on in the next one."""


def read(path: Path) -> Iterator[Entry]:
    """An entry for each address, with the page and the number of the note that it stands in."""
    found = extract(Content(path=path, real_type="application/pdf", name=path.name))
    if found.code and not found.passages:
        yield Entry(key="file", place="file", raw="", problem=f"{found.code}: {found.detail}")
    for page, group in groupby(found.passages, key=lambda passage: passage.at.page):
        lines = list(group)
        note: str | None = None
        for index, line in enumerate(lines):
            numbered = _NOTE.match(line.text)
            note = numbered[1] if numbered else note
            urls = list(_addresses(lines, index))
            for together in grouped(urls):
                yield entry_of(
                    line.text,
                    together,
                    place=f"page {page}" + (f", note {note}" if note else ""),
                    quotes=quotes_in(line.text),
                )


def _addresses(lines: list[Passage], index: int) -> Iterator[str]:
    text = lines[index].text
    widest = max(len(line.text) for line in lines)
    for match in URL.finditer(text):
        url = match.group()
        at = index
        while (
            at + 1 < len(lines)
            and match.end() == len(text)
            and len(lines[at].text) >= _FULL * widest
            and (more := lines[at + 1].text.split(" ")[0])
            and _GOES_ON.match(more)
            and (
                "/" in more
                or "." in more
                or "_" in more
                or more.isdecimal()
                or url[-1] in "-/_=&?."
            )
        ):
            url += more
            at += 1
            if " " in lines[at].text:
                break
        yield trimmed(url)
