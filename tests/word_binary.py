"""Word documents of the binary format, made by hand: [MS-DOC] in a compound file of [MS-CFB]."""

from __future__ import annotations

import struct
from pathlib import Path

SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
TEXT_AT = 2048


def a_word(
    path: Path,
    pieces: list[str],
    *,
    version: int = 0x00C1,
    flags: int = 0x0200,
    language: int = 0x0804,
    characters: list[tuple[int, int, bytes]] = [],  # noqa: B006 -- read only
    paragraphs: list[tuple[int, int, bytes]] = [],  # noqa: B006
    footnotes: int = 0,
) -> Path:
    """A document whose text lies in the file in pieces, the last one first, as a fast save leaves it.

    `characters` and `paragraphs` give properties (grpprl) to bytes from TEXT_AT on. The last
    `footnotes` units are one footnote.
    """
    blocks, places, at = b"", {}, TEXT_AT
    for number in reversed(range(len(pieces))):
        places[number] = at
        block = pieces[number].encode("utf-16-le", "surrogatepass")
        blocks, at = blocks + block, at + len(block)
    lengths = [len(piece.encode("utf-16-le", "surrogatepass")) // 2 for piece in pieces]
    ends = [sum(lengths[:number]) for number in range(len(pieces) + 1)]
    plc = struct.pack(f"<{len(ends)}I", *ends)
    plc += b"".join(struct.pack("<HIH", 0, places[number], 0) for number in range(len(pieces)))
    clx = b"\x02" + struct.pack("<I", len(plc)) + plc
    notes = struct.pack("<II", 0, footnotes) if footnotes else b""
    tables = {33: clx, 3: notes}
    pages = b""
    for place, runs, step in ((12, characters, 1), (13, paragraphs, 13)):
        page_number = (TEXT_AT + len(blocks) + SECTOR - 1) // SECTOR + len(pages) // SECTOR
        tables[place] = struct.pack("<III", 0, 0xFFFFFFF, page_number) if runs else b""
        pages += _formatted(runs, step) if runs else b""
    blocks = blocks.ljust(-len(blocks) % SECTOR + len(blocks), b"\0")
    fib = bytearray(TEXT_AT)
    struct.pack_into("<HHHHHH", fib, 0, 0xA5EC, version, 0, language, 0, flags)
    struct.pack_into("<II", fib, 76, ends[-1] - footnotes, footnotes)
    table = b""
    for place, structure in tables.items():
        struct.pack_into("<II", fib, 154 + 8 * place, len(table), len(structure))
        table += structure
    return a_compound(path, {"WordDocument": bytes(fib) + blocks + pages, "1Table": table})


def _formatted(runs: list[tuple[int, int, bytes]], step: int) -> bytes:
    """A page of runs (FKP): their bounds, where the properties of each begin, the properties."""
    runs = [*runs]
    bounds = [start for start, _, _ in runs] + [runs[-1][1]]
    page = bytearray(SECTOR)
    struct.pack_into(f"<{len(bounds)}I", page, 0, *bounds)
    at = SECTOR - 2
    for number, (_, _, properties) in enumerate(runs):
        data = bytes([len(properties)]) + properties
        if step == 13:  # an even number of bytes, the number of a style before the properties
            data = bytes([0, (len(properties) + 3) // 2]) + b"\0\0" + properties + b"\0"
        at = (at - len(data)) // 2 * 2
        page[at : at + len(data)] = data
        page[4 * len(bounds) + step * number] = at // 2 if properties else 0
    page[-1] = len(runs)
    return bytes(page)


def an_old_word(path: Path, text: bytes, language: int) -> Path:
    """A document of Word 95, whose text is bytes of one code page."""
    fib = bytearray(TEXT_AT)
    struct.pack_into("<HHHHHH", fib, 0, 0xA5DC, 101, 0, language, 0, 0)
    struct.pack_into("<I", fib, 0x18, TEXT_AT)
    struct.pack_into("<I", fib, 0x34, len(text))
    return a_compound(path, {"WordDocument": bytes(fib) + text})


def a_compound(path: Path, streams: dict[str, bytes]) -> Path:
    """A compound file of at most three streams, none in the small sectors of [MS-CFB] 2.7."""
    padded = {name: data.ljust(max(4096, len(data)), b"\0") for name, data in streams.items()}
    sectors = {name: (len(data) + SECTOR - 1) // SECTOR for name, data in padded.items()}
    used = 1 + sum(sectors.values())
    tables = (used + 128) // 127
    chains = [*[FAT] * tables, END]
    entries = [_entry("Root Entry", 5, END, 0, child=1)]
    for number, (name, data) in enumerate(padded.items(), 1):
        first = len(chains)
        chains += [*range(first + 1, first + sectors[name]), END]
        entries.append(
            _entry(name, 2, first, len(data), right=number + 1 if number < len(padded) else FREE)
        )
    head = bytes.fromhex("d0cf11e0a1b11ae1").ljust(24, b"\0")
    head += struct.pack(
        "<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, tables, 0, 4096, END, 0, END, 0, 0
    )
    head = head[:-4] + struct.pack(f"<{tables}I", *range(tables))
    chains += [FREE] * (tables * 128 - len(chains))
    body = struct.pack(f"<{len(chains)}I", *chains)
    body += b"".join(entries).ljust(SECTOR, b"\0")
    body += b"".join(data.ljust(sectors[name] * SECTOR, b"\0") for name, data in padded.items())
    path.write_bytes(head.ljust(SECTOR, b"\xff") + body)
    return path


def _entry(
    name: str, kind: int, first: int, size: int, right: int = FREE, child: int = FREE
) -> bytes:
    encoded = name.encode("utf-16-le")
    entry = encoded.ljust(64, b"\0") + struct.pack(
        "<HBBIII", len(encoded) + 2, kind, 1, FREE, right, child
    )
    return entry + bytes(36) + struct.pack("<IQ", first, size)
