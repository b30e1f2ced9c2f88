"""Word 6 and 95: characters in bytes of one code page, or in UTF-16 in what East Asian editions wrote.

The format has no public specification; the places are those of the header that Word 97 grew from.
Tables are read as paragraphs, as their marks are written otherwise.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator

import olefile

from archive.encoding import decode
from catalog.text.extraction import Encoding
from catalog.text.msdoc_story import Characters, Marks, Span

FAST_SAVED, WIDE = 0x0004, 0x1000
"""Bits of the flags at byte 10: pieces (fComplex), and characters of two bytes (fExtChar)."""
CODE_PAGES = {
    0x0404: "big5hkscs",
    0x0804: "gb18030",
    0x0C04: "big5hkscs",
    0x1004: "gb18030",
    0x0411: "cp932",
    0x0412: "cp949",
    0x0419: "cp1251",
    0x0408: "cp1253",
    0x0405: "cp1250",
    0x0415: "cp1250",
    0x040E: "cp1250",
    0x041F: "cp1254",
}
"""Of languages (lid) that are not written in Windows-1252."""


def read(ole: olefile.OleFileIO) -> tuple[Characters, Span, Encoding]:
    """The characters, which of them are the text, and how they were told.

    Raises `ValueError` or `struct.error` where the file is damaged.
    """
    file: bytes = ole.openstream("WordDocument").read()
    (language, flags) = struct.unpack_from("<H2xH", file, 6)
    width = 2 if flags & WIDE else 1
    (count,) = struct.unpack_from("<I", file, 0x34)
    data = b"".join(_pieces(file, flags, width, count))[: count * width]
    if width == 2:
        text = data.decode("utf-16-le", "replace")
        encoding = Encoding(name="utf-16-le", rule="header", declared=None, replaced=0)
    else:
        text, encoding = _decoded(data, language)
    units = array("H", text.encode("utf-16-le"))
    nothing = Marks(len(units))
    characters = Characters(units=units, hidden=nothing, in_table=nothing, row_end=nothing)
    return characters, Span(0, len(units)), encoding


def _pieces(file: bytes, flags: int, width: int, count: int) -> Iterator[bytes]:
    if not flags & FAST_SAVED:
        (start,) = struct.unpack_from("<I", file, 0x18)
        yield file[start : start + count * width]
        return
    (start, length) = struct.unpack_from("<II", file, 0x160)
    clx, at = file[start : start + length], 0
    while clx[at : at + 1] == b"\x01":
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    plc = clx[at + 5 :]
    pieces = max((len(plc) - 4) // 12, 0)
    left = count
    for number in range(pieces):
        first, end = struct.unpack_from("<II", plc, 4 * number)
        (place,) = struct.unpack_from("<I", plc, 4 * (pieces + 1) + 8 * number + 2)
        length = min(max(end - first, 0), left)
        left -= length
        yield file[place : place + length * width]


def _decoded(data: bytes, language: int) -> tuple[str, Encoding]:
    """The bytes in the code page of the document's language, else in the one that fits them."""
    name = CODE_PAGES.get(language)
    if name is None:
        found = decode(data, None)
        return found.text, Encoding(
            name=found.encoding, rule=found.rule, declared=None, replaced=found.replaced
        )
    text = data.decode(name, "replace")
    declared = f"language {language:#06x}"
    replaced = text.count("\ufffd")
    return text, Encoding(name=name, rule="header", declared=declared, replaced=replaced)
