"""`text`: everything that is known, a line each, for a footnote's author and for the reader who checks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from catalog.citations.facts import Facts
from catalog.citations.tail import quotation


def cite(facts: Facts) -> str:
    return "\n".join(f"{name}: {value}" for name, value in _lines(facts) if value)


def _lines(facts: Facts) -> Iterator[tuple[str, str | None]]:
    title, copy = facts.title, facts.copy
    yield "title", title.original
    machine = f" (by a program, {title.machine})" if title.machine else ""
    yield "romanised", title.romanised and title.romanised + machine
    yield "translated", title.translated
    for author in facts.authors:
        yield "author", author.full
    yield "issued by", facts.agency
    yield "number", facts.number
    yield "written", facts.written
    yield "posted", facts.posted
    yield "url", facts.url
    if facts.origin:
        yield "origin", facts.origin
    yield "captured", _captured(facts)
    yield (
        "archived copy",
        copy.url
        or (
            f"capture {copy.capture} of {copy.archive}, which is not public; "
            "this id and the digests stand for it"
        ),
    )
    yield "capture", copy.capture
    yield "version", copy.version
    yield "document", copy.document
    yield "sha256", copy.sha256
    yield "blake3", copy.blake3
    yield "length", f"{copy.length} bytes"
    yield "type", copy.media_type
    yield "pwid", facts.pwid
    yield "quoted", quotation(facts)
    for remark in facts.notes:
        yield "note", remark


def _captured(facts: Facts) -> str:
    told = moment(facts.captured)
    if facts.local:
        told += f", {facts.local.isoformat(' ', 'seconds')} at the source"
    return f"{told}, as asserted" if facts.origin else told


def moment(instant: datetime) -> str:
    """`2022-01-31 08:00:00Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
