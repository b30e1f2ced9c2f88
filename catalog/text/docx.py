"""Word (ISO/IEC 29500 WordprocessingML): the body, headers and footers, notes, comments.

Text that tracked changes insert is in, text that they delete is out: it is the document as it would
be printed with its changes accepted. Fields give what they last showed. Numbers that Word counts by
itself, before headings and in lists, are in no file and so in no text.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

from catalog.text.docx_story import R, Story, W, printed
from catalog.text.extraction import Extraction, Passage
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

RECIPE = "docx/1"


def extract(content: Content) -> Extraction:
    """Read a Word document. Raises what `zipfile`, lxml and catalog.text.package raise."""
    links: list[tuple[str, str]] = []
    with opened(content.path) as package:
        name, body = main_part(package)
        passages = tuple(_passages(package, name, body, links))
        return Extraction(
            tool=TOOL,
            recipe=RECIPE,
            passages=passages,
            code=None if passages else "no-text",
            detail=None if passages else "the document has no text",
            properties=tuple(core_properties(package)),
            links=tuple(links),
        )


def _passages(
    package: zipfile.ZipFile, name: str, body: Element, links: list[tuple[str, str]]
) -> Iterator[Passage]:
    related = relations(package, name)
    yield from Story(None, related, links).passages(body)
    for kind in ("header", "footer"):
        used = [one.get(f"{R}id") for one in body.iter(f"{W}{kind}Reference")]
        for id_ in dict.fromkeys(used):
            if id_ in related:
                part = related[id_].target
                yield from _story(package, part, kind, links)
    for kind in ("footnote", "endnote", "comment"):
        yield from _notes(package, kind, related, body, links)


def _story(
    package: zipfile.ZipFile, name: str, part: str, links: list[tuple[str, str]]
) -> Iterator[Passage]:
    root = part_xml(package, name)
    if root is not None:
        yield from Story(part, relations(package, name), links).passages(root)


def _notes(
    package: zipfile.ZipFile,
    kind: str,
    related: dict[str, Relation],
    body: Element,
    links: list[tuple[str, str]],
) -> Iterator[Passage]:
    """Notes in the order in which the body refers to them, counted as Word counts them."""
    name = next((one.target for one in related.values() if one.kind == f"{kind}s"), None)
    root = part_xml(package, name) if name else None
    if name is None or root is None:
        return
    notes = {note.get(f"{W}id"): note for note in root.iterchildren(f"{W}{kind}")}
    of_notes = relations(package, name)
    used = (one.get(f"{W}id") for one in body.iter(f"{W}{kind}Reference") if printed(one))
    for number, id_ in enumerate(dict.fromkeys(used), 1):
        if id_ in notes:
            yield from Story(f"{kind} {number}", of_notes, links).passages(notes[id_])
