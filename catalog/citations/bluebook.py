"""`bluebook`: a footnote by rule 18.2 of the Bluebook, the archived copy in brackets at its end."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.citations.dates import SHORT, american
from catalog.citations.facts import Facts
from catalog.citations.names import shortened
from catalog.citations.tail import digest, remarks


def cite(facts: Facts) -> str:
    return " ".join(_parts(facts)) + "."


def _parts(facts: Facts) -> Iterator[str]:
    yield ", ".join(_source(facts)) + (
        f" ({american(facts.issued, SHORT)})," if facts.issued else ","
    )
    yield facts.url
    visited = american(facts.accessed, SHORT)
    if not facts.issued:
        yield f"(last visited {visited})"
    copy = facts.copy
    yield f"[{copy.url or f'capture {copy.capture}, {copy.archive}, not public'}]"
    yield f"({'; '.join([f'archived {visited}', digest(facts), *remarks(facts)])})"


def _source(facts: Facts) -> Iterator[str]:
    if facts.responsible:
        yield shortened(facts.responsible, lambda author: author.full, " & ", 2, " et al.")
    title = facts.title
    original = f"({title.original})" if title.romanised else title.original
    yield " ".join(filter(None, (title.romanised, original, title.gloss)))
    yield from filter(None, (facts.number, facts.publisher))
    if facts.quote and facts.quote.pin:
        yield f"at {facts.quote.pin}"
