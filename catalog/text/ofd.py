"""OFD, the Chinese fixed-layout format (GB/T 33190-2016): the text of each page, line by line.

A page is XML whose text objects hold runs of characters with the place of the first and the steps
to the next. Objects at one height make a line; a seal or a picture of text holds none.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from typing import NamedTuple

from catalog.text.extraction import Extraction, Passage
from catalog.text.formats import Content
from catalog.text.ofd_page import Sheet, lines, named, numbers, runs, text_of
from catalog.text.package import TOOL, Element, opened, part_xml
from catalog.text.private_use import unreadable

RECIPE = "ofd/1"
PAGES = 5_000
ANNOTATION = "annotation"
"""The part of what is drawn over a page: a watermark, a note, a stamp in letters."""
A4 = (0.0, 0.0, 210.0, 297.0)


class _Page(NamedTuple):
    """Where a page lies in the package, with what lies beneath it and over it."""

    part: str
    templates: list[str]
    annotations: list[str]
    area: tuple[float, ...]
    """Of the document, in millimetres, for pages that have none of their own."""


def extract(content: Content) -> Extraction:
    """Read an OFD. Raises what `zipfile`, lxml and catalog.text.package raise."""
    with opened(content.path) as package:
        pages = list(_pages(package))
        passages = tuple(
            passage
            for number, page in enumerate(pages[:PAGES], 1)
            for passage in _read(package, number, page)
        )
        code, detail = _shortfall(len(pages), passages)
        return Extraction(
            tool=TOOL,
            recipe=RECIPE,
            passages=passages,
            code=code,
            detail=detail,
            properties=tuple(_properties(package, len(pages))),
        )


def _shortfall(pages: int, passages: tuple[Passage, ...]) -> tuple[str | None, str | None]:
    if pages > PAGES:
        return "over-limit", f"{pages:,} pages; read up to page {PAGES:,}"
    if not passages:
        return "no-text", f"no text on its {pages:,} pages: images, or outlines of letters"
    return None, unreadable(passages)


def _joined(base: str, place: str) -> str:
    """A place in the package; one that begins with a slash counts from its root."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(base), place.strip())).lstrip(
        "/"
    )


def _pages(package: zipfile.ZipFile) -> Iterator[_Page]:
    root = part_xml(package, "OFD.xml")
    if root is None:
        raise zipfile.BadZipFile("no OFD.xml in it")
    for doc_root in named(root, "DocRoot"):
        name = _joined("", doc_root.text or "")
        document = part_xml(package, name)
        if document is not None:
            yield from _pages_of(package, name, document)


def _pages_of(package: zipfile.ZipFile, name: str, document: Element) -> Iterator[_Page]:
    templates = {
        one.get("ID"): _joined(name, one.get("BaseLoc") or "")
        for one in named(document, "TemplatePage")
    }
    annotations = _annotations(package, name, document)
    area = next((numbers(text_of(one, "PhysicalBox")) for one in named(document, "PageArea")), None)
    for page in named(document, "Page"):
        place = page.get("BaseLoc")
        if not place:
            continue
        part = _joined(name, place)
        root = part_xml(package, part)
        used = (
            [one.get("TemplateID") for one in named(root, "Template")] if root is not None else []
        )
        yield _Page(
            part=part,
            templates=[templates[id_] for id_ in used if id_ in templates],
            annotations=annotations.get(page.get("ID"), []),
            area=tuple(area) if area and len(area) == 4 else A4,
        )


def _annotations(
    package: zipfile.ZipFile, name: str, document: Element
) -> dict[str | None, list[str]]:
    """The parts that hold annotations, by the page that they lie on."""
    found: dict[str | None, list[str]] = {}
    place = text_of(document, "Annotations")
    listed = part_xml(package, _joined(name, place)) if place else None
    for page in named(listed, "Page") if listed is not None else ():
        for file in named(page, "FileLoc"):
            part = _joined(_joined(name, place or ""), file.text or "")
            found.setdefault(page.get("PageID"), []).append(part)
    return found


def _read(package: zipfile.ZipFile, number: int, page: _Page) -> Iterator[Passage]:
    root = part_xml(package, page.part)
    own = numbers(text_of(root, "PhysicalBox")) if root is not None else []
    sheet = Sheet(number, tuple(own) if len(own) == 4 else page.area)
    below = [part_xml(package, part) for part in page.templates]
    drawn = [run for part in (*below, root) if part is not None for run in runs(part)]
    yield from lines(drawn, sheet)
    for name in page.annotations:
        over = part_xml(package, name)
        for annotation in named(over, "Appearance") if over is not None else ():
            edges = numbers(annotation.get("Boundary"))
            corner = (edges[0], edges[1]) if len(edges) == 4 else (0.0, 0.0)
            yield from lines(list(runs(annotation, corner)), sheet, ANNOTATION)


def _properties(package: zipfile.ZipFile, pages: int) -> Iterator[tuple[str, str]]:
    root = part_xml(package, "OFD.xml")
    if root is not None:
        for name in (
            "Title",
            "Author",
            "Subject",
            "Abstract",
            "Creator",
            "CreationDate",
            "ModDate",
        ):
            value = text_of(root, name)
            if value:
                yield name.lower(), value
    yield "pages", str(pages)
