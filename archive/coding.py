"""Content codings undone, with bombs stopped: gzip, deflate, br, zstd, alone or stacked (RFC 9110, 8.4).

Decoding gives the whole content or the reason why there is none, never a part that would get a digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import brotli
import zstandard
from isal import isal_zlib

from archive.digest import Absent
from archive.http1 import Fields, headers

LIMIT = 4 << 30
"""Bytes of content at which decoding stops (`over-limit`)."""
RATIO = 250
"""Growth beyond which an answer is a bomb: real pages stay far below."""
RATIO_FLOOR = 64 << 20
"""Bytes of content below which no ratio counts."""

PIECE = 1 << 16
ZSTD_PIECE = 1 << 11
"""zstd grows up to 32,000 times in one call that cannot be bounded, so it gets small pieces."""
ZSTD_WINDOW = 8 << 20
"""RFC 9659: the largest window that a server may use."""

NO_CODING = frozenset({"identity", "none", "binary", "7bit", "8bit", "utf-8", "gbk", "gb2312"})
"""Names that real servers write where nothing is coded; browsers ignore them."""

_BROKEN: Any = (isal_zlib.error, brotli.error, zstandard.ZstdError)
"""What the decoders raise; the stubs of isal call its exception class an instance."""

Decode = Callable[[Iterable[bytes]], Iterator[bytes]]


class CodingError(ValueError):
    """The content cannot be had; `reason` is one of `archive.digest.ABSENT`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def codings(fields: Fields) -> tuple[str, ...]:
    """The codings of a message in the order in which they were applied.

    Transfer codings other than `chunked` are counted among them: they lie around the content too.
    """
    applied = headers(fields, b"content-encoding") + headers(fields, b"transfer-encoding")
    names = (value.decode("latin-1").lower() for value in applied)
    return tuple(name for name in names if name not in NO_CODING and name != "chunked")


def decode(payload: bytes, names: Iterable[str], limit: int = LIMIT) -> bytes | Absent:
    """The content of a payload, or why there is none (`undecodable`, `over-limit`)."""
    try:
        return b"".join(decoded([payload], names, limit))
    except CodingError as error:
        return Absent(error.reason)


def decoded(pieces: Iterable[bytes], names: Iterable[str], limit: int = LIMIT) -> Iterator[bytes]:
    """The content, piece by piece, in memory that does not grow with it. Raises `CodingError`."""
    counted = _Counted(pieces)
    stream: Iterator[bytes] = iter(counted)
    for name in reversed(tuple(names)):
        coder = _CODERS.get(name)
        if coder is None:
            raise CodingError("undecodable")
        stream = coder(stream)
    total = 0
    try:
        for piece in stream:
            total += len(piece)
            if total > limit or total > max(RATIO_FLOOR, RATIO * counted.length):
                raise CodingError("over-limit")
            yield piece
    except _BROKEN as error:
        raise CodingError("undecodable") from error


class _Counted:
    """Counts the bytes that went into a decoder."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self.length = 0
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.length += len(piece)
            yield piece


def _gunzip(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Members one after another; as browsers do, what follows the last one is ignored."""
    coder: Any = None
    carried = b""
    for data in pieces:
        rest = carried + data if carried else data
        carried = b""
        while rest:
            if coder is None:
                coder = isal_zlib.decompressobj(31)
            elif coder.eof:
                if len(rest) < 2 and rest == b"\x1f":
                    carried = rest
                    break
                if not rest.startswith(b"\x1f\x8b"):
                    return
                coder = isal_zlib.decompressobj(31)
            yield from _bounded(coder, rest)
            rest = coder.unused_data if coder.eof else b""
    _finished(coder)


def _inflate(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """`deflate` means zlib's format; many servers send the raw one instead, and browsers take it."""
    coder: Any = None
    start = b""
    for data in pieces:
        if coder is None:
            start += data
            if len(start) < 2:
                continue
            wrapped = start[0] & 15 == 8 and int.from_bytes(start[:2]) % 31 == 0
            coder = isal_zlib.decompressobj(15 if wrapped else -15)
            data = start  # noqa: PLW2901 the first bytes, gathered
        if not coder.eof:
            yield from _bounded(coder, data)
    if coder is None and start:
        raise CodingError("undecodable")
    _finished(coder)


def _bounded(coder: Any, data: bytes) -> Iterator[bytes]:
    """What `data` inflates to, at most `PIECE` bytes at a time."""
    while data and not coder.eof:
        yield coder.decompress(data, PIECE)
        data = coder.unconsumed_tail
    while not coder.eof and (more := coder.decompress(b"", PIECE)):
        yield more


def _finished(coder: Any) -> None:
    if coder is not None and not coder.eof:
        raise CodingError("undecodable")


def _unbrotli(pieces: Iterable[bytes]) -> Iterator[bytes]:
    coder: Any = None
    for data in pieces:
        if data and coder is None:
            coder = brotli.Decompressor()
        if not data or coder.is_finished():
            continue
        more = coder.process(data, output_buffer_limit=PIECE)
        while more:
            yield more
            more = b"" if coder.is_finished() else coder.process(b"", output_buffer_limit=PIECE)
    if coder is not None and not coder.is_finished():
        raise CodingError("undecodable")


def _unzstd(pieces: Iterable[bytes]) -> Iterator[bytes]:
    make = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompressobj
    coder = make()
    fed = False
    for data in pieces:
        for at in range(0, len(data), ZSTD_PIECE):
            rest = data[at : at + ZSTD_PIECE]
            while rest:
                if coder.eof:
                    coder = make()
                fed = True
                yield coder.decompress(rest)
                rest = coder.unused_data if coder.eof else b""
    if fed and not coder.eof:
        raise CodingError("undecodable")


_CODERS: dict[str, Decode] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
