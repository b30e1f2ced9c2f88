"""ZIP packages of XML, as office files are: their parts, read within limits."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from lxml import etree

from catalog.text.formats import EncryptedError, OverLimitError

PART_LIMIT = 256 << 20
"""Bytes of one part, unpacked."""
RATIO = 500
"""A part that grows beyond 16 MiB and to more than so many times its size is taken for a bomb."""
BOMB_FLOOR = 16 << 20

Element = Any
"""An element of lxml, whose class has no public name."""


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
    """The root of a document that may expand nothing and fetch nothing.

    Raises `etree.XMLSyntaxError`; nesting beyond libxml2's limit is one.
    """
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    return etree.fromstring(data, parser)


def part_xml(package: zipfile.ZipFile, name: str) -> Element | None:
    """The XML of a part; `None` where the package has no such part."""
    try:
        data = part(package, name)
    except KeyError:
        return None
    return xml(data)


def core_properties(package: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """What an office file says of itself: `docProps/core.xml` (ISO/IEC 29500-2, 11)."""
    root = part_xml(package, "docProps/core.xml")
    if root is None:
        return
    for element in root:
        if isinstance(element.tag, str) and element.text and element.text.strip():
            yield etree.QName(element).localname, element.text.strip()
