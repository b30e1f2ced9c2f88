"""WARC records as written by us: WARC 1.1, ISO 28500:2017.

A record is its headers and its block, the exact bytes; nothing here parses or rebuilds a block.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypedDict, Unpack
from urllib.parse import quote

from archive.errors import RecordError, Where
from archive.evidence.leaf import SALT
from archive.ident import new_record_id
from archive.statement import RefersTo
from archive.times import to_text

VERSION = b"WARC/1.1\r\n"
END = b"\r\n\r\n"
"""What follows each block (WARC 1.1, 4)."""

HTTP_REQUEST = "application/http; msgtype=request"
HTTP_RESPONSE = "application/http; msgtype=response"
IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
CONFORMS_TO = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"

CHUNK = 1 << 20
"""Bytes of a spooled block in memory at a time."""

Headers = tuple[tuple[str, str], ...]
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class Stream(Protocol):
    """Bytes too many for memory, which can be read again and again."""

    @property
    def length(self) -> int: ...

    def chunks(self) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Spool:
    """The first `length` bytes of a file on disk."""

    path: Path
    length: int

    def chunks(self) -> Iterator[bytes]:
        left = self.length
        with self.path.open("rb") as file:
            while left:
                chunk = file.read(min(CHUNK, left))
                if not chunk:
                    raise OSError(f"the spooled block {self.path} has lost {left} bytes")
                left -= len(chunk)
                yield chunk


Block = bytes | Stream


@dataclass(frozen=True, slots=True)
class Record:
    """A WARC record. `id` stands without its angle brackets.

    `headers` are those besides WARC-Type, WARC-Record-ID, WARC-Date, WARC-Warcinfo-ID and
    Content-Length.
    """

    type: str
    id: str
    date: datetime
    headers: Headers
    block: Block

    @property
    def uri(self) -> str | None:
        return next((value for name, value in self.headers if name == "WARC-Target-URI"), None)


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record of somebody else's, kept byte for byte: `head` is its header as it was received."""

    type: str
    id: str
    uri: str | None
    head: bytes
    block: Block


AnyRecord = Record | RawRecord


def length(block: Block) -> int:
    return len(block) if isinstance(block, bytes) else block.length


def chunks(block: Block) -> Iterable[bytes]:
    return (block,) if isinstance(block, bytes) else block.chunks()


def encode_head(record: AnyRecord, warcinfo: str | None = None) -> bytes:
    """The record's head with its empty line; `warcinfo` is the id of its file's warcinfo record.

    No value can end its line: what cannot be printed is percent-encoded, for URLs are hostile.
    Raises `ValueError` for a header name that is no token.
    """
    if isinstance(record, RawRecord):
        return record.head
    lines = [
        f"WARC-Type: {record.type}",
        f"WARC-Record-ID: <{record.id}>",
        f"WARC-Date: {to_text(record.date)}",
    ]
    if warcinfo is not None:
        lines.append(f"WARC-Warcinfo-ID: <{warcinfo}>")
    for name, value in record.headers:
        if not _NAME.fullmatch(name):
            raise ValueError(f"not the name of a WARC header: {name!r}")
        lines.append(f"{name}: {_printable(value)}")
    lines.append(f"Content-Length: {length(record.block)}")
    return VERSION + "\r\n".join(lines).encode() + END


def parse_head(plain: bytes, where: Where) -> tuple[Headers, int]:
    """The headers of a record of ours, or of a `RawRecord`, and where its block starts."""
    end = plain.find(END)
    if end < 0 or not plain.startswith((VERSION, b"WARC/1.0\r\n")):
        raise RecordError("not a WARC record", where=where)
    try:
        head = plain[len(VERSION) : end].decode()
    except UnicodeDecodeError as error:
        raise RecordError("a WARC header that is not UTF-8", where=where) from error
    if "\r\n " in head or "\r\n\t" in head:
        head = re.sub(r"\r\n[ \t]+", " ", head)
    lines = [line.partition(":") for line in head.split("\r\n")]
    for line, colon, _ in lines:
        if not colon:
            raise RecordError(f"a WARC header without a colon: {line!r}", where=where)
    return tuple([(name, value.strip()) for name, _, value in lines]), end + len(END)


def header(headers: Headers, name: str) -> str | None:
    """The first value of that name, in any case (WARC 1.1, 4)."""
    wanted = name.lower()
    return next((value for found, value in headers if found.lower() == wanted), None)


def uri(text: str) -> str:
    """A URL as WARC-Target-URI carries it: printable ASCII without spaces or angle brackets."""
    if text.isascii() and text.isprintable() and not any(c in text for c in " <>"):
        return text
    return "".join(c if "!" <= c <= "~" and c not in "<>" else _percent(c) for c in text)


