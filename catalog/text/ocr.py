"""Reading the letters off images of pages, by the program tesseract: what comes of it is a guess.

It helps to find a scan, and nobody may verify a quotation by it: every extraction is marked.
"""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pypdfium2 as pdfium

from catalog.text.extraction import Extraction, Locator, Passage
from catalog.text.formats import Content

PROGRAM = "tesseract"
RECIPE = "ocr/1"
LANGUAGES = ("chi_sim", "chi_tra", "eng")
"""Those that are installed are used, in this order."""
DPI = 300
PAGES = 200
PAGE_SECONDS = 120
"""Seconds for one page, after which it counts as unread."""


def is_there() -> bool:
    """Whether the program is installed."""
    return shutil.which(PROGRAM) is not None


def extract(content: Content) -> Extraction:
    """Read the pages of a PDF, or an image."""
    program = shutil.which(PROGRAM)
    if program is None:
        return Extraction(
            tool=PROGRAM,
            recipe=RECIPE,
            code="unsupported",
            detail=f"the program {PROGRAM} is not installed",
            ocr=True,
        )
    passages: list[Passage] = []
    unread: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        for number, image, points in _images(content, Path(folder)):
            try:
                passages += _lines(program, image, number, points)
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
                unread.append(number)
    code = "no-text" if not passages else "damaged" if unread else None
    return Extraction(
        tool=_tool(program),
        recipe=f"{RECIPE} {'+'.join(_languages(program))} {DPI} dpi",
        passages=tuple(passages),
        code=code,
        detail=f"pages that could not be read: {unread}" if unread else None,
        ocr=True,
    )


def _images(content: Content, folder: Path) -> Iterator[tuple[int, Path, float]]:
    """Each page as an image, with the height of the page in points."""
    if content.real_type != "application/pdf":
        yield 1, content.path, 0.0
        return
    document = pdfium.PdfDocument(content.path)
    try:
        for number in range(1, min(len(document), PAGES) + 1):
            page = document[number - 1]
            path = folder / f"{number}.png"
            page.render(scale=DPI / 72, grayscale=True).to_pil().save(path)
            yield number, path, page.get_height()
            path.unlink()
            page.close()
    finally:
        document.close()


def _lines(program: str, image: Path, page: int, height: float) -> Iterator[Passage]:
    done = subprocess.run(  # noqa: S603 - its path is looked up, and its input is a file of our own
        [program, image, "-", "--psm", "3", "-l", "+".join(_languages(program)), "tsv"],
        capture_output=True,
        check=True,
        timeout=PAGE_SECONDS,
    )
    words: dict[tuple[str, ...], list[dict[str, str]]] = {}
    table = csv.DictReader(
        io.StringIO(done.stdout.decode("utf-8", "replace")), delimiter="\t", quoting=csv.QUOTE_NONE
    )
    for row in table:
        if row["level"] == "5" and row["text"].strip():
            place = (row["block_num"], row["par_num"], row["line_num"])
            words.setdefault(place, []).append(row)
    for line in words.values():
        yield Passage(_joined(line), _place(line, page, height))


def _place(line: list[dict[str, str]], page: int, height: float) -> Locator:
    if not height:
        return Locator(page=page)
    edges = [(int(w["left"]), int(w["top"]), int(w["width"]), int(w["height"])) for w in line]
    left, top = min(edge[0] for edge in edges), min(edge[1] for edge in edges)
    right = max(edge[0] + edge[2] for edge in edges)
    bottom = max(edge[1] + edge[3] for edge in edges)
    point = 72 / DPI
    return Locator(
        page=page,
        box=(
            round(left * point, 2),
            round(height - bottom * point, 2),
            round(right * point, 2),
            round(height - top * point, 2),
        ),
    )


def _joined(line: list[dict[str, str]]) -> str:
    """The words of a line, with a space where one of two neighbours is not Chinese."""
    text = ""
    for word in (row["text"] for row in line):
        gap = " " if text and (text[-1].isascii() or word[0].isascii()) else ""
        text += gap + word
    return text


@cache
def _languages(program: str) -> tuple[str, ...]:
    done = subprocess.run([program, "--list-langs"], capture_output=True, check=False)  # noqa: S603
    installed = done.stdout.decode("ascii", "replace").split()
    return tuple(language for language in LANGUAGES if language in installed) or ("eng",)


@cache
def _tool(program: str) -> str:
    done = subprocess.run([program, "--version"], capture_output=True, check=False)  # noqa: S603
    return done.stdout.decode("ascii", "replace").splitlines()[0] if done.stdout else PROGRAM
