"""OpenDocument (ISO/IEC 26300): texts, sheets and slides; notes, comments and boxes apart.

Tracked deletions are out, insertions in, as in `docx`. A cell gives what it showed when it was saved.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

from catalog.text.extraction import Extraction, Passage
from catalog.text.formats import Content, EncryptedError
from catalog.text.odf_story import OFFICE, STYLE, XLINK, Story, words
from catalog.text.package import TOOL, Element, opened, part_xml
from catalog.text.tables import CELLS

RECIPE = "odf/1"


def extract(content: Content) -> Extraction:
    """Read an OpenDocument file. Raises what `zipfile`, lxml and catalog.text.package raise."""
    with opened(content.path) as package:
        if _is_encrypted(package):
            raise EncryptedError
        root = part_xml(package, "content.xml")
        if root is None:
            raise ValueError("it has no content")
        passages: list[Passage] = []
        for passage in _passages(package, root):
            passages.append(passage)
            if len(passages) > CELLS:
                break
        cut = len(passages) > CELLS
        return Extraction(
            tool=TOOL,
            recipe=RECIPE,
            passages=tuple(passages[:CELLS]),
            code="over-limit" if cut else None if passages else "no-text",
            detail=f"more than {CELLS:,} cells have text"
            if cut
            else None
            if passages
            else "the document has no text",
            properties=tuple(_properties(package)),
            links=tuple(
                (link.get(f"{XLINK}href"), words(link))
                for link in root.iter("{*}a")
                if link.get(f"{XLINK}href")
            ),
        )


def _is_encrypted(package: zipfile.ZipFile) -> bool:
    manifest = part_xml(package, "META-INF/manifest.xml")
    return manifest is not None and next(manifest.iter("{*}encryption-data"), None) is not None


def _passages(package: zipfile.ZipFile, root: Element) -> Iterator[Passage]:
    body = root.find(f"{OFFICE}body")
    for kind in body if body is not None else ():
        yield from Story(None).passages(kind)
    styles = part_xml(package, "styles.xml")
    for part in ("header", "footer"):
        for one in styles.iter(f"{STYLE}{part}") if styles is not None else ():
            yield from Story(part).passages(one)


def _properties(package: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    root = part_xml(package, "meta.xml")
    for element in root.iter() if root is not None else ():
        if isinstance(element.tag, str) and element.text and element.text.strip():
            yield element.tag.rpartition("}")[2], element.text.strip()
