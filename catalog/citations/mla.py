"""`mla`: an entry of the works cited by the ninth edition of the MLA's handbook; with a quote also
the citation in the text.
"""

from __future__ import annotations

from collections.abc import Iterator

from catalog.citations import titles
from catalog.citations.dates import SHORT, british
from catalog.citations.facts import Facts
from catalog.citations.names import family, first_inverted
from catalog.citations.tail import copy_at, digest, remarks, sentences


def cite(facts: Facts) -> str:
    entry = " ".join(_entry(facts))
    return f"{entry}\n({_in_text(facts)})" if facts.quote else entry


def _entry(facts: Facts) -> Iterator[str]:
    authors = facts.responsible
    if authors:
        most = len(authors) > 2
        yield titles.ended(f"{authors[0].inverted}, et al" if most else first_inverted(authors))
    yield titles.american(facts.title, ".")
    published = british(facts.issued, SHORT) if facts.issued else None
    container = filter(None, (facts.number, facts.publisher, published, facts.url))
    yield ", ".join(container) + "."
    yield f"Accessed {british(facts.accessed, SHORT)}."
    yield f"Archived {copy_at(facts)}."
    yield from sentences(digest(facts), *remarks(facts))


def _in_text(facts: Facts) -> str:
    who = (
        family(facts.responsible, " and ")
        if facts.responsible
        else titles.american(facts.title, "")
    )
    page = facts.quote.pin if facts.quote else None
    return f"{who} {page}" if page else who
