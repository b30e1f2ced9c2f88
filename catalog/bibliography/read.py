"""Reading the entries of a file, whatever its format: a broken one never keeps the others out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from archive.encoding import decode
from archive.errors import Error, UsageError, Where, storage
from catalog.bibliography.entry import Entry
from catalog.text.reading import UNSTORABLE, storable
from catalog.text.worker import Job, Readers

TEXTS = {
    ".bib": "bib",
    ".bibtex": "bib",
    ".ris": "ris",
    ".json": "csl",
    ".csv": "table",
    ".tsv": "table",
    ".md": "markdown",
    ".markdown": "markdown",
    ".txt": "markdown",
    ".html": "html",
    ".htm": "html",
}
"""By a file's ending, the module that reads it as text."""
FORMATS = {**TEXTS, ".docx": "docx", ".pdf": "pdf"}
LIMIT = 64 << 20
"""Bytes of the largest file that is read as text."""


@dataclass(frozen=True)
class Work:
    """A file that cites, and its entries, those that cannot be read with the reason."""

    path: Path
    format: str
    entries: list[Entry]


def read_work(path: Path) -> Work:
    """All entries of a file; one that is broken as a whole has one unreadable entry.

    Raises `UsageError` for a format that nothing reads.
    """
    name = FORMATS.get(path.suffix.lower())
    if name is None:
        raise UsageError(
            f"nothing reads {path.suffix or 'a file without an ending'} as a bibliography",
            where=Where(path),
            advice=f"give one of {' '.join(sorted(FORMATS))}",
        )
    with storage(path), path.open("rb"):
        pass  # one that cannot be opened is no broken one
    found: list[Entry] = []
    try:
        found.extend(_entries(path, name))
    except Error:
        raise
    except Exception as error:  # noqa: BLE001 -- a file from outside may break its reader in any way
        said = str(error).partition("\n")[0][:300]
        found.append(broken(f"it cannot be read further: {type(error).__name__}: {said}"))
    return Work(path, name, [_storable(entry) for entry in found])


def _entries(path: Path, name: str) -> Iterator[Entry]:
    read: Callable[[Any], Iterator[Entry]] = import_module(f"catalog.bibliography.{name}").read
    if name == "docx":
        yield from read(path)
    elif name == "pdf":
        with Readers() as readers:  # in a process of its own: its library is of C
            [(_, reading)] = readers.read([(None, Job(path, None, path.name))])
        if reading.extraction.code:
            yield broken(f"{reading.extraction.code}: {reading.extraction.detail}")
        yield from read(reading.extraction)
    elif path.stat().st_size > LIMIT:
        yield broken(f"it has more than {LIMIT >> 20} MiB")
    else:
        yield from read(text_of(path, name))


def _storable(entry: Entry) -> Entry:
    """The entry without what no database and no JSON takes as text."""
    texts = {
        field.name: storable(value)
        for field in fields(entry)
        if isinstance(value := getattr(entry, field.name), str) and UNSTORABLE.search(value)
    }
    lists = {
        name: tuple(map(storable, getattr(entry, name))) for name in ("urls", "copies", "quotes")
    }
    return replace(entry, **texts, **lists)  # type: ignore[arg-type]  # by their names


def text_of(path: Path, name: str) -> str:
    """The text of a file, whatever encoding it is in."""
    return decode(path.read_bytes(), "text/html" if name == "html" else None).text


def broken(problem: str) -> Entry:
    """What stands for a file, or the rest of it, that cannot be read."""
    return Entry(key="file", place="file", raw="", problem=problem)
