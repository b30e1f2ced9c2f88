"""`oscola`: a footnote by the Oxford standard for the citation of legal authorities (4th ed., 3.4.8)."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.citations import titles
from catalog.citations.dates import british
from catalog.citations.facts import Facts
from catalog.citations.names import shortened
from catalog.citations.tail import copy_at, digest, remarks


def cite(facts: Facts) -> str:
    return " ".join(_parts(facts)) + "."


def _parts(facts: Facts) -> Iterator[str]:
    if facts.responsible:
        names = shortened(facts.responsible, lambda author: author.full, " and ", 3, " and others")
        yield f"{names},"
    yield titles.british(facts.title)
    published = british(facts.issued) if facts.issued else None
    told = ", ".join(filter(None, (facts.publisher, facts.number, published)))
    if told:
        yield f"({told})"
    if facts.quote and facts.quote.pin:
        yield facts.quote.pin
    yield f"<{facts.url}>"
    tail = [f"archived {copy_at(facts, '<', '>')}", digest(facts), *remarks(facts)]
    yield f"accessed {british(facts.accessed)}, {', '.join(tail)}"
