"""Reading the entries of a file, whatever its format: a broken one never keeps the others out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from archive.errors import UsageError, Where
from catalog.bibliography.entry import Entry

FORMATS = {
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
    ".docx": "docx",
    ".pdf": "pdf",
}
"""The module that reads files with an ending."""
LIMIT = 256 << 20
"""Bytes of the largest file that is read."""

Read = Callable[[Path], Iterator[Entry]]


def read_entries(path: Path) -> list[Entry]:
    """All entries of a file, those that cannot be read with the reason.

    Raises `UsageError` for a format that nothing reads; a file that is broken as a whole is one
    unreadable entry.
    """
    name = FORMATS.get(path.suffix.lower())
    if name is None:
        raise UsageError(
            f"nothing reads {path.suffix or 'a file without an ending'} as a bibliography",
            where=Where(path),
            advice=f"give one of {' '.join(sorted(FORMATS))}",
        )
    if path.stat().st_size > LIMIT:
        return [broken(f"it has more than {LIMIT >> 20} MiB")]
    read: Read = import_module(f"catalog.bibliography.{name}").read
    found: list[Entry] = []
    try:
        found.extend(read(path))
    except Exception as error:  # noqa: BLE001 -- a file from outside may break its reader in any way
        said = str(error).partition("\n")[0][:300]
        found.append(broken(f"it cannot be read further: {type(error).__name__}: {said}"))
    return found


def broken(problem: str) -> Entry:
    """What stands for a file, or the rest of it, that cannot be read."""
    return Entry(key="file", place="file", raw="", problem=problem)
