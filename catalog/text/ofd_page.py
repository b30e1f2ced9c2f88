"""The text objects of an OFD page, put together to lines (GB/T 33190-2016, 11)."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import NamedTuple

from lxml import etree

from catalog.text.extraction import Box, Locator, Passage
from catalog.text.package import Element

POINTS = 72 / 25.4
"""Points of one millimetre, in which OFD measures."""
GAP = 0.5
"""Between two runs of a line: so many heights of a character apart there is a space."""


class Sheet(NamedTuple):
    """A page, counted from 1, and its area in millimetres: left, top, width, height."""

    number: int
    area: tuple[float, ...]


class _Run(NamedTuple):
    """Characters of one text object, in millimetres from the origin of the page, downwards."""

    text: str
    left: float
    baseline: float
    right: float
    bottom: float
    size: float


def named(element: Element, name: str) -> Iterator[Element]:
    """Descendants by local name: writers differ in their namespaces."""
    for found in element.iter():
        if isinstance(found.tag, str) and etree.QName(found).localname == name:
            yield found


def text_of(element: Element, name: str) -> str | None:
    """The text of the first descendant of that name that has any."""
    return next((found.text.strip() for found in named(element, name) if found.text), None)


def numbers(told: str | None) -> list[float]:
    """Numbers between spaces; what is none counts as 0."""
    return [_number(word) for word in (told or "").split()]


def _number(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        return 0.0
    return value if isfinite(value) else 0.0


def runs(part: Element, corner: tuple[float, float] = (0.0, 0.0)) -> Iterator[_Run]:
    """The characters of the text objects that are shown, in the order of the file."""
    for found in named(part, "TextObject"):
        if found.get("Visible") != "false":
            yield from _of(found, corner)


def _of(found: Element, corner: tuple[float, float]) -> Iterator[_Run]:
    boundary = numbers(found.get("Boundary"))
    left, top = (boundary[0], boundary[1]) if len(boundary) == 4 else (0.0, 0.0)
    matrix = numbers(found.get("CTM"))
    a, d, e, f = (matrix[0], matrix[3], matrix[4], matrix[5]) if len(matrix) == 6 else (1, 1, 0, 0)
    size = (numbers(found.get("Size")) or [3.0])[0] * abs(d or 1)
    x = y = 0.0
    for code in named(found, "TextCode"):
        text = code.text or ""
        x = (numbers(code.get("X")) or [x])[0]
        y = (numbers(code.get("Y")) or [y])[0]
        if text.strip():
            start, baseline = corner[0] + left + a * x + e, corner[1] + top + d * y + f
            width = a * sum(_steps(code.get("DeltaX"), len(text) - 1)) + size
            depth = d * sum(_steps(code.get("DeltaY"), len(text) - 1))
            yield _Run(text, start, baseline, start + width, baseline + depth, size)


def _steps(told: str | None, count: int) -> list[float]:
    """The steps from character to character; `g 3 5.2` stands for three of 5.2 (11.3)."""
    words = iter((told or "").split())
    steps: list[float] = []
    for word in words:
        if word == "g":
            times, step = next(words, "0"), next(words, "0")
            steps += [_number(step)] * min(int(_number(times)), count)
        else:
            steps.append(_number(word))
    return steps[: max(count, 0)]


def lines(found: list[_Run], sheet: Sheet, part: str | None = None) -> Iterator[Passage]:
    """Runs at one height, from left to right; lines from top to bottom."""
    for line in _by_height(found):
        text = _text(line)
        if text:
            yield Passage(text, Locator(page=sheet.number, box=_box(line, sheet), part=part))


def _by_height(found: list[_Run]) -> Iterator[list[_Run]]:
    line: list[_Run] = []
    for run in sorted(found, key=lambda run: (run.baseline, run.left)):
        if line and run.baseline - line[0].baseline > min(line[0].size, run.size) / 2:
            yield sorted(line, key=lambda run: run.left)
            line = []
        line.append(run)
    if line:
        yield sorted(line, key=lambda run: run.left)


def _text(line: list[_Run]) -> str:
    text = ""
    for before, run in zip([None, *line], line, strict=False):
        apart = before is not None and run.left - before.right > GAP * min(before.size, run.size)
        spaced = text[-1:].isspace() or run.text[:1].isspace()
        text += (" " if apart and not spaced else "") + run.text
    return text.strip()


def _box(line: list[_Run], sheet: Sheet) -> Box:
    left, right = min(run.left for run in line), max(run.right for run in line)
    top, bottom = min(run.baseline - run.size for run in line), max(run.bottom for run in line)
    x, y, _, height = sheet.area
    edges = (left - x, height - bottom + y, right - x, height - top + y)
    left, bottom, right, top = (round(edge * POINTS, 2) for edge in edges)
    return (left, bottom, right, top)
