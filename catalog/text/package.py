"""ZIP packages of XML, as office files are: their parts, read within limits.

What they relate to each other follows the Open Packaging Conventions (ISO/IEC 29500-2).
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

from lxml import etree

from catalog.text.formats import EncryptedError, OverLimitError

TOOL = f"lxml {etree.__version__} (libxml2 {'.'.join(map(str, etree.LIBXML_VERSION))})"
"""What reads the XML of all of them."""

PART_LIMIT = 256 << 20
"""Bytes of one part, unpacked."""
RATIO = 500
"""A part that grows beyond 16 MiB and to more than so many times its size is taken for a bomb."""
BOMB_FLOOR = 16 << 20

STRICT = b"http://purl.oclc.org/ooxml/"
TRANSITIONAL = (
    (b"officeDocument/", b"http://schemas.openxmlformats.org/officeDocument/2006/"),
    (b"wordprocessingml/", b"http://schemas.openxmlformats.org/wordprocessingml/2006/"),
    (b"spreadsheetml/", b"http://schemas.openxmlformats.org/spreadsheetml/2006/"),
    (b"presentationml/", b"http://schemas.openxmlformats.org/presentationml/2006/"),
    (b"drawingml/", b"http://schemas.openxmlformats.org/drawingml/2006/"),
)
"""Namespaces of the strict variant of ISO/IEC 29500, and those that nearly all files have."""

USUAL = ("word/document.xml", "xl/workbook.xml", "ppt/presentation.xml")
"""Where office programs let a document begin."""

Element = Any
"""An element of lxml, whose class has no public name."""


class Relation(NamedTuple):
    """Where a part leads."""

    kind: str
    """The last word of its type, as `header`."""
    target: str
    """The name of a part, or an address outside."""


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """A package. Raises `zipfile.BadZipFile` where it is none."""
    with zipfile.ZipFile(path) as package:
        yield package


def part(package: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of a part. Raises `KeyError`, `OverLimitError`, `EncryptedError`."""
    info = package.getinfo(name)
    with member(package, info) as file:
        data = file.read(PART_LIMIT + 1)
    if len(data) > PART_LIMIT:
        raise OverLimitError(f"{name} has more than {PART_LIMIT >> 20} MiB")
    return data


@contextmanager
def member(package: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    """A member that is neither locked nor a bomb by what the directory says of it."""
    if info.flag_bits & 1:
        raise EncryptedError(f"{info.filename} is locked by a password")
    if info.file_size > BOMB_FLOOR and info.file_size > RATIO * max(info.compress_size, 1):
        raise OverLimitError(f"{info.filename} grows like a decompression bomb")
    if info.file_size > PART_LIMIT:
        raise OverLimitError(f"{info.filename} has more than {PART_LIMIT >> 20} MiB")
    with package.open(info) as file:
        yield file


def xml(data: bytes) -> Element:
    """The root of a document that may define no entities and fetch nothing.

    Raises `etree.XMLSyntaxError`, also of nesting beyond libxml2's limit of 256, and `ValueError` for
    a document type, which no office format has a use for.
    """
    if STRICT in data:
        for strict, usual in TRANSITIONAL:
            data = data.replace(STRICT + strict, usual)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    root = etree.fromstring(data, parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise ValueError("its XML declares a document type")
    return root


def part_xml(package: zipfile.ZipFile, name: str) -> Element | None:
    """The XML of a part; `None` where the package has no such part."""
    try:
        data = part(package, name)
    except KeyError:
        return None
    return xml(data)


def relations(package: zipfile.ZipFile, name: str = "") -> dict[str, Relation]:
    """Where a part leads, or the package where none is named, by the ids in its XML."""
    folder, _, file = name.rpartition("/")
    root = part_xml(package, posixpath.join(folder, "_rels", f"{file}.rels"))
    found = {}
    for one in root if root is not None else ():
        target = one.get("Target") or ""
        if one.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
        found[one.get("Id") or ""] = Relation((one.get("Type") or "").rpartition("/")[2], target)
    return found


def main_part(package: zipfile.ZipFile) -> tuple[str, Element]:
    """The part in which an office document begins, and its XML; where the package does not say or
    cannot, one of the usual name. Raises `ValueError` without any.
    """
    try:
        told = [one.target for one in relations(package).values() if one.kind == "officeDocument"]
    except etree.XMLSyntaxError:
        told = []
    for name in (*told, *USUAL):
        root = part_xml(package, name)
        if root is not None:
            return name, root
    raise ValueError("it does not say in which part the document begins")


def core_properties(package: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """What an office file says of itself: `docProps/core.xml` (ISO/IEC 29500-2, 11)."""
    root = part_xml(package, "docProps/core.xml")
    if root is None:
        return
    for element in root:
        if isinstance(element.tag, str) and element.text and element.text.strip():
            yield etree.QName(element).localname, element.text.strip()
