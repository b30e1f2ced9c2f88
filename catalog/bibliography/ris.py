"""RIS, as reference managers exchange it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import rispy

from archive.encoding import decode
from catalog.bibliography.entry import Entry, sorted_out, urls_in
from catalog.postings.dates import date_of

_BEGIN = re.compile(r"^TY\s{0,2}- ?", re.MULTILINE)
_DIGEST = re.compile(r"sha-?256[\s:]*([0-9a-f]{64})", re.IGNORECASE)


def read(path: Path) -> Iterator[Entry]:
    """The entries, each parsed by itself, so that a broken one costs only itself."""
    text = decode(path.read_bytes(), None).text.replace("\r\n", "\n")
    starts = [match.start() for match in _BEGIN.finditer(text)]
    if not starts and text.strip():
        yield Entry(
            key="file", place="file", raw=text[:300], problem="no entry begins here (TY  - )"
        )
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(text)], strict=True), 1):
        raw = text[start:end].strip()
        place = f"line {text.count(chr(10), 0, start) + 1}"
        try:
            [told] = rispy.loads(raw if "\nER" in raw else f"{raw}\nER  - ")
        except Exception as error:  # noqa: BLE001 -- whatever the parser makes of a broken entry
            yield Entry(key=f"entry {number}", place=place, raw=raw, problem=str(error)[:300])
        else:
            yield _entry(told, number, place, raw)


def _entry(told: dict[str, Any], number: int, place: str, raw: str) -> Entry:
    urls, copies, seen = sorted_out(urls_in(raw))
    digest = _DIGEST.search(raw)
    title = told.get("title") or told.get("primary_title")
    return Entry(
        key=str(told.get("id") or f"entry {number}"),
        place=place,
        raw=raw,
        urls=urls,
        copies=copies,
        title=title,
        author="; ".join(told.get("authors") or told.get("first_authors") or ()) or None,
        published=_date(told.get("date") or told.get("year") or told.get("publication_year")),
        seen=_date(told.get("access_date")) or seen,
        sha256=digest[1].lower() if digest else None,
    )


def _date(told: Any) -> str | None:
    return date_of(str(told).strip("/").replace("//", "")) if told else None
