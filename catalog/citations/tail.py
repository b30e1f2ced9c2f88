"""What every citation says of the archived copy, in sentences that the forms share."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.citations.facts import Facts
from catalog.citations.titles import ended


def copy_at(facts: Facts, opening: str = "", closing: str = "") -> str:
    """`at https://archive.example/c/ID`, its address between marks if given; where the archive is
    not public `as capture ID of NAME, which is not public`.
    """
    copy = facts.copy
    if copy.url:
        return f"at {opening}{copy.url}{closing}"
    return f"as capture {copy.capture} of {copy.archive}, which is not public"


def digest(facts: Facts) -> str:
    return f"SHA-256 {facts.copy.sha256}"


def remarks(facts: Facts) -> Iterator[str]:
    """What else a reader must know: an origin that is only asserted, who made the romanised title."""
    if facts.origin:
        yield facts.origin
    if facts.title.machine and facts.title.romanised:
        yield f"title romanised by a program, {facts.title.machine}"
    yield from facts.notes


def sentences(*texts: str) -> Iterator[str]:
    """Each as a sentence of its own."""
    for text in texts:
        yield ended(text[:1].upper() + text[1:])


def quotation(facts: Facts) -> str | None:
    """`“…”, page 3: verified`."""
    quote = facts.quote
    if quote is None:
        return None
    place = f", {quote.place}" if quote.place else ""
    return f"“{quote.text}”{place}: {quote.verdict}"


def note(facts: Facts) -> str:
    """The copy, its digest and all remarks in one line, for the note of a bibliography's entry."""
    quote = quotation(facts)
    parts = [f"Archived {copy_at(facts)}", digest(facts), *remarks(facts)]
    return "; ".join([*parts, f"quoted: {quote}"] if quote else parts)
