"""BibTeX: a `note`, which every style prints; where there is one, its end; else an `addendum`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from catalog.bibliography.durable import Insertion
from catalog.bibliography.entry import Entry
from catalog.citations.bibtex import escaped

_OPENING = re.compile(r"\s*@\s*\w+\s*[{(]\s*[^,{}()\s]*")
_NAME = re.compile(r"[\s,]*([^\s,={}()\"#]+)\s*=\s*")
_BARE = re.compile(r"[^\s,{}()\"#]+")
_JOINT = re.compile(r"\s*#\s*")
INDENT = "  "


class Field(NamedTuple):
    """A field and where its value stands, its delimiters included."""

    name: str
    begin: int
    value: int
    end: int
    parts: int
    """Pieces joined by `#`."""


def insertion(text: str, entry: Entry, note: str) -> Insertion | None:
    assert entry.span is not None
    start, end = entry.span
    opening = _OPENING.match(text, start, end)
    if opening is None:
        return None
    fields = list(fields_of(text, opening.end(), end))
    by_name = {field.name.lower(): field for field in fields}
    for name in ("note", "addendum"):
        if name not in by_name:
            at = fields[-1].end if fields else opening.end()
            return at, f",\n{_indent(text, fields)}{name} = {{{escaped(note)}}}"
        field = by_name[name]
        if field.parts == 1 and text[field.value] in '{"':
            before = text[field.value + 1 : field.end - 1].rstrip()
            joint = "" if not before else " " if before.endswith((".", ";", "。")) else "; "
            return field.end - 1, joint + escaped(note)
    return None


def fields_of(text: str, at: int, end: int) -> Iterator[Field]:
    """The fields of an entry from behind its key, as far as they can be told apart."""
    while (name := _NAME.match(text, at, end)) is not None:
        begin = stop = name.end()
        parts = 0
        while True:
            found = _value(text, stop, end)
            if found is None:
                return
            parts, stop = parts + 1, found
            joint = _JOINT.match(text, stop, end)
            if joint is None:
                break
            stop = joint.end()
        yield Field(name[1], name.start(1), begin, stop, parts)
        at = stop


def _value(text: str, at: int, end: int) -> int | None:
    """Where a value ends that begins here: in braces, in quotation marks, or a bare word."""
    if at >= end:
        return None
    if text[at] not in '{"':
        bare = _BARE.match(text, at, end)
        return bare.end() if bare else None
    depth = 0
    for place in range(at, end):
        character = text[place]
        if character in "{}" and text[place - 1] != "\\":
            depth += 1 if character == "{" else -1
            if depth == 0 and character == "}" and text[at] == "{":
                return place + 1
        elif character == '"' and depth == 0 and place > at:
            return place + 1
    return None


def _indent(text: str, fields: list[Field]) -> str:
    """As the other fields are indented."""
    if not fields:
        return INDENT
    line = text.rfind("\n", 0, fields[-1].begin) + 1
    before = text[line : fields[-1].begin]
    return before if before and not before.strip() else INDENT
