"""PowerPoint (ISO/IEC 29500 PresentationML): slide by slide, and the speaker's notes."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator

from catalog.text.extraction import Extraction, Locator, Passage
from catalog.text.formats import Content
from catalog.text.package import core_properties, opened, part_xml

TOOL = "muniment pptx"
RECIPE = "pptx/1"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_SLIDE = re.compile(r"ppt/(slides/slide|notesSlides/notesSlide)(\d+)\.xml")


def extract(content: Content) -> Extraction:
    """Read a presentation. Raises what `zipfile` and lxml raise for a damaged one."""
    with opened(content.path) as package:
        passages = tuple(_passages(package))
        return Extraction(
            tool=TOOL,
            recipe=RECIPE,
            passages=passages,
            code=None if passages else "no-text",
            detail=None if passages else "no slide has text",
            properties=tuple(core_properties(package)),
        )


def _passages(package: zipfile.ZipFile) -> Iterator[Passage]:
    found = [match for name in package.namelist() if (match := _SLIDE.fullmatch(name))]
    for match in sorted(found, key=lambda match: (int(match[2]), match[1] != "slides/slide")):
        root = part_xml(package, match[0])
        part = None if match[1] == "slides/slide" else "notes"
        paragraphs = root.iter(f"{_A}p") if root is not None else ()
        for number, paragraph in enumerate(paragraphs, 1):
            text = "".join(run.text or "" for run in paragraph.iter(f"{_A}t")).strip()
            if text:
                yield Passage(text, Locator(page=int(match[2]), part=part, paragraph=number))