class Facts(TypedDict, total=False):
    """What a record may say of itself besides its URL, date and block."""

    id: str
    """Without its angle brackets; a fresh one where the caller has none."""
    sha256: bytes | None
    """Of the block; computed where the caller has none."""
    payload: bytes | None
    """SHA-256 of the body without its transfer coding, where that can be had (WARC 1.1, 5.9)."""
    ip: str | None
    protocols: Iterable[str]
    """`http/1.1`, `tls/1.3` (WARC-Protocol)."""
    cipher: str | None
    truncated: str | None
    """`disconnect`, `length` or `time` (5.13)."""
    concurrent_to: Iterable[str]
    """Ids of records of the same capture (5.7)."""


def response(url: str, date: datetime, block: Block, **facts: Unpack[Facts]) -> Record:
    """What the server sent (WARC 1.1, 6.3)."""
    return _record("response", url, date, block, HTTP_RESPONSE, facts)


def request(url: str, date: datetime, block: Block, **facts: Unpack[Facts]) -> Record:
    """What we sent (6.5)."""
    return _record("request", url, date, block, HTTP_REQUEST, facts)


def resource(
    url: str, date: datetime, block: Block, media_type: str, **facts: Unpack[Facts]
) -> Record:
    """A thing without a protocol around it (6.4): its block is its payload."""
    return _record("resource", url, date, block, media_type, facts)


def revisit(
    url: str,
    date: datetime,
    block: Block,
    profile: str,
    refers_to: RefersTo,
    **facts: Unpack[Facts],
) -> Record:
    """An answer whose payload an earlier record holds (6.7); the block is this answer's head.

    `profile` is `IDENTICAL` or `NOT_MODIFIED`; the payload digest is the earlier record's.
    Readers find that record by URL and date, so both are always written (6.7.2).
    """
    named = (
        ("WARC-Profile", profile),
        ("WARC-Refers-To", f"<{refers_to.record}>"),
        ("WARC-Refers-To-Target-URI", uri(refers_to.url)),
        ("WARC-Refers-To-Date", to_text(refers_to.time)),
    )
    return _record("revisit", url, date, block, HTTP_RESPONSE, facts, named)


def metadata(url: str, date: datetime, block: bytes, salt: bytes, **facts: Unpack[Facts]) -> Record:
    """A statement in JSON about the records that follow it (6.6), with the salt of its leaf."""
    named = ((SALT, salt.hex()),)
    return _record("metadata", url, date, block, "application/json", facts, named)


def warcinfo(filename: str, date: datetime, fields: Mapping[str, str]) -> Record:
    """What made the file (6.2); `format` and `conformsTo` are added to `fields`."""
    named = {"format": "WARC File Format 1.1", "conformsTo": CONFORMS_TO, **fields}
    block = "".join(f"{name}: {_printable(value)}\r\n" for name, value in named.items()).encode()
    headers = (
        ("WARC-Filename", filename),
        ("Content-Type", "application/warc-fields"),
        ("WARC-Block-Digest", _labelled(_sha256(block))),
    )
    return Record("warcinfo", new_record_id(), date, headers, block)


def _record(  # noqa: PLR0917 - called from the builders above, all alike
    type_: str,
    url: str,
    date: datetime,
    block: Block,
    media_type: str,
    facts: Facts,
    named: Headers = (),
) -> Record:
    headers = [("WARC-Target-URI", uri(url)), ("Content-Type", media_type), *named]
    headers += [("WARC-Concurrent-To", f"<{other}>") for other in facts.get("concurrent_to", ())]
    headers += [("WARC-Protocol", protocol) for protocol in facts.get("protocols", ())]
    for name, value in (
        ("WARC-IP-Address", facts.get("ip")),
        ("WARC-Cipher-Suite", facts.get("cipher")),
        ("WARC-Truncated", facts.get("truncated")),
    ):
        if value is not None:
            headers.append((name, value))
    headers.append(("WARC-Block-Digest", _labelled(facts.get("sha256") or _sha256(block))))
    payload = facts.get("payload")
    if payload is not None:
        headers.append(("WARC-Payload-Digest", _labelled(payload)))
    return Record(type_, facts.get("id") or new_record_id(), date, tuple(headers), block)


def _sha256(block: Block) -> bytes:
    hasher = hashlib.sha256()
    for chunk in chunks(block):
        hasher.update(chunk)
    return hasher.digest()


def _labelled(sha256: bytes) -> str:
    """In hex, which both warcio and FastWARC verify and every other tool prints."""
    return f"sha256:{sha256.hex()}"


def _printable(value: str) -> str:
    if value.isprintable():
        return value
    return "".join(c if c.isprintable() else _percent(c) for c in value)


def _percent(character: str) -> str:
    return quote(character, safe="", errors="surrogatepass")
