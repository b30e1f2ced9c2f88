"""`gbt7714`: a reference by GB/T 7714-2015, 8.8 (电子资源), the archived copy as 存档 at its end."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.citations import titles
from catalog.citations.facts import Facts
from catalog.citations.tail import sentences

MOST = 3
"""Authors that are named; after them stands 等, or et al (8.1.2)."""


def cite(facts: Facts) -> str:
    return " ".join(_parts(facts))


def _parts(facts: Facts) -> Iterator[str]:
    chinese = facts.language == "zh"
    authors = facts.responsible
    if authors:
        names = [author.capitalled for author in authors[:MOST]]
        more = ["等" if chinese else "et al"] if len(authors) > MOST else []
        yield titles.ended(", ".join(names + more))
    number = f": {facts.number}" if facts.number else ""
    yield f"{facts.title.original}{number}[EB/OL]."
    yield f"{_dates(facts)}. {facts.url}. {_copy(facts)}."
    yield from sentences(*filter(None, (facts.origin, *facts.notes)))


def _dates(facts: Facts) -> str:
    """Publisher, year and pages where they are known, (posted) and [accessed]."""
    posted = f"({facts.issued.iso})" if facts.issued else ""
    pages = facts.quote.pin if facts.quote else None
    year = str(facts.issued.year) if facts.issued and (facts.publisher or pages) else None
    published = ", ".join(filter(None, (facts.publisher, year)))
    cited = f": {pages.replace('–', '-')}" if pages else ""
    return f"{published}{cited}".removeprefix(": ") + f"{posted}[{facts.accessed.iso}]"


def _copy(facts: Facts) -> str:
    copy = facts.copy
    where = copy.url or f"{copy.archive}, {copy.capture}, 未公开"
    return f"存档: {where} (SHA-256: {copy.sha256})"
