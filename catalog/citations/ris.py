"""`ris`: for Zotero, EndNote and their like. A value is one line, and nothing is escaped."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.citations.dates import Day
from catalog.citations.facts import Facts
from catalog.citations.tail import note


def cite(facts: Facts) -> str:
    lines = [f"{tag}  - {value}" for tag, value in _fields(facts) if value]
    return "\n".join([*lines, "ER  - "])


def _fields(facts: Facts) -> Iterator[tuple[str, str | None]]:
    title, copy = facts.title, facts.copy
    yield "TY", "ELEC"
    yield "ID", facts.key
    for author in facts.responsible:
        yield "AU", author.name if author.given is None else f"{author.name}, {author.given}"
    yield "TI", title.original
    yield "ST", title.romanised
    yield "TT", title.translated
    yield "PB", facts.publisher
    yield "M1", facts.number
    if facts.issued:
        yield "PY", str(facts.issued.year)
        yield "DA", _day(facts.issued)
    yield "UR", facts.url
    yield "Y2", _day(facts.accessed)
    yield "LA", facts.language
    yield "DB", copy.archive
    yield "AN", copy.url or copy.capture
    yield "L2", copy.url
    if facts.quote:
        yield "SP", facts.quote.pin
    yield "N1", note(facts)


def _day(day: Day) -> str:
    """`2021/06/01/`; what is not known stays empty between its slashes."""
    parts = [f"{part:02}" for part in day.parts] + ["", "", ""]
    return "/".join(parts[:3]) + "/"
