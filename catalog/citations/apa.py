"""`apa`: a reference by the seventh edition of the APA's manual; with a quote also the citation in
the text.
"""

from __future__ import annotations

from collections.abc import Iterator

from catalog.citations import titles
from catalog.citations.dates import american
from catalog.citations.facts import Facts
from catalog.citations.names import family, listed
from catalog.citations.tail import copy_at, digest, remarks

UNDATED = "n.d."


def cite(facts: Facts) -> str:
    entry = " ".join(_entry(facts))
    return f"{entry}\n({', '.join(_in_text(facts))})" if facts.quote else entry


def _entry(facts: Facts) -> Iterator[str]:
    title = facts.title.plain + (f" ({facts.number})" if facts.number else "")
    if facts.responsible:
        names = [author.initialled for author in facts.responsible]
        yield titles.ended(listed(names, ", & " if len(names) == 2 else " & "))
        yield f"({_date(facts)})."
        yield titles.ended(title)
    else:
        yield titles.ended(title)
        yield f"({_date(facts)})."
    if facts.publisher:
        yield titles.ended(facts.publisher)
    yield f"Retrieved {american(facts.accessed)}, from {facts.url}"
    yield f"(archived {'; '.join([copy_at(facts), digest(facts), *remarks(facts)])})"


def _in_text(facts: Facts) -> Iterator[str]:
    if facts.responsible:
        yield family(facts.responsible, " & ")
        yield str(facts.issued.year) if facts.issued else UNDATED
    else:
        year = str(facts.issued.year) if facts.issued else UNDATED
        yield f"{titles.american(facts.title, ',')} {year}"
    if facts.quote and facts.quote.labelled:
        yield facts.quote.labelled


def _date(facts: Facts) -> str:
    """`2021, June 1`, `2021, June`, `2021`, `n.d.`"""
    if facts.issued is None:
        return UNDATED
    year, *rest = facts.issued.parts
    if not rest:
        return str(year)
    return f"{year}, {american(facts.issued).partition(',')[0].removesuffix(f' {year}')}"
