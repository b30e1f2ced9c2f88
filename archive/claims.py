"""The digests that a record states of itself, recomputed.

The payload is what the standard says: the entity body, its transfer coding removed (WARC 1.1, 5.9
with RFC 9110, 6.4). Widely used writers count the chunk framing too; such a digest is right about the
bytes, so it passes, with that remark.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Protocol

from blake3 import blake3

from archive.digest import SIZES, Digest
from archive.errors import UsageError
from archive.foreign import ForeignRecord
from archive.http1 import ResponseReader
from archive.verdict import Check, Verdict
from archive.warc import chunks

FRAMED = "equals all bytes after the head, transfer framing included, as some writers count it"
HEAD_LIMIT = 1 << 20
URL_SAFE = str.maketrans("-_", "+/")
"""Some write base64 in its form for URLs (RFC 4648, 5)."""


class _Hash(Protocol):
    def update(self, data: bytes | memoryview, /) -> object: ...

    def digest(self) -> bytes: ...


def digest_checks(record: ForeignRecord) -> Iterator[Check]:
    """A check of the block digest and one of the payload digest; *not checked* where none is stated."""
    claimed = record.claimed()
    yield _block_check(record, claimed.get("block digest"))
    yield _payload_check(record, claimed.get("payload digest"))


def _block_check(record: ForeignRecord, claim: str | None) -> Check:
    expected = _parse("block digest", claim)
    if isinstance(expected, Check):
        return expected
    return _compare("block digest", expected, chunks(record.block))


def _payload_check(record: ForeignRecord, claim: str | None) -> Check:
    layer = "payload digest"
    expected = _parse(layer, claim)
    if isinstance(expected, Check):
        return expected
    if record.type == "revisit":
        return Check(layer, Verdict.NOT_CHECKED, "the payload is in the record it refers to")
    if record.get("WARC-Segment-Number"):
        return Check(layer, Verdict.NOT_CHECKED, "the payload is spread over several records")
    if is_http(record):
        return _message_check(layer, expected, record)
    return _compare(layer, expected, chunks(record.block))


def _message_check(layer: str, expected: Digest, record: ForeignRecord) -> Check:
    if record.type == "request":
        return _compare(layer, expected, _after_head(chunks(record.block)))
    check = _compare(layer, expected, _payload(chunks(record.block)))
    if check.verdict is Verdict.PASSED:
        return check
    framed = _compare(layer, expected, _after_head(chunks(record.block)))
    return replace(framed, reason=FRAMED) if framed.verdict is Verdict.PASSED else check


def is_http(record: ForeignRecord) -> bool:
    """Whether the block is an HTTP message, going by what it is said to be, or by how it begins."""
    if record.type not in {"response", "request"}:
        return False
    media = (record.get("Content-Type") or "").lower()
    begin = next(iter(chunks(record.block)), b"")
    return media.startswith("application/http") or begin.startswith(b"HTTP/")


def _payload(block: Iterable[bytes]) -> Iterator[memoryview]:
    reader = ResponseReader()
    for piece in block:
        yield from reader.feed(piece)
    reader.eof()


def _after_head(block: Iterable[bytes]) -> Iterator[bytes]:
    """What follows the first empty line; nothing where there is none within 1 MiB."""
    head, pieces = b"", iter(block)
    for piece in pieces:
        head += piece
        end = _head_end(head)
        if end is not None:
            yield head[end:]
            yield from pieces
        elif len(head) > HEAD_LIMIT:
            return


def _head_end(head: bytes) -> int | None:
    ends = [at + len(mark) for mark in (b"\r\n\r\n", b"\n\n") if (at := head.find(mark)) >= 0]
    return min(ends, default=None)


def _parse(layer: str, claim: str | None) -> Digest | Check:
    if claim is None:
        return Check(layer, Verdict.NOT_CHECKED, "none stated")
    label, _, value = claim.partition(":")
    algorithm = label.lower().replace("-", "")
    try:
        return Digest.parse(f"{label}:{value.translate(URL_SAFE)}" if value else claim)
    except UsageError as error:
        if algorithm in SIZES or ":" not in claim:
            return Check(layer, Verdict.FAILED, error.what, claim)
        return Check(layer, Verdict.NOT_CHECKED, f"unknown algorithm {algorithm!r}", claim)


def _compare(layer: str, expected: Digest, data: Iterable[bytes | memoryview]) -> Check:
    hasher: _Hash = blake3() if expected.algorithm == "blake3" else hashlib.new(expected.algorithm)
    for piece in data:
        hasher.update(piece)
    found = Digest(expected.algorithm, hasher.digest())
    verdict = Verdict.PASSED if found == expected else Verdict.FAILED
    return Check(layer, verdict, "", str(expected), str(found))
