"""`csl-json`: an item for Zotero, pandoc and every processor of the Citation Style Language (1.0.2)."""

from __future__ import annotations

import json
from typing import Any

from catalog.citations.dates import Day
from catalog.citations.facts import Facts
from catalog.citations.names import Author
from catalog.citations.tail import note


def cite(facts: Facts) -> str:
    return json.dumps(item(facts), ensure_ascii=False, indent=2)


def together(items: list[str]) -> str:
    """Items as the array that processors read."""
    return "[\n" + ",\n".join(items) + "\n]"


def item(facts: Facts) -> dict[str, Any]:
    """The item; what is not known is not in it."""
    copy = facts.copy
    found = {
        "id": facts.key,
        "type": "webpage",
        "title": facts.title.plain,
        "author": [_name(author) for author in facts.responsible],
        "publisher": facts.publisher,
        "number": facts.number,
        "issued": _date(facts.issued) if facts.issued else None,
        "accessed": _date(facts.accessed),
        "URL": facts.url,
        "archive": copy.archive,
        "archive_location": copy.url or copy.capture,
        "language": facts.language,
        "note": note(facts),
    }
    return {name: value for name, value in found.items() if value}


def _name(author: Author) -> dict[str, str]:
    if author.given is None:
        return {"literal": author.name}
    return {"family": author.name, "given": author.given}


def _date(day: Day) -> dict[str, list[list[int]]]:
    return {"date-parts": [list(day.parts)]}
