"""PDF (ISO 32000): the lines of each page as pdfium reads them, with their boxes, and the links.

Ligatures and hyphens at line ends stay as they are. What a viewer draws over the page is not read:
the values of form fields, and notes that readers have stuck on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pypdfium2 as pdfium
from pypdfium2 import raw

from catalog.text import xmp
from catalog.text.extraction import Extraction, Passage
from catalog.text.formats import Content
from catalog.text.pdf_page import INVISIBLE, Page, joined
from catalog.text.private_use import unreadable

RECIPE = "pdf/1"
TOOL = f"pypdfium2 {pdfium.version.PYPDFIUM_INFO} (pdfium {pdfium.version.PDFIUM_INFO})"
PAGES = 5_000
"""Pages that are read; of what is longer the text is marked as cut."""
CHARACTERS = 20_000_000
"""Characters after which no further page is read."""
PDF = ("dc:format", "application/pdf")
"""How XMP says that it is about a PDF."""


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
        return _read(content, document)
    finally:
        document.close()


def _read(content: Content, document: pdfium.PdfDocument) -> Extraction:
    pages = len(document)
    passages: list[Passage] = []
    links: list[tuple[str, str]] = []
    unread: list[int] = []
    last = length = 0
    for number in range(1, min(pages, PAGES) + 1):
        try:
            with Page(document, number) as page:
                found = list(page.lines())
                links += page.links()
        except pdfium.PdfiumError:
            unread.append(number)
            continue
        passages += found
        last = number
        length += sum(len(line.text) for line in found)
        if length > CHARACTERS:
            break
    code, detail = _shortfall(pages, passages, unread, last if last + len(unread) < pages else None)
    return Extraction(
        tool=TOOL,
        recipe=RECIPE,
        passages=tuple(passages),
        code=code,
        detail=detail,
        properties=tuple(_properties(content, document, passages)),
        links=tuple(links),
    )


def _shortfall(
    pages: int, passages: list[Passage], unread: list[int], cut_after: int | None
) -> tuple[str | None, str | None]:
    """Why there is no text, or not all of it."""
    told = [f"{pages:,} pages; read up to page {cut_after}"] if cut_after is not None else []
    if unread:
        shown = ", ".join(map(str, unread[:10])) + (" …" if len(unread) > 10 else "")
        told.append(f"pages that cannot be read: {shown}")
    if told:
        return "over-limit" if cut_after is not None else "damaged", "; ".join(told)
    if not passages:
        return "no-text", f"page images only: a scan of {pages:,} pages, or drawings"
    return None, unreadable(passages)


def _properties(
    content: Content, document: pdfium.PdfDocument, passages: list[Passage]
) -> Iterator[tuple[str, str]]:
    info = {
        name: joined(value) for name, value in document.get_metadata_dict(skip_empty=True).items()
    }
    yield from ((name.lower(), value) for name, value in info.items())
    yield "pages", str(len(document))
    parts = Counter(passage.at.part for passage in passages if passage.at.part)
    for part, count in sorted(parts.items()):
        yield f"lines of {part}" if part == INVISIBLE else f"lines {part}", str(count)
    yield from next((found for found in xmp.packets(content.path) if _is_of(found, info)), ())


def _is_of(packet: list[tuple[str, str]], info: dict[str, str]) -> bool:
    """Whether a packet is the document's own and not of a drawing in it: it names the same program."""
    programs = {
        ("pdf:Producer", info.get("Producer", "").strip()),
        ("xmp:CreatorTool", info.get("Creator", "").strip()),
    }
    named = any(value for _, value in programs)
    return PDF in packet and (not named or not programs.isdisjoint(packet))
