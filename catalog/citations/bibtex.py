"""`bibtex`: an `@online` entry for biblatex, which BibTeX reads as well.

Every text is escaped so that LaTeX prints it as it stands and no brace of it opens or closes a field.
Addresses are verbatim in biblatex, so what would end a field is percent-encoded there instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from catalog.citations.facts import Facts
from catalog.citations.names import Author
from catalog.citations.tail import note

SPECIAL = re.compile(r"[\\{}~^$&#_%]|([-'`,<>])(?=\1)|[?!](?=`)")
"""What LaTeX does not print as it stands; with the ligatures: it makes a dash of `--`, `¿` of `` ?` ``."""
ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "{}$&#_%"},
}
LONE = {"{": r"\ensuremath{\lbrace}", "}": r"\ensuremath{\rbrace}"}
"""For braces without a partner: BibTeX counts an escaped one too, and the field would never end."""
ADDRESS = "".join(chr(c) for c in range(0x21, 0x7F) if chr(c) not in '\\{}"<>^`|')
"""What stays as it is in an address."""


def cite(facts: Facts) -> str:
    fields = "".join(f"  {name} = {{{value}}},\n" for name, value in _fields(facts) if value)
    return f"@online{{{facts.key},\n{fields}}}"


def escaped(text: str) -> str:
    """A text as LaTeX prints it, character by character."""
    escapes = ESCAPES if _balanced(text) else ESCAPES | LONE
    return SPECIAL.sub(lambda found: escapes.get(found.group(), found.group() + "{}"), text)


def _balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return False
    return depth == 0


def _fields(facts: Facts) -> Iterator[tuple[str, str | None]]:
    title, copy = facts.title, facts.copy
    yield "author", " and ".join(map(_author, facts.responsible))
    yield "title", escaped(title.original)
    yield "titleaddon", escaped(" ".join(filter(None, (title.romanised, title.gloss))))
    yield "organization", escaped(facts.publisher or "")
    yield "number", escaped(facts.number or "")
    if facts.issued:
        yield "date", facts.issued.iso
        yield "year", str(facts.issued.year)
    yield "url", quote(facts.url, safe=ADDRESS)
    yield "urldate", facts.accessed.iso
    yield "archive", escaped(copy.archive)
    yield "archive_location", quote(copy.url or copy.capture, safe=ADDRESS)
    yield "sha256", copy.sha256
    yield "note", escaped(note(facts))


def _author(author: Author) -> str:
    """A person as `Family, Given`; a body in braces, which nothing takes apart."""
    if author.given is None:
        return f"{{{escaped(author.name)}}}"
    parts = (author.name, author.given)
    return ", ".join(escaped(p) if " and " not in f" {p} " else f"{{{escaped(p)}}}" for p in parts)
