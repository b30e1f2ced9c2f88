"""XMP (ISO 16684-1): what a file says of itself in a packet of RDF that stands plain in its bytes."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from catalog.text.package import Element, xml

PACKET = 1 << 20
"""Bytes of a packet that is looked at; one of a camera has a few thousand."""
PACKETS = 1_000
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_BEGIN = re.compile(rb"<x:xmpmeta[\s>]")
_END = b"</x:xmpmeta>"
_SHORT = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/pdf/1.3/": "pdf",
    "http://www.aiim.org/pdfa/ns/id/": "pdfaid",
}
"""The namespaces whose properties are kept, by their usual prefixes."""


def packets(path: Path) -> Iterator[list[tuple[str, str]]]:
    """Names (`dc:title` …) and values of each packet, the last one first.

    Images within a file have packets of their own, and each change of a PDF adds one at its end: whose
    they are the caller must tell. A packet that is compressed or locked is not found.
    """
    for packet in reversed(list(_packets(path))):
        try:
            yield list(_properties(xml(packet)))
        except etree.XMLSyntaxError:
            continue


def _packets(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        if not path.stat().st_size:
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            for number, begin in enumerate(_BEGIN.finditer(data)):
                end = data.find(_END, begin.start(), begin.start() + PACKET)
                if end >= 0:
                    yield data[begin.start() : end + len(_END)]
                if number == PACKETS:
                    return


def _properties(root: Element) -> Iterator[tuple[str, str]]:
    for description in root.iter(f"{_RDF}Description"):
        for name, value in description.attrib.items():
            yield from _named(name, value)
        for element in description:
            if isinstance(element.tag, str):
                items = list(element.iter(f"{_RDF}li"))
                for item in items or [element]:
                    yield from _named(element.tag, item.text or "")


def _named(name: str, value: str) -> Iterator[tuple[str, str]]:
    qualified = etree.QName(name)
    prefix = _SHORT.get(qualified.namespace or "")
    if prefix and value.strip():
        yield f"{prefix}:{qualified.localname}", value.strip()
