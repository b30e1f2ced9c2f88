"""CSL-JSON: a `note`, or a new line at the end of the one that is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from catalog.bibliography.durable import Insertion
from catalog.bibliography.entry import Entry

_GAP = re.compile(r"[\s,]*")
_COLON = re.compile(r"\s*:\s*")
_DECODER = json.JSONDecoder(strict=False)


class Member(NamedTuple):
    """A name of an object and where it stands with its value."""

    name: str
    begin: int
    end: int


def insertion(text: str, entry: Entry, note: str) -> Insertion | None:
    assert entry.span is not None
    members = list(members_of(text, entry.span[0] + 1))
    if not members:
        return None
    written = json.dumps(note, ensure_ascii=False)
    own = next((member for member in members if member.name == "note"), None)
    if own is not None:
        if text[own.end - 1] != '"':
            return None
        return own.end - 1, ("" if text[own.end - 2] == '"' else "\\n") + written[1:-1]
    last = members[-1]
    before = text[text.rfind("\n", 0, last.begin) + 1 : last.begin]
    newline = f"\n{before}" if before and not before.strip() else " "
    return last.end, f',{newline}"note": {written}'


def members_of(text: str, at: int) -> Iterator[Member]:
    """The members of an object from behind its opening brace."""
    while True:
        at = _end(_GAP.match(text, at))
        if text[at] == "}":
            return
        name, end = _DECODER.raw_decode(text, at)
        value = _end(_COLON.match(text, end))
        _, end = _DECODER.raw_decode(text, value)
        yield Member(name, at, end)
        at = end


def _end(match: re.Match[str] | None) -> int:
    assert match is not None
    return match.end()
