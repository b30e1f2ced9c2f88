"""RIS, as reference managers exchange it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import rispy

from catalog.bibliography.entry import Entry, pointers_in
from catalog.bibliography.running import quotes_in
from catalog.postings.dates import date_of

_BEGIN = re.compile(r"^\ufeff?TY\s{0,2}- ?", re.MULTILINE)
_END = re.compile(r"^ER\s{0,2}-", re.MULTILINE)
_NOT_POINTING = re.compile(r"^(?:AB|N2)  - .*$", re.MULTILINE)


def read(text: str) -> Iterator[Entry]:
    """The entries, each parsed by itself, so that a broken one costs only itself."""
    starts = [match.start() for match in _BEGIN.finditer(text)]
    if text[: starts[0] if starts else None].strip():
        first = text[: starts[0] if starts else 300].strip()
        yield Entry(
            key="line 1", place="line 1", raw=first[:300], problem="no entry begins here (TY  - )"
        )
    for number, (start, end) in enumerate(pairwise([*starts, len(text)]), 1):
        place = f"line {text.count(chr(10), 0, start) + 1}"
        yield _parsed(text[start:end], number, place, (start, end))


def _parsed(raw: str, number: int, place: str, span: tuple[int, int]) -> Entry:
    whole = raw.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff").rstrip()
    ends = _END.search(whole)
    try:
        [told] = rispy.loads(whole if ends else f"{whole}\nER  - ")
    except Exception as error:  # noqa: BLE001 -- whatever the parser makes of a broken entry
        said = str(error).partition("\n")[0][:300]
        return Entry(key=f"entry {number}", place=place, raw=raw, problem=said)
    problem = None if ends else "it has no end (ER  - )"
    return replace(_entry(told, number, raw), place=place, span=span, problem=problem)


def _entry(told: dict[str, Any], number: int, raw: str) -> Entry:
    accession = str(told.get("accession_number") or "")
    found = pointers_in(f"{_NOT_POINTING.sub('', raw)}\ncapture {accession} of")
    notes = " ".join(map(str, told.get("notes") or ()))
    return Entry(
        key=str(told.get("id") or f"entry {number}"),
        place="",
        raw=raw,
        urls=found.urls,
        copies=found.copies,
        title=told.get("title") or told.get("primary_title"),
        author="; ".join(told.get("authors") or told.get("first_authors") or ()) or None,
        published=_date(told.get("date") or told.get("year") or told.get("publication_year")),
        seen=_date(told.get("access_date")) or found.seen,
        sha256=found.sha256,
        id=found.id,
        quotes=quotes_in(notes.partition("Archived ")[0]),
    )


def _date(told: Any) -> str | None:
    """`2021/06/01/`; what is not known is empty between the slashes."""
    return date_of(str(told).strip().replace("//", "/").strip("/")) if told else None
