"""Which extractor reads which type of file, and how one is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from catalog.text.extraction import Extraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A file to be read: its bytes on disk, and what is told of it."""

    path: Path
    real_type: str
    """The media type that its bytes are of (catalog.text.kind)."""
    content_type: str | None = None
    """Content-Type as the server sent it."""
    name: str | None = None
    """A file name, from Content-Disposition or the URL."""


class OverLimitError(Exception):
    """What is in a file is larger than is read."""


class UnsupportedError(Exception):
    """What would read a file is not there, or there is nothing that would."""


class EncryptedError(Exception):
    """A file is locked by a password."""


Extractor = Callable[[Content], Extraction]
"""Reads one file; raises whatever its library raises, which the caller turns into a code."""

MODULES = {
    "text/html": "catalog.text.html",
    "application/xhtml+xml": "catalog.text.html",
    "application/xml": "catalog.text.xml",
    "application/rss+xml": "catalog.text.xml",
    "application/atom+xml": "catalog.text.xml",
    "application/rdf+xml": "catalog.text.xml",
    "application/json": "catalog.text.json",
    "application/x-ndjson": "catalog.text.json",
    "text/csv": "catalog.text.csv",
    "text/tab-separated-values": "catalog.text.csv",
    "text/plain": "catalog.text.plain",
    "text/markdown": "catalog.text.plain",
    "application/yaml": "catalog.text.plain",
    "application/pdf": "catalog.text.pdf",
    "application/msword": "catalog.text.doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "catalog.text.docx",
    "application/vnd.ms-excel": "catalog.text.xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "catalog.text.xlsx",
    "application/ofd": "catalog.text.ofd",
    "application/zip": "catalog.text.archives",
    "application/java-archive": "catalog.text.archives",
    "application/x-tar": "catalog.text.archives",
    "application/gzip": "catalog.text.archives",
    "application/vnd.rar": "catalog.text.archives",
    "application/x-7z-compressed": "catalog.text.archives",
    "application/rtf": "catalog.text.rtf",
    "application/vnd.oasis.opendocument.text": "catalog.text.odf",
    "application/vnd.oasis.opendocument.spreadsheet": "catalog.text.odf",
    "application/vnd.oasis.opendocument.presentation": "catalog.text.odf",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "catalog.text.pptx",
}
"""The module whose `extract` reads files of a type; loaded when the first one comes. Scripts and
style sheets are text to look at, and nothing that somebody posts: no text is read out of them."""


def extractor(real_type: str) -> Extractor | None:
    """What reads files of this type; `None` where nothing does."""
    if real_type not in MODULES:
        return None
    found: Extractor = import_module(MODULES[real_type]).extract
    return found
