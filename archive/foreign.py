"""Records of archives that others wrote: WARC 0.17 to 1.1 and ARC, as they lie.

Nothing is repaired and nothing hidden: a record keeps the bytes of its header and block exactly, and
`faults` names what the format forbids. Reading goes on behind a fault wherever the next record
can be found. By hand, because the libraries stop without a sign at damage or crash on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from archive.errors import UncheckedError, Where
from archive.plain import PlainReader
from archive.warc import END, Spool

MEMORY = 8 << 20
"""Blocks longer than this go to a file."""
HEAD_LIMIT = 1 << 20
WARC_START = re.compile(rb"warc/\d", re.IGNORECASE)
ARC_START = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*:\S.* \S+ \d+ \S+ \S+\r?\n?$")
ARC_FIRST = re.compile(rb"[a-z][a-z0-9]+://\S+ \S+ \d{14} \S+ \d+\r?\n")
DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d))?)?)?",
    re.IGNORECASE,
)
ARC_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)")
DIGESTS = {"block digest": "warc-block-digest", "payload digest": "warc-payload-digest"}


class Fault(NamedTuple):
    """A layer, and what in it the format forbids."""

    layer: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignRecord:
    """One record of a foreign archive. A spooled block is there until the next one is asked for."""

    file: str
    offset: int
    """Where in the file its gzip member (or the record itself) begins."""
    format: str
    """`WARC/1.0`, `ARC/1`, `HAR/1.2`."""
    type: str
    id: str
    uri: str
    date: str
    """As written."""
    head: bytes
    """The header as it lies, with its closing empty line; of a HAR, the entry's JSON."""
    headers: tuple[tuple[str, str], ...]
    block: bytes | Spool
    faults: tuple[Fault, ...] = ()

    def get(self, name: str) -> str | None:
        """The first value of a header, its name in any case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def claimed(self) -> dict[str, str]:
        """The digests that the record states of itself, by layer."""
        found = {layer: self.get(name) for layer, name in DIGESTS.items()}
        return {layer: value for layer, value in found.items() if value}


def instant(text: str) -> datetime | None:
    """The instant in UTC that a date of a WARC (W3C, all its lengths), ARC or HAR names, or `None`.

    What a short date leaves out counts as its beginning.
    """
    found = DATE.fullmatch(text) or ARC_DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (found[i] or "0" for i in range(1, 7))
    fraction, zone = (found[7], found[8]) if found.re is DATE else (None, None)
    stamp = (
        f"{year}-{max(int(month), 1):02}-{max(int(day), 1):02}T{hour:0>2}:{minute:0>2}:{second:0>2}"
    )
    stamp += f".{(fraction or '0')[:6]:0<6}{(zone or 'Z').upper()}"
    try:
        return datetime.fromisoformat(stamp).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def begins_as(reader: PlainReader) -> str | None:
    """`WARC` or `ARC`, by the first bytes; `None` for anything else."""
    while reader.peek(1) in (b"\r", b"\n"):
        reader.read(1)
    if WARC_START.match(reader.peek(64)):
        return "WARC"
    line = reader.peek_line()
    return "ARC" if line.startswith(b"filedesc:") or ARC_FIRST.match(line) else None


def _format(reader: PlainReader) -> str:
    """As `begins_as`; raises what damage there is, or `UncheckedError`, for anything else."""
    found = begins_as(reader)
    if found is not None:
        return found
    if reader.coding != "plain":
        while reader.read(1 << 20):
            pass
    if reader.damage:
        raise reader.damage
    raise UncheckedError("not an archive format we read", where=Where(reader.name))


def stream_records(reader: PlainReader, spool: Path) -> Iterator[ForeignRecord]:
    """The records of one WARC or ARC, in order.

    `spool` is the folder for long blocks. Raises `UncheckedError` where it is no such file, and at
    the end, when all that could be read has been given, `RecordError` for damaged compression.
    """
    read = _warc_record if _format(reader) == "WARC" else _arc_record
    place = spool / "block"
    while not reader.at_end():
        yield read(reader, place)
    if reader.damage:
        raise reader.damage


def _warc_record(reader: PlainReader, spool: Path) -> ForeignRecord:
    offset, alone = reader.place()
    faults = [] if alone else [Fault("members", "several records share a compressed member")]
    head = _head(reader, faults)
    lines = head.split(b"\n")
    version = _text(lines[0].strip())
    headers = _fields(lines[1:], faults)
    first: dict[str, str] = {}
    for name, value in headers:
        first.setdefault(name.lower(), value)
    block = _block(reader, first.get("content-length"), spool, faults)
    _close(reader, WARC_START, faults)
    return ForeignRecord(
        file=reader.name,
        offset=offset,
        format=version,
        type=first.get("warc-type", "").lower(),
        id=first.get("warc-record-id", "").strip("<> "),
        uri=first.get("warc-target-uri", "").strip("<> "),
        date=first.get("warc-date", ""),
        head=head,
        headers=headers,
        block=block,
        faults=tuple(faults),
    )


def _head(reader: PlainReader, faults: list[Fault]) -> bytes:
    lines: list[bytes] = []
    size = 0
    while line := reader.readline():
        lines.append(line)
        size += len(line)
        if not line.strip(b"\r\n"):
            break
        if size > HEAD_LIMIT:
            faults.append(Fault("structure", "over-limit: a header longer than 1 MiB"))
            break
    else:
        faults.append(Fault("structure", "the header is cut short"))
    if not all(line.endswith(b"\r\n") and line[-3:-2] != b"\r" for line in lines):
        faults.append(Fault("structure", "header lines that do not end in CRLF"))
    return b"".join(lines)


def _fields(lines: list[bytes], faults: list[Fault]) -> tuple[tuple[str, str], ...]:
    fields: list[tuple[str, str]] = []
    for line in lines:
        text = _text(line.rstrip(b"\r")).rstrip()
        if not text:
            continue
        if text[0] in " \t" and fields:
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {text.strip()}".strip())
            continue
        name, colon, value = text.partition(":")
        if not colon or not name.strip() or name != name.strip():
            faults.append(Fault("structure", f"not a header line: {text[:80]!r}"))
        else:
            fields.append((name, value.strip()))
    return tuple(fields)


def _arc_record(reader: PlainReader, spool: Path) -> ForeignRecord:
    """One ARC record: a line `URL IP date type length` (version 2 has ten fields), then the block."""
    offset, alone = reader.place()
    faults = [] if alone else [Fault("members", "several records share a compressed member")]
    line = reader.readline()
    words = _text(line.rstrip(b"\r\n")).rsplit(" ", 4)
    if len(words) != 5:
        faults.append(Fault("structure", f"not an ARC record line: {_text(line[:80])!r}"))
        words = [*words[:1], "", "", "", "0"]
    uri, ip, date, media, length = words
    block = _block(reader, length, spool, faults)
    _close(reader, ARC_START, faults)
    return ForeignRecord(
        file=reader.name,
        offset=offset,
        format="ARC/1",
        type="arc-header" if uri.startswith("filedesc:") else "response",
        id="",
        uri=uri,
        date=date,
        head=line,
        headers=(("IP-Address", ip), ("Content-Type", media), ("Content-Length", length)),
        block=block,
        faults=tuple(faults),
    )


def _block(
    reader: PlainReader, claimed: str | None, spool: Path, faults: list[Fault]
) -> bytes | Spool:
    if claimed is None or not (claimed.isascii() and claimed.isdigit()):
        faults.append(Fault("content-length", f"no length in bytes: {claimed!r}"))
        return b""
    length = int(claimed)
    block: bytes | Spool = b""
    if length <= MEMORY:
        block = reader.read(length)
        found = len(block)
    else:
        with spool.open("wb") as file:
            found = 0
            while found < length and (piece := reader.read(min(1 << 20, length - found))):
                found += file.write(piece)
        block = Spool(spool, found)
    if found < length:
        faults.append(Fault("content-length", f"{length} bytes stated, {found} are there"))
    return block


def _close(reader: PlainReader, start: re.Pattern[bytes], faults: list[Fault]) -> None:
    """Step over what closes a record, and over bytes that belong to none."""
    closing = reader.read(len(END)) if reader.peek(len(END)) == END else b""
    while len(closing) < HEAD_LIMIT and (byte := reader.peek(1)) in (b"\r", b"\n") and byte:
        closing += reader.read(1)
    if start is WARC_START and closing != END:
        faults.append(Fault("structure", "the record does not end in two CRLF"))
    elif not closing:
        faults.append(Fault("structure", "no line end after the record"))
    stray = 0
    while not reader.at_end() and not start.match(reader.peek_line()):
        stray += len(reader.readline())
    if stray:
        faults.append(Fault("content-length", f"{stray} bytes after it belong to no record"))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
