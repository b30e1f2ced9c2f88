"""Word before 2007: paragraphs, cells, notes, headers. Macros are never run.

Text that tracked changes insert is in, text that they delete is out, as in `docx`. Numbers that Word
counts by itself, before headings and in lists, are in no file and so in no text. WPS writes the same.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import olefile

from catalog.text import msdoc, msdoc_old
from catalog.text.extraction import Encoding, Extraction, Passage
from catalog.text.formats import Content, EncryptedError
from catalog.text.msdoc_story import Reader
from catalog.text.ole import properties

TOOL = "muniment doc"
RECIPE = "doc/1"
_HEADERS = ("header", "header", "footer", "footer", "header", "footer")
"""Of a section: of even and odd pages, of the first page ([MS-DOC] 2.8.26)."""
_SEPARATORS = 6
"""Rules between text and notes, which stand before the headers of the first section."""


def extract(content: Content) -> Extraction:
    """Read a Word document.

    Raises `EncryptedError`, what olefile raises for a file that is no OLE file, and `ValueError` or
    `struct.error` for a damaged one.
    """
    encoding: Encoding | None = None
    missing = 0
    with olefile.OleFileIO(content.path) as ole:
        head = ole.openstream("WordDocument").read(12)
        version, flags = struct.unpack("<2xH6xH", head)
        if flags & msdoc.ENCRYPTED:
            raise EncryptedError
        told = tuple(properties(ole))
        if version < msdoc.WORD_97:
            characters, text, encoding = msdoc_old.read(ole)
            reader = Reader(characters)
            passages = tuple(reader.passages(text))
        else:
            document = msdoc.Document(ole)
            reader = Reader(document.characters())
            passages = tuple(_passages(document, reader))
            missing = document.missing
    code, detail = _shortfall(missing, passages)
    return Extraction(
        tool=TOOL,
        recipe=RECIPE,
        passages=passages,
        code=code,
        detail=detail,
        encoding=encoding,
        properties=told,
        links=tuple(reader.links),
    )


def _shortfall(missing: int, passages: tuple[Passage, ...]) -> tuple[str | None, str | None]:
    if missing:
        return "damaged", f"{missing:,} characters lie beyond the end of the file"
    return (None, None) if passages else ("no-text", "the document has no text")


def _passages(document: msdoc.Document, reader: Reader) -> Iterator[Passage]:
    yield from reader.passages(document.stories["text"])
    for number, span in enumerate(document.parts(msdoc.HEADERS, "headers")):
        if number >= _SEPARATORS:
            yield from reader.passages(span, _HEADERS[number % len(_HEADERS)])
    for place, name, part in (
        (msdoc.FOOTNOTES, "footnotes", "footnote"),
        (msdoc.ENDNOTES, "endnotes", "endnote"),
        (msdoc.COMMENTS, "comments", "comment"),
    ):
        for number, span in enumerate(document.parts(place, name), 1):
            yield from reader.passages(span, f"{part} {number}")
    yield from reader.passages(document.stories["text boxes"], "text box")
