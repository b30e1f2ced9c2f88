"""PowerPoint (ISO/IEC 29500 PresentationML): slide by slide as they are shown, and the speaker's notes.

The paragraphs of a slide come in the order in which its boxes lie one over the other.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

from catalog.text.extraction import Extraction, Locator, Passage
from catalog.text.formats import Content
from catalog.text.package import (
    TOOL,
    Element,
    Relation,
    core_properties,
    main_part,
    opened,
    part_xml,
    relations,
)

RECIPE = "pptx/1"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_HIDDEN = "hidden slide"
_WORDS = {f"{_A}br": "\n"}


def extract(content: Content) -> Extraction:
    """Read a presentation. Raises what `zipfile`, lxml and catalog.text.package raise."""
    links: list[tuple[str, str]] = []
    with opened(content.path) as package:
        passages = tuple(_passages(package, links))
        return Extraction(
            tool=TOOL,
            recipe=RECIPE,
            passages=passages,
            code=None if passages else "no-text",
            detail=None if passages else "no slide has text",
            properties=tuple(core_properties(package)),
            links=tuple(links),
        )


def _passages(package: zipfile.ZipFile, links: list[tuple[str, str]]) -> Iterator[Passage]:
    name, root = main_part(package)
    related = relations(package, name)
    for number, one in enumerate(root.iterfind(f"{_P}sldIdLst/{_P}sldId"), 1):
        slide = related.get(one.get(f"{_R}id") or "")
        part = part_xml(package, slide.target) if slide else None
        if slide is None or part is None:
            continue
        of_slide = relations(package, slide.target)
        hidden = _HIDDEN if part.get("show") in {"0", "false"} else None
        yield from _paragraphs(part, number, hidden, of_slide, links)
        for relation in of_slide.values():
            notes = part_xml(package, relation.target) if relation.kind == "notesSlide" else None
            if notes is not None:
                yield from _paragraphs(notes, number, "notes", {}, links)


def _paragraphs(
    root: Element,
    page: int,
    part: str | None,
    related: dict[str, Relation],
    links: list[tuple[str, str]],
) -> Iterator[Passage]:
    number = 0
    for paragraph in root.iter(f"{_A}p"):
        if next(paragraph.iterancestors(f"{_MC}Fallback"), None) is not None:
            continue  # the second copy that a shape has for old readers
        number += 1
        text = "".join(
            _WORDS.get(one.tag, one.text or "") for one in paragraph.iter(f"{_A}t", f"{_A}br")
        ).strip()
        if text:
            yield Passage(text, Locator(page=page, part=part, paragraph=number))
        for link in paragraph.iter(f"{_A}hlinkClick"):
            relation = related.get(link.get(f"{_R}id") or "")
            run = next(link.iterancestors(f"{_A}r"), None)
            if relation is not None and relation.kind == "hyperlink" and run is not None:
                links.append((relation.target, "".join(t.text or "" for t in run.iter(f"{_A}t"))))
