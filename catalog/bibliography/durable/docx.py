"""Word: a run of text behind the hyperlink, or at the end of the note or paragraph.

The parts in which nothing is added are copied byte for byte.
"""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path

from lxml import etree

from catalog.bibliography.docx import Pointer, W, parts_of, pointers, targets_of
from catalog.text.package import Element, opened

_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_NOT_TEXT = ("rStyle", "vertAlign", "footnoteReference", "endnoteReference")


def write(path: Path, notes: Mapping[int, str]) -> tuple[bytes, int]:
    """The package with notes on entries, by their number; and how many were added."""
    with opened(path) as package:
        parts = parts_of(package)
        changed: set[str] = set()
        for number, pointer in enumerate(list(pointers(parts, targets_of(package)))):
            if number in notes:
                _add(pointer, notes[number])
                changed.add(pointer.part)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as written:
            written.comment = package.comment
            for info in package.infolist():
                if info.filename in changed:
                    data = _bytes(parts[info.filename], package.read(info))
                    written.writestr(info, data, info.compress_type)
                    continue
                with package.open(info) as old, written.open(deepcopy(info), "w") as new:
                    shutil.copyfileobj(old, new)
        return out.getvalue(), len(notes)


def _add(pointer: Pointer, note: str) -> None:
    behind = pointer.behind
    added = _run(f" ({note[:1].lower()}{note[1:]})", _like(behind))
    if behind.tag == f"{W}p":
        behind.append(added)
    else:
        behind.addnext(added)


def _run(text: str, properties: Element | None) -> Element:
    run = etree.Element(f"{W}r")
    if properties is not None:
        run.append(properties)
    words = etree.SubElement(run, f"{W}t")
    words.set(_SPACE, "preserve")
    words.text = text
    return run


def _like(behind: Element) -> Element | None:
    """The look of the text around it: font and size, without what makes a link or a mark of it."""
    paragraph = behind if behind.tag == f"{W}p" else behind.getparent()
    for run in [] if paragraph is None else paragraph.iterchildren(f"{W}r"):
        properties = run.find(f"{W}rPr")
        if run.find(f"{W}t") is not None and properties is not None:
            copied = deepcopy(properties)
            for name in _NOT_TEXT:
                for element in copied.findall(f"{W}{name}"):
                    copied.remove(element)
            return copied
    return None


def _bytes(tree: Element, before: bytes) -> bytes:
    """A part as XML, with the declaration that Word writes."""
    made: bytes = etree.tostring(
        tree.getroottree(),
        xml_declaration=before.lstrip(b"\xef\xbb\xbf").startswith(b"<?xml"),
        encoding="UTF-8",
        standalone=b"standalone=" in before[:200] or None,
    )
    return made
