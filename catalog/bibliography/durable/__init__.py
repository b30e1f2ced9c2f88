"""Giving a bibliography back with durable citations: each entry also names the archived copy.

Nothing is taken away or written otherwise: every change is an insertion, and what surrounds it stays
as it is, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from archive.encoding import decode
from archive.errors import UncheckedError, UsageError, Where
from catalog.bibliography.entry import Entry
from catalog.bibliography.read import Work
from catalog.citations.facts import Facts
from catalog.citations.tail import note

TEXTS = frozenset({"bib", "ris", "csl", "markdown"})
FORMATS = TEXTS | {"docx"}

Insertion = tuple[int, str]
"""Where something is put in, in characters, and what."""
Insert = Callable[[str, Entry, str], Insertion | None]
"""Where the note on an entry goes; `None` where there is no place for it."""


@dataclass(frozen=True)
class Written:
    """A file with durable citations."""

    data: bytes
    added: int
    """Entries that name their copy now."""
    left: tuple[str, ...]
    """The keys of those that have no place for it."""


def sentence(facts: Facts) -> str:
    """What is added to an entry: `Archived at …; SHA-256 …; captured 2026-11-25`."""
    return f"{note(facts)}; captured {facts.accessed.iso}"


def write(work: Work, notes: Mapping[int, str]) -> Written:
    """The file with notes on entries, by their number in the list.

    Raises `UsageError` for a format that cannot be written back, `UncheckedError` where the file
    would lose something on the way.
    """
    if work.format not in FORMATS:
        raise UsageError(
            f"{work.path.suffix} cannot be written back",
            where=Where(work.path),
            advice="give a .bib, .ris, .json (CSL), .md or .docx file",
        )
    if work.format == "docx":
        from catalog.bibliography.durable.docx import write as write_docx  # noqa: PLC0415 -- XML, for this format alone

        data, added = write_docx(work.path, notes)
        return Written(data, added, ())
    insert: Insert = import_module(f"catalog.bibliography.durable.{work.format}").insertion
    return _text(work, notes, insert)


def _text(work: Work, notes: Mapping[int, str], insert: Insert) -> Written:
    text, encode = _exact(work.path)
    insertions: list[Insertion] = []
    left: list[str] = []
    for number, words in notes.items():
        entry = work.entries[number]
        found = insert(text, entry, words) if entry.span else None
        if found is None:
            left.append(entry.key)
        else:
            insertions.append(found)
    for at, words in sorted(insertions, reverse=True):
        text = text[:at] + words + text[at:]
    return Written(encode(text), len(insertions), tuple(left))


def _exact(path: Path) -> tuple[str, Callable[[str], bytes]]:
    """The text of a file as it was read, and what makes the same bytes of it again."""
    data = path.read_bytes()
    decoded = decode(data, None)
    unmarked = decoded.text.encode(decoded.encoding, "replace")
    mark = data[: len(data) - len(unmarked)]

    def encode(text: str) -> bytes:
        try:
            return mark + text.encode(decoded.encoding)
        except UnicodeEncodeError as error:
            raise UncheckedError(
                f"{decoded.encoding} has no {error.object[error.start : error.end]!r}",
                where=Where(path),
                advice="save the file as UTF-8 first",
            ) from error

    if decoded.replaced or encode(decoded.text) != data:
        raise UncheckedError(
            f"not all of it can be read as {decoded.encoding}, so that it cannot be written back",
            where=Where(path),
            advice="save the file as UTF-8 first",
        )
    return decoded.text, encode
