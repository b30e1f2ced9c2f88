"""Word (ISO/IEC 29500 WordprocessingML): footnotes, endnotes, hyperlinks, addresses in the text.

Read as XML rather than as text, for what is written back goes to the places that were read.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from catalog.bibliography.entry import Entry, trimmed, urls_in
from catalog.bibliography.running import entry_of, grouped, quotes_in
from catalog.text.formats import OverLimitError
from catalog.text.package import Element, opened, part_xml

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
BODY = "word/document.xml"
NOTES = {"word/footnotes.xml": "footnote", "word/endnotes.xml": "endnote"}
LIMIT = 64 << 20
"""Bytes of one part that is read; a book has a tenth of that."""
_FIELD = re.compile(r"\bHYPERLINK\s+(?:\\\S+\s+)*\"([^\"]+)\"")
_SKIP = frozenset(
    f"{W}{name}" for name in ("del", "moveFrom", "instrText", "delText", "txbxContent")
)
_MARKS = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}


@dataclass(frozen=True)
class Pointer:
    """An entry, and the element behind which something can be added to it."""

    entry: Entry
    part: str
    behind: Element
    """A hyperlink; or a paragraph, at whose end it goes."""


@dataclass
class _Address:
    """An address in a paragraph."""

    url: str
    words: str | None
    behind: Element


def read(path: Path) -> Iterator[Entry]:
    """An entry for each address. Raises what `zipfile`, lxml and `catalog.text.package` raise."""
    with opened(path) as package:
        parts = parts_of(package)
        if BODY not in parts:
            raise zipfile.BadZipFile("there is no document in this package")
        yield from (pointer.entry for pointer in pointers(parts, targets_of(package)))


def parts_of(package: zipfile.ZipFile) -> dict[str, Element]:
    """The trees of the parts in which sources are named."""
    trees: dict[str, Element] = {}
    for name in (BODY, *NOTES):
        if name in package.namelist() and package.getinfo(name).file_size > LIMIT:
            raise OverLimitError(f"{name} has more than {LIMIT >> 20} MiB")
        tree = part_xml(package, name)
        if tree is not None:
            trees[name] = tree
    return trees


def targets_of(package: zipfile.ZipFile) -> dict[tuple[str, str], str]:
    """The addresses of hyperlinks, by part and relationship."""
    found: dict[tuple[str, str], str] = {}
    for part in (BODY, *NOTES):
        relations = part_xml(package, f"word/_rels/{part.removeprefix('word/')}.rels")
        for one in () if relations is None else relations:
            found[part, one.get("Id", "")] = one.get("Target") or ""
    return found


def pointers(parts: dict[str, Element], targets: dict[tuple[str, str], str]) -> Iterator[Pointer]:
    """Every address of the text, then of the notes, in their order."""
    for number, paragraph in enumerate(parts[BODY].iter(f"{W}p"), 1):
        found = list(_addresses(paragraph, BODY, targets))
        text = text_of(paragraph)
        notes = [paragraph.find(f".//{W}{kind}Reference") for kind in NOTES.values()]
        quotes = quotes_in(text) if all(note is None for note in notes) else ()
        yield from _pointers(BODY, f"paragraph {number}", text, found, quotes)
    before = dict(_quoted_before_notes(parts[BODY]))
    for part, kind in NOTES.items():
        for note in parts.get(part, ()):
            if not isinstance(note.tag, str) or note.get(f"{W}type") is not None:
                continue  # comments, and separators, which are notes too
            place = f"{kind} {note.get(f'{W}id')}"
            paragraphs = list(note.iter(f"{W}p"))
            text = "\n".join(map(text_of, paragraphs))
            found = [one for each in paragraphs for one in _addresses(each, part, targets)]
            quotes = before.get(place, ()) or quotes_in(text)
            yield from _pointers(part, place, text, found, quotes)


def _pointers(
    part: str, place: str, text: str, found: list[_Address], quotes: tuple[str, ...]
) -> Iterator[Pointer]:
    """The addresses of a paragraph or a note; what is quoted is its only source's."""
    by_url = {one.url: one for one in reversed(found)}
    groups = list(grouped(dict.fromkeys(one.url for one in found)))
    for urls in groups:
        first = by_url[urls[0]]
        entry = entry_of(
            text, urls, place=place, title=first.words, quotes=quotes if len(groups) == 1 else ()
        )
        yield Pointer(entry, part, by_url[urls[-1]].behind)


def _addresses(
    paragraph: Element, part: str, targets: dict[tuple[str, str], str]
) -> Iterator[_Address]:
    """Hyperlinks, fields that are hyperlinks, and addresses that are only text."""
    seen: set[str] = set()
    for element in paragraph.iter(f"{W}hyperlink", f"{W}instrText", f"{W}fldSimple"):
        if next(element.iterancestors(f"{W}p"), None) is not paragraph:
            continue  # in a text box, which has paragraphs of its own
        if element.tag == f"{W}hyperlink":
            url = targets.get((part, element.get(f"{_R}id", "")), "")
            words, behind = text_of(element).strip(), element
        else:
            field = _FIELD.search(element.text or element.get(f"{W}instr") or "")
            url, words, behind = (field[1] if field else ""), "", paragraph
        if url.startswith(("http://", "https://")):
            seen.add(url)
            shown = None if not words or "://" in words else words
            yield _Address(url, shown, behind)
            seen.update(urls_in(words))  # a link whose words are an address, often cut short
    for url in urls_in(text_of(paragraph)):
        if url not in seen and trimmed(url):
            yield _Address(url, None, paragraph)


def _quoted_before_notes(body: Element) -> Iterator[tuple[str, tuple[str, ...]]]:
    """By note, what is quoted between its mark and the mark before it, in one paragraph."""
    marks = {f"{W}{kind}Reference": kind for kind in NOTES.values()}
    for paragraph in body.iter(f"{W}p"):
        text = ""
        for element in paragraph.iter():
            if element.tag in marks:
                yield f"{marks[element.tag]} {element.get(f'{W}id')}", quotes_in(text)
                text = ""
            elif element.tag == f"{W}t" and not _is_skipped(element):
                text += element.text or ""


def _is_skipped(element: Element) -> bool:
    return any(parent.tag in _SKIP for parent in element.iterancestors())


def text_of(element: Element) -> str:
    """The text as it is printed with its changes accepted."""
    return "".join(_runs(element))


def _runs(element: Element) -> Iterator[str]:
    for child in element:
        if child.tag == f"{W}t":
            yield child.text or ""
        elif child.tag in _MARKS:
            yield _MARKS[child.tag]
        elif child.tag not in _SKIP and child.tag != f"{_MC}Fallback":
            yield from _runs(child)
