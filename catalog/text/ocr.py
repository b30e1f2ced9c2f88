"""Reading the letters off images of pages, by the program tesseract: what comes of it is a guess.

It helps to find a scan, and nobody may verify a quotation by it: every extraction is marked.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pypdfium2 as pdfium
from PIL import Image, ImageSequence

from catalog.text.extraction import Box, Extraction, Locator, Passage
from catalog.text.formats import Content, OverLimitError, UnsupportedError

PROGRAM = "tesseract"
PACKAGES = "Debian packages tesseract-ocr and tesseract-ocr-chi-sim"
RECIPE = "ocr/1"
LANGUAGES = ("chi_sim", "chi_tra", "eng")
"""Those that are installed are used, in this order."""
IMAGES = frozenset({"image/png", "image/jpeg", "image/tiff"})
"""Media types of images that may be a page."""
DPI = 300
PIXELS = 40_000_000
"""Of one page: an A3 page at 300 dpi has 17 million. Larger pages of a PDF are drawn smaller."""
LEAST = 500
"""Pixels of each side of an image; what is smaller is no page."""
PAGES = 200
PAGE_SECONDS = 120
"""Seconds for one page, after which it counts as unread."""


class _Drawn(NamedTuple):
    """A page as an image file."""

    number: int
    path: Path
    height: float
    """Of the page, in points; a pixel of an image counts as one."""
    point: float
    """Points of one pixel."""


class _Word(NamedTuple):
    text: str
    edges: tuple[int, int, int, int]
    """Left, top, right, bottom in pixels from the upper left corner."""
    confidence: float


def is_there() -> bool:
    """Whether the program is installed."""
    return shutil.which(PROGRAM) is not None


def extract(content: Content) -> Extraction:
    """Read the pages of a PDF, or an image.

    Raises `UnsupportedError` without the program, `OverLimitError` for a gigantic image, and what
    pdfium and Pillow raise for a damaged one.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise UnsupportedError(f"the program {PROGRAM} is not installed ({PACKAGES})")
    lines: list[tuple[_Drawn, list[_Word]]] = []
    unread: list[int] = []
    pages = 0
    with tempfile.TemporaryDirectory() as folder:
        for drawn in _pages(content, Path(folder)):
            pages = drawn.number
            if pages > PAGES:
                break
            try:
                lines += [(drawn, words) for words in _lines(program, drawn.path)]
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
                unread.append(drawn.number)
    code, detail = _shortfall(pages, unread, is_empty=not lines)
    return Extraction(
        tool=_tool(program),
        recipe=f"{RECIPE} {'+'.join(_languages(program))} {DPI} dpi",
        passages=tuple(Passage(_joined(words), _place(words, page)) for page, words in lines),
        code=code,
        detail=detail,
        ocr=True,
        properties=tuple(_confidence(lines)),
    )


def _shortfall(pages: int, unread: list[int], *, is_empty: bool) -> tuple[str | None, str | None]:
    told = [f"pages that could not be read: {', '.join(map(str, unread))}"] if unread else []
    if pages > PAGES:
        return "over-limit", "; ".join([f"read up to page {PAGES}", *told])
    if told:
        return "damaged", told[0]
    return ("no-text", "no letters were made out") if is_empty else (None, None)


def _confidence(lines: list[tuple[_Drawn, list[_Word]]]) -> Iterator[tuple[str, str]]:
    """What tesseract thinks of its words, from 0 to 100, each weighed by its length."""
    words = [word for _, line in lines for word in line]
    letters = sum(len(word.text) for word in words)
    if letters:
        mean = sum(word.confidence * len(word.text) for word in words) / letters
        yield "confidence", f"{mean:.0f}"


