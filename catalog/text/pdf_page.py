"""One page of a PDF: its lines as pdfium reads them, where they stand, and its links."""

from __future__ import annotations

from collections.abc import Iterator
from ctypes import byref, c_double, c_int, create_string_buffer
from typing import Any, Self

import pypdfium2 as pdfium
from pypdfium2 import raw

from catalog.text.extraction import Box, Locator, Passage

INVISIBLE = "invisible text"
"""The part of a line that no reader sees, as the text that a scanner lays under its image."""
OUTSIDE = "outside the page"
"""The part of a line that lies beyond the edge of the page as it is shown."""
LINKS = 10_000
"""Links of one page that are read."""
_URI = 4_096
_LINE_ENDS = frozenset("\r\n")
_HYPHEN = {"\x02": "-", "\ufffe": "-"}
"""What pdfium makes of a hyphen at the end of a line."""


class Page:
    """A page and its text, to be used in `with`. Raises `PdfiumError` where it cannot be read."""

    def __init__(self, document: pdfium.PdfDocument, number: int) -> None:
        self._document = document
        self._number = number
        self._page = document[number - 1]
        try:
            self._text = self._page.get_textpage()
        except pdfium.PdfiumError:
            self._page.close()
            raise
        self._shown = Shown(self._page)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._text.close()
        self._page.close()

    def lines(self) -> Iterator[Passage]:
        """The lines in the order in which pdfium gives them, which is that of the file."""
        for start, end, line in _split(self._text.raw, self._text.count_chars()):
            stripped = line.strip()
            if stripped:
                box = self._shown.box(_bounds(self._text.raw, start, end - start))
                part = self._part(start, box)
                yield Passage(stripped, Locator(page=self._number, box=box, part=part))

    def _part(self, start: int, box: Box | None) -> str | None:
        run = raw.FPDFText_GetTextObject(self._text.raw, start)
        if run and raw.FPDFTextObj_GetTextRenderMode(run) == raw.FPDF_TEXTRENDERMODE_INVISIBLE:
            return INVISIBLE
        return OUTSIDE if box is not None and not self._shown.has(box) else None

    def links(self) -> Iterator[tuple[str, str]]:
        """Addresses that a click opens, with the words that lie there."""
        place, link = c_int(0), raw.FPDF_LINK()
        for _ in range(LINKS):
            if not raw.FPDFLink_Enumerate(self._page.raw, byref(place), byref(link)):
                return
            address = self._address(link)
            if address:
                yield address, " ".join(self._words(link).split())

    def _address(self, link: Any) -> str:
        action = raw.FPDFLink_GetAction(link)
        if not action or raw.FPDFAction_GetType(action) != raw.PDFACTION_URI:
            return ""
        buffer = create_string_buffer(_URI)
        length = raw.FPDFAction_GetURIPath(self._document.raw, action, buffer, _URI)
        return buffer.value.decode("utf-8", "replace") if 0 < length <= _URI else ""

    def _words(self, link: Any) -> str:
        edges = raw.FS_RECTF()
        if not raw.FPDFLink_GetAnnotRect(link, byref(edges)):
            return ""
        words: str = self._text.get_text_bounded(
            left=edges.left, bottom=edges.bottom, right=edges.right, top=edges.top, errors="replace"
        )
        return joined(words)


def _split(text: Any, count: int) -> Iterator[tuple[int, int, str]]:
    """The lines of a page, each with the indexes of its first character and of what follows it."""
    start = 0
    characters: list[str] = []
    unicode_at = raw.FPDFText_GetUnicode
    for index in range(count):
        character = chr(unicode_at(text, index) & 0x1FFFFF)
        if character in _LINE_ENDS:
            if characters:
                yield start, index, joined("".join(characters))
            characters = []
            continue
        if not characters:
            start = index
        characters.append(_HYPHEN.get(character, character))
    if characters:
        yield start, count, joined("".join(characters))


def joined(text: str) -> str:
    """The text as it can be kept: halves of pairs joined, strays and NUL as U+FFFD."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\x00", "\ufffd")


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


class Shown:
    """A page as it is shown: cut to its crop box, turned by its rotation (ISO 32000-1, 14.11.2)."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._left, self._bottom, self._right, self._top = page.get_bbox()
        self._rotation = page.get_rotation()
        self._width, self._height = page.get_size()

    def box(self, bounds: Box | None) -> Box | None:
        """Bounds in the page's own space as a box in points from the lower left of what is shown."""
        if bounds is None:
            return None
        x1, y1 = self._point(bounds[0], bounds[1])
        x2, y2 = self._point(bounds[2], bounds[3])
        edges = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
        left, bottom, right, top = (round(edge, 2) for edge in edges)
        return (left, bottom, right, top)

    def has(self, box: Box) -> bool:
        """Whether any of a box is on the page."""
        left, bottom, right, top = box
        return right > 0 and top > 0 and left < self._width and bottom < self._height

    def _point(self, x: float, y: float) -> tuple[float, float]:
        if self._rotation == 90:
            return y - self._bottom, self._right - x
        if self._rotation == 180:
            return self._right - x, self._top - y
        if self._rotation == 270:
            return self._top - y, x - self._left
        return x - self._left, y - self._bottom
