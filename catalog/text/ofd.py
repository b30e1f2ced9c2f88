"""OFD, the Chinese fixed-layout format (GB/T 33190-2016): the text of each page, line by line.

A page is XML whose text objects hold runs of characters with the place of the first and the steps
to the next. Objects at one height make a line; a seal or a picture of text holds none.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from typing import NamedTuple

from lxml import etree

from catalog.text.extraction import Box, Extraction, Locator, Passage
from catalog.text.formats import Content
from catalog.text.package import Element, opened, part_xml

TOOL = "muniment ofd"
RECIPE = "ofd/1"
POINTS = 72 / 25.4
"""Points of one millimetre, in which OFD measures."""
PAGES = 5_000


class _Run(NamedTuple):
    """Characters of one text object, in millimetres from the upper left corner of the page."""

    text: str
    left: float
    baseline: float
    right: float
    size: float


def extract(content: Content) -> Extraction:
    """Read an OFD. Raises what `zipfile` and lxml raise for a damaged one."""
    with opened(content.path) as package:
        passages: list[Passage] = []
        pages = list(_pages(package))
        for number, (name, templates) in enumerate(pages[:PAGES], 1):
            passages += _page(package, number, [*templates, name])
        cut = len(pages) > PAGES
        return Extraction(
            tool=TOOL,
            recipe=RECIPE,
            passages=tuple(passages),
            code="over-limit" if cut else None if passages else "no-text",
            detail=f"{len(pages):,} pages; {PAGES:,} are read"
            if cut
            else None
            if passages
            else f"no text on its {len(pages)} pages: images, or outlines of letters",
            properties=tuple(_properties(package)),
        )


def _named(element: Element, name: str) -> Iterator[Element]:
    """Descendants by local name: writers differ in their namespaces."""
    for found in element.iter():
        if isinstance(found.tag, str) and etree.QName(found).localname == name:
            yield found


def _text(element: Element, name: str) -> str | None:
    return next((found.text.strip() for found in _named(element, name) if found.text), None)


def _joined(base: str, place: str) -> str:
    """A place in the package; one that begins with a slash counts from its root."""
    if place.startswith("/"):
        return place.lstrip("/")
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), place))


def _pages(package: zipfile.ZipFile) -> Iterator[tuple[str, list[str]]]:
    """The parts of the pages in order, each with those of the templates beneath it."""
    root = part_xml(package, "OFD.xml")
    if root is None:
        raise zipfile.BadZipFile("no OFD.xml in it")
    for doc_root in _named(root, "DocRoot"):
        name = (doc_root.text or "").strip().lstrip("/")
        document = part_xml(package, name)
        if document is None:
            continue
        templates = {
            one.get("ID"): _joined(name, one.get("BaseLoc") or "")
            for one in _named(document, "TemplatePage")
        }
        for page in _named(document, "Page"):
            place = page.get("BaseLoc")
            if place:
                part = _joined(name, place)
                yield part, _templates(package, part, templates)


def _templates(package: zipfile.ZipFile, part: str, templates: dict[str | None, str]) -> list[str]:
    page = part_xml(package, part)
    if page is None:
        return []
    used = (one.get("TemplateID") for one in _named(page, "Template"))
    return [templates[id_] for id_ in used if id_ in templates]


def _page(package: zipfile.ZipFile, number: int, parts: list[str]) -> Iterator[Passage]:
    runs: list[_Run] = []
    height = 297.0
    for part in parts:
        root = part_xml(package, part)
        if root is None:
            continue
        box = _numbers(_text(root, "PhysicalBox"))
        height = box[3] if len(box) == 4 else height
        for object_ in _named(root, "TextObject"):
            runs += _runs(object_)
    for line in _lines(runs):
        text = "".join(run.text for run in line).strip()
        if text:
            yield Passage(text, Locator(page=number, box=_box(line, height)))


def _runs(object_: Element) -> Iterator[_Run]:
    boundary = _numbers(object_.get("Boundary"))
    left, top = (boundary[0], boundary[1]) if len(boundary) == 4 else (0.0, 0.0)
    matrix = _numbers(object_.get("CTM"))
    a, d, e, f = (matrix[0], matrix[3], matrix[4], matrix[5]) if len(matrix) == 6 else (1, 1, 0, 0)
    size = (_numbers(object_.get("Size")) or [3.0])[0] * abs(d or 1)
    x = y = 0.0
    for code in _named(object_, "TextCode"):
        text = code.text or ""
        x = (_numbers(code.get("X")) or [x])[0]
        y = (_numbers(code.get("Y")) or [y])[0]
        if text.strip():
            start = left + a * x + e
            width = a * sum(_steps(code.get("DeltaX"), len(text) - 1)) + size
            yield _Run(text, start, top + d * y + f, start + width, size)


def _steps(told: str | None, count: int) -> list[float]:
    """The steps from character to character; `g 3 5.2` stands for three of 5.2 (GB/T 33190, 11.3)."""
    words = iter((told or "").split())
    steps: list[float] = []
    for word in words:
        if word == "g":
            times, step = next(words, "0"), next(words, "0")
            steps += [_number(step)] * min(int(_number(times)), count)
        else:
            steps.append(_number(word))
    return steps[: max(count, 0)]


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return 0.0


def _numbers(told: str | None) -> list[float]:
    return [_number(word) for word in (told or "").split()]


def _lines(runs: list[_Run]) -> Iterator[list[_Run]]:
    """Runs at one height, from left to right; lines from top to bottom."""
    line: list[_Run] = []
    for run in sorted(runs, key=lambda run: (run.baseline, run.left)):
        if line and run.baseline - line[0].baseline > min(line[0].size, run.size) / 2:
            yield sorted(line, key=lambda run: run.left)
            line = []
        line.append(run)
    if line:
        yield sorted(line, key=lambda run: run.left)


def _box(line: list[_Run], height: float) -> Box:
    left, right = min(run.left for run in line), max(run.right for run in line)
    top, bottom = min(run.baseline - run.size for run in line), max(run.baseline for run in line)
    edges = (left, height - bottom, right, height - top)
    left, bottom, right, top = (round(edge * POINTS, 2) for edge in edges)
    return (left, bottom, right, top)


def _properties(package: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    root = part_xml(package, "OFD.xml")
    if root is not None:
        for name in ("Title", "Author", "Subject", "Creator", "CreationDate"):
            value = _text(root, name)
            if value:
                yield name.lower(), value
