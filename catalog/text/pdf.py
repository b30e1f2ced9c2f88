"""PDF: the lines of each page as pdfium reads them, with their boxes."""

from __future__ import annotations

from collections.abc import Iterator
from ctypes import c_double
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from catalog.text.extraction import Box, Extraction, Locator, Passage
from catalog.text.formats import Content

RECIPE = "pdf/1"
TOOL = f"pypdfium2 {pdfium.version.PYPDFIUM_INFO} (pdfium {pdfium.version.PDFIUM_INFO})"
PAGES = 5_000
"""Pages that are read; of what is longer the text is marked as cut."""
CHARACTERS = 20_000_000
_LINE_ENDS = frozenset("\r\n")
_HYPHEN = {"\x02": "-", "\ufffe": "-"}
"""What pdfium makes of a hyphen at the end of a line."""


def extract(content: Content) -> Extraction:
    """Read a PDF; one that wants a password or is no longer a PDF has a code instead of text."""
    try:
        document = pdfium.PdfDocument(content.path)
    except pdfium.PdfiumError as error:
        encrypted = getattr(error, "err_code", None) in {
            raw.FPDF_ERR_PASSWORD,
            raw.FPDF_ERR_SECURITY,
        }
        return Extraction(
            tool=TOOL,
            recipe=RECIPE,
            code="encrypted" if encrypted else "damaged",
            detail="it opens with a password only" if encrypted else f"pdfium: {error}",
        )
    try:
        return _read(document)
    finally:
        document.close()


def _read(document: pdfium.PdfDocument) -> Extraction:
    pages = len(document)
    passages: list[Passage] = []
    unread: list[int] = []
    length = 0
    for number in range(1, min(pages, PAGES) + 1):
        try:
            found = list(_lines(document, number))
        except pdfium.PdfiumError:
            unread.append(number)
            continue
        passages += found
        length += sum(len(line.text) for line in found)
        if length > CHARACTERS:
            break
    code, detail = _shortfall(pages, passages, unread, cut=pages > PAGES or length > CHARACTERS)
    return Extraction(
        tool=TOOL,
        recipe=RECIPE,
        passages=tuple(passages),
        code=code,
        detail=detail,
        properties=tuple(_properties(document, pages)),
    )


def _shortfall(
    pages: int, passages: list[Passage], unread: list[int], *, cut: bool
) -> tuple[str | None, str | None]:
    """Why there is no text, or not all of it."""
    if unread:
        shown = ", ".join(map(str, unread[:10])) + (" …" if len(unread) > 10 else "")
        return "damaged", f"pages that cannot be read: {shown}"
    if cut:
        return (
            "over-limit",
            f"{pages:,} pages; read up to page {passages[-1].at.page if passages else 0}",
        )
    if not passages:
        return "no-text", f"no text on its {pages:,} pages: images of pages, as a scan has"
    return None, None


def _lines(document: pdfium.PdfDocument, number: int) -> Iterator[Passage]:
    page = document[number - 1]
    try:
        text = page.get_textpage()
        try:
            shown = _Shown(page)
            for start, line in _split(text.raw, text.count_chars()):
                stripped = line.strip()
                if stripped:
                    box = shown.box(_bounds(text.raw, start, len(line)))
                    yield Passage(stripped, Locator(page=number, box=box))
        finally:
            text.close()
    finally:
        page.close()


def _split(text: Any, count: int) -> Iterator[tuple[int, str]]:
    """The lines of a page, each with the index of its first character."""
    start = 0
    characters: list[str] = []
    for index in range(count):
        character = chr(raw.FPDFText_GetUnicode(text, index) & 0x1FFFFF)
        if character in _LINE_ENDS:
            if characters:
                yield start, _joined(characters)
            characters = []
            continue
        if not characters:
            start = index
        characters.append(_HYPHEN.get(character, character))
    if characters:
        yield start, _joined(characters)


def _joined(characters: list[str]) -> str:
    """The characters as a text that can be kept: halves of pairs joined, NUL and strays made U+FFFD."""
    line = "".join(characters).replace("\x00", "\ufffd")
    return line.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _bounds(text: Any, start: int, length: int) -> Box | None:
    """The smallest box around some characters, in the page's own space."""
    left, top, right, bottom = (c_double() for _ in range(4))
    edges = [
        (left.value, bottom.value, right.value, top.value)
        for index in range(raw.FPDFText_CountRects(text, start, length))
        if raw.FPDFText_GetRect(text, index, left, top, right, bottom)
    ]
    if not edges:
        return None
    lefts, bottoms, rights, tops = zip(*edges, strict=True)
    return (min(lefts), min(bottoms), max(rights), max(tops))


class _Shown:
    """A page as it is shown: cut to its crop box, turned by its rotation."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._left, self._bottom, self._right, self._top = page.get_bbox()
        self._rotation = page.get_rotation()

    def box(self, bounds: Box | None) -> Box | None:
        """Bounds in the page's own space as a box in points from the lower left of what is shown."""
        if bounds is None:
            return None
        x1, y1 = self._point(bounds[0], bounds[1])
        x2, y2 = self._point(bounds[2], bounds[3])
        edges = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
        left, bottom, right, top = (round(edge, 2) for edge in edges)
        return (left, bottom, right, top)

    def _point(self, x: float, y: float) -> tuple[float, float]:
        if self._rotation == 90:
            return y - self._bottom, self._right - x
        if self._rotation == 180:
            return self._right - x, self._top - y
        if self._rotation == 270:
            return self._top - y, x - self._left
        return x - self._left, y - self._bottom


def _properties(document: pdfium.PdfDocument, pages: int) -> Iterator[tuple[str, str]]:
    for name, value in document.get_metadata_dict(skip_empty=True).items():
        yield name.lower(), _joined(list(str(value)))
    yield "pages", str(pages)