def _pages(content: Content, folder: Path) -> Iterator[_Drawn]:
    """Each page as an image file, which is gone when the next one is asked for."""
    path = folder / "page.png"
    if content.real_type == "application/pdf":
        yield from _pdf_pages(content.path, path)
        return
    with Image.open(content.path) as image:
        if image.width * image.height > PIXELS:
            raise OverLimitError(f"the image has {image.width} by {image.height} pixels")
        if min(image.size) < LEAST:
            return
        for number, frame in enumerate(ImageSequence.Iterator(image), 1):
            frame.convert("L").save(path)
            yield _Drawn(number, path, float(frame.height), 1.0)


def _pdf_pages(source: Path, path: Path) -> Iterator[_Drawn]:
    document = pdfium.PdfDocument(source)
    try:
        for number in range(1, len(document) + 1):
            page = document[number - 1]
            try:
                width, height = page.get_size()
                scale = min(DPI / 72, (PIXELS / max(width * height, 1)) ** 0.5)
                page.render(scale=scale, grayscale=True).to_pil().save(path)
            finally:
                page.close()
            yield _Drawn(number, path, height, 1 / scale)
    finally:
        document.close()


def _lines(program: str, image: Path) -> Iterator[list[_Word]]:
    """The words of each line, as tesseract's table of level, place, confidence and text has them."""
    done = subprocess.run(  # noqa: S603 - its path is looked up, and its input is a file of our own
        [program, image, "-", "--psm", "3", "-l", "+".join(_languages(program)), "tsv"],
        capture_output=True,
        check=True,
        timeout=PAGE_SECONDS,
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
    )
    lines: dict[tuple[str, ...], list[_Word]] = {}
    table = csv.DictReader(
        io.StringIO(done.stdout.decode("utf-8", "replace")), delimiter="\t", quoting=csv.QUOTE_NONE
    )
    for row in table:
        if row["level"] == "5" and row["text"].strip():
            left, top = int(row["left"]), int(row["top"])
            edges = (left, top, left + int(row["width"]), top + int(row["height"]))
            word = _Word(row["text"].strip(), edges, float(row["conf"]))
            lines.setdefault((row["block_num"], row["par_num"], row["line_num"]), []).append(word)
    yield from lines.values()


def _place(words: list[_Word], page: _Drawn) -> Locator:
    left, top, right, bottom = zip(*(word.edges for word in words), strict=True)
    edges = (min(left), max(bottom), max(right), min(top))
    x1, y1, x2, y2 = (edge * page.point for edge in edges)
    box: Box = (round(x1, 2), round(page.height - y1, 2), round(x2, 2), round(page.height - y2, 2))
    return Locator(page=page.number, box=box)


def _joined(words: list[_Word]) -> str:
    """The words of a line, with a space where one of two neighbours is not Chinese."""
    text = ""
    for word in words:
        gap = " " if text and (text[-1].isascii() or word.text[0].isascii()) else ""
        text += gap + word.text
    return text


@cache
def _listed(program: str) -> tuple[Path, tuple[str, ...]]:
    """The folder of tesseract's data, and the languages in it that are used."""
    done = subprocess.run([program, "--list-langs"], capture_output=True, check=False)  # noqa: S603
    told = done.stdout.decode("utf-8", "replace")
    folder = re.search(r'"([^"]+)"', told)
    found = tuple(name for name in LANGUAGES if name in told.split())
    return Path(folder[1] if folder else ""), found or ("eng",)


def _languages(program: str) -> tuple[str, ...]:
    return _listed(program)[1]


@cache
def _tool(program: str) -> str:
    """The program with its version, and the beginning of the SHA-256 of each language's data."""
    done = subprocess.run([program, "--version"], capture_output=True, check=False)  # noqa: S603
    name = done.stdout.decode("ascii", "replace").splitlines()[0] if done.stdout else PROGRAM
    folder, languages = _listed(program)
    data = []
    for language in languages:
        path = folder / f"{language}.traineddata"
        if path.is_file():
            with path.open("rb") as file:
                data.append(f"{language} {hashlib.file_digest(file, 'sha256').hexdigest()[:12]}")
    return f"{name} ({', '.join(data)})" if data else name
