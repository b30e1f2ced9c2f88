"""`chicago`: an entry of a bibliography by the Chicago Manual of Style; with a quote also the note.

Own words where the style has none: the archived copy and its digest.
"""

from __future__ import annotations

from collections.abc import Iterator

from catalog.citations import titles
from catalog.citations.dates import american
from catalog.citations.facts import Facts
from catalog.citations.names import first_inverted, listed
from catalog.citations.tail import copy_at, digest, remarks, sentences


def cite(facts: Facts) -> str:
    entry = " ".join(_entry(facts))
    return f"{entry}\n{', '.join(_note(facts))}." if facts.quote else entry


def _entry(facts: Facts) -> Iterator[str]:
    if facts.responsible:
        yield titles.ended(first_inverted(facts.responsible))
    yield titles.american(facts.title, ".")
    for part in filter(None, (facts.number, facts.publisher)):
        yield titles.ended(part)
    if facts.issued:
        yield f"{american(facts.issued)}."
    yield f"Accessed {american(facts.accessed)}. {facts.url}."
    yield f"Archived {copy_at(facts)}."
    yield from sentences(digest(facts), *remarks(facts))


def _note(facts: Facts) -> Iterator[str]:
    if facts.responsible:
        yield listed([author.full for author in facts.responsible])
    parts = [facts.number, facts.publisher]
    if facts.issued:
        parts.append(american(facts.issued))
    if facts.quote:
        parts.append(facts.quote.labelled)
    parts += [f"accessed {american(facts.accessed)}", facts.url, f"archived {copy_at(facts)}"]
    told = ", ".join([*filter(None, parts), digest(facts), *remarks(facts)])
    yield f"{titles.american(facts.title, ',')} {told}"
