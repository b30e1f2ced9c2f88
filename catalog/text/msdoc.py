"""The binary format of Word 97 to 2003 ([MS-DOC]): its characters by their position, and their marks.

Positions (CP) count the UTF-16 units of all stories, one after the other. Where they lie in the file
(FC) the pieces say: a document that was saved fast has its text in many, in any order, and some bytes
of the file belong to none (2.4.1).
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import olefile

from catalog.text.formats import OverLimitError
from catalog.text.msdoc_story import Characters, Marks, Span

UNITS = 20_000_000
"""UTF-16 units that are read: pieces may name the same bytes over and over."""
WORD_97 = 0x00C1
"""The least version (nFib) of the format."""
ENCRYPTED, SECOND_TABLE = 0x0100, 0x0200
"""Bits of the flags at byte 10 of the FIB (2.5.2)."""
_PAGE = 512

FOOTNOTES, COMMENTS, HEADERS, CLX, ENDNOTES = 3, 5, 11, 33, 47
_CHARACTERS, _PARAGRAPHS = 12, 13
"""Places in FibRgFcLcb97 (2.5.6)."""

DELETED, SYMBOL = 0x0800, 0x6A09
IN_TABLE, ROW_END = 0x2416, 0x2417
"""Properties (sprm) of characters and of paragraphs (2.6.1, 2.6.2)."""
_SIZES = (1, 1, 2, 4, 2, 2, 0, 3)
"""Bytes of an operand, by the last three bits of its property (2.2.5.1); 0: its first byte says."""

STORIES = ("text", "footnotes", "headers", "macros", "comments", "endnotes", "text boxes")
"""The parts of a document in the order of their characters (2.3)."""


class Piece(NamedTuple):
    """A run of positions whose characters lie side by side in the file (2.8.35)."""

    start: int
    end: int
    offset: int
    width: int
    """Bytes of a character: 2, or 1 in Windows-1252."""


class Document:
    """A document of Word 97 or later. Raises `ValueError` or `struct.error` where it is damaged."""

    def __init__(self, ole: olefile.OleFileIO) -> None:
        self._file: bytes = ole.openstream("WordDocument").read()
        (flags,) = struct.unpack_from("<H", self._file, 10)
        self._table: bytes = ole.openstream(f"{int(bool(flags & SECOND_TABLE))}Table").read()
        self.pieces = list(self._pieces())
        self.missing = 0
        """Characters that lie beyond the end of the file; they are U+FFFD."""
        self.units = self._read()
        self.stories = dict(zip(STORIES, self._stories(), strict=True))

    def _structure(self, place: int) -> bytes:
        """A structure of the table stream, by its place in FibRgFcLcb97."""
        start, length = struct.unpack_from("<II", self._file, 154 + 8 * place)
        return self._table[start : start + length]

    def _pieces(self) -> Iterator[Piece]:
        clx, at = self._structure(CLX), 0
        while clx[at : at + 1] == b"\x01":  # properties that pieces share
            at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
        if clx[at : at + 1] != b"\x02":
            raise ValueError("it has no table of pieces")
        plc = clx[at + 5 :]
        count = (len(plc) - 4) // 12
        ends = struct.unpack_from(f"<{count + 1}I", plc)
        for number, (start, end) in enumerate(pairwise(ends)):
            (place,) = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * number + 2)
            narrow = bool(place & 1 << 30)
            place &= (1 << 30) - 1
            if end > start:
                yield Piece(start, end, place // 2 if narrow else place, 1 if narrow else 2)

    def _read(self) -> array[int]:
        if sum(piece.end - piece.start for piece in self.pieces) > UNITS:
            raise OverLimitError(f"more than {UNITS:,} characters")
        units = array("H")
        for piece in self.pieces:
            length = piece.end - piece.start
            data = self._file[piece.offset : piece.offset + length * piece.width]
            if piece.width == 1:
                data = data.decode("cp1252", "replace").encode("utf-16-le")
            found = array("H", data[: len(data) // 2 * 2])
            self.missing += length - len(found)
            units.extend(found)
            units.extend([0xFFFD] * (length - len(found)))
        return units

    def _stories(self) -> Iterator[Span]:
        start = 0
        for length in struct.unpack_from("<7I", self._file, 76):
            yield Span(min(start, len(self.units)), min(start + length, len(self.units)))
            start += length

    def parts(self, place: int, story: str) -> list[Span]:
        """The notes or headers of a story, by the list of their starts at `place`."""
        whole, plc = self.stories[story], self._structure(place)
        starts = struct.unpack_from(f"<{len(plc) // 4}I", plc)
        inside = [min(whole.start + start, whole.end) for start in starts]
        return [Span(*pair) for pair in pairwise(inside)] if whole.start < whole.end else []

    def characters(self) -> Characters:
        """The characters with what the properties of the document say of them."""
        count = len(self.units)
        hidden = [span for sprm in (DELETED, SYMBOL) for span in self.with_character(sprm)]
        return Characters(
            units=self.units,
            hidden=Marks(count, hidden),
            in_table=Marks(count, self.with_paragraph(IN_TABLE)),
            row_end=Marks(count, self.with_paragraph(ROW_END)),
        )

    def with_character(self, sprm: int) -> list[Span]:
        """Positions of the characters that have a property."""
        return self._positions(list(self._runs(_CHARACTERS, sprm)))

    def with_paragraph(self, sprm: int) -> list[Span]:
        """Positions of the paragraphs that have a property."""
        return self._positions(list(self._runs(_PARAGRAPHS, sprm)))

    def _runs(self, place: int, sprm: int) -> Iterator[tuple[int, int]]:
        """Bytes of the file (FC) whose properties, on pages of 512 bytes, have `sprm` (2.9.55)."""
        plc = self._structure(place)
        count = max((len(plc) - 4) // 8, 0)
        for number in struct.unpack_from(f"<{count}I", plc, 4 * (count + 1)) if count else ():
            at = (number & 0x3FFFFF) * _PAGE
            page = self._file[at : at + _PAGE]
            if len(page) < _PAGE:
                continue
            runs = min(page[-1], 0x65)
            bounds = struct.unpack_from(f"<{runs + 1}I", page)
            for run, (start, end) in enumerate(pairwise(bounds)):
                step, read = (1, _of_characters) if place == _CHARACTERS else (13, _of_paragraph)
                if start < end and _has(read(page, page[4 * (runs + 1) + step * run] * 2), sprm):
                    yield start, end

    def _positions(self, runs: list[tuple[int, int]]) -> list[Span]:
        runs.sort()
        starts = [start for start, _ in runs]
        found = []
        for piece in self.pieces:
            last = piece.offset + (piece.end - piece.start) * piece.width
            for start, end in runs[max(bisect_right(starts, piece.offset) - 1, 0) :]:
                if start >= last:
                    break
                first = piece.start + max(start - piece.offset, 0) // piece.width
                beyond = piece.start + (min(end, last) - piece.offset) // piece.width
                if first < beyond:
                    found.append(Span(first, beyond))
        return found


def _of_characters(page: bytes, at: int) -> bytes:
    """The properties at an offset in a page of character runs; at 0 there are none (2.9.32)."""
    return page[at + 1 : at + 1 + page[at]] if at else b""


def _of_paragraph(page: bytes, at: int) -> bytes:
    """The properties at an offset in a page of paragraphs, after the number of their style (2.9.175)."""
    if not at or at + 1 >= _PAGE:
        return b""
    if page[at]:
        return page[at + 1 : at + 2 * page[at]][2:]
    return page[at + 2 : at + 2 + 2 * page[at + 1]][2:]


def _has(properties: bytes, sprm: int) -> bool:
    """Whether a list of properties sets one to anything but 0."""
    at = 0
    while at + 2 < len(properties):
        (found,) = struct.unpack_from("<H", properties, at)
        size = _SIZES[found >> 13] or 1 + properties[at + 2]
        if found == sprm:
            return any(properties[at + 2 : at + 2 + size])
        at += 2 + size
    return False
