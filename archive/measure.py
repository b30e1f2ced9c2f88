"""The layers of a stored answer and their digests, in memory or streamed (design 6).

An answer that was cut has no body, payload or content, and chunks that cannot be told have no
payload: there is never a digest of a part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archive.coding import CodingError, codings, decoded
from archive.digest import Absent, Digests, Hasher, Layer
from archive.http1 import Head, Message, ResponseReader, split, split_as_read
from archive.statement import Layers
from archive.warc import Block, Stream, chunks

CONTENT_HELD = 64 << 20
"""Bytes of decoded content that are given on in memory; of more there are only the digests."""


@dataclass(frozen=True, slots=True)
class Measured:
    """An answer taken apart, with the digests of its layers."""

    head: Head | None
    layers: Layers
    trailing: int
    """Bytes that came after the message's end; they are in the block and in no other layer."""
    flaws: tuple[str, ...]
    content: bytes | None
    """What a reader saves, if it is small enough; the payload itself where it cannot be decoded."""


def measure(
    block: Block, method: str = "GET", *, cut: bool = False, read: ResponseReader | None = None
) -> Measured:
    """Take an answer apart.

    `cut` where it is known to have been, though its framing cannot tell; `read` is what took the
    bytes in as they came, if anybody did.
    """
    if not isinstance(block, bytes):
        return _streamed(block, method, cut)
    return _in_memory(block, split_as_read(block, read) if read else split(block, method), cut)


def payload(block: Block, method: str = "GET") -> Iterator[bytes]:
    """The payload of an answer of any size, piece by piece."""
    reader = ResponseReader(method)
    for data in chunks(block):
        for piece in reader.feed(data):
            yield bytes(piece)


def content(block: Block, head: Head, method: str = "GET") -> Iterator[bytes]:
    """The content of an answer of any size. Raises `CodingError` where it cannot be had."""
    return decoded(payload(block, method), codings(head.fields))


def _in_memory(block: bytes, found: Message, cut: bool) -> Measured:
    whole = Digests.of(block)
    absent = _absent(found.complete and not cut, found.flaws)
    plain: bytes | None = found.payload
    if absent is not None and absent.reason == "truncated":
        layers = Layers(block=whole, body=absent, payload=absent, content=absent)
        return Measured(found.head, layers, found.trailing, found.flaws, plain)
    length = found.body_end - found.body_start
    sent_body = memoryview(block)[found.body_start : found.body_end]
    body = whole if length == len(block) else Digests.of(sent_body)
    sent: Layer = absent or (body if len(found.payload) == length else Digests.of(found.payload))
    names = codings(found.head.fields) if found.head else ()
    last: Layer = sent
    if names and isinstance(sent, Digests):
        last, plain = _opened(found.payload, names)
    layers = Layers(block=whole, body=body, payload=sent, content=last)
    return Measured(found.head, layers, found.trailing, found.flaws, plain)


def _opened(sent: bytes, names: tuple[str, ...]) -> tuple[Layer, bytes | None]:
    """The content's digests, and the content where it is not too large to be held."""
    hasher, held, length = Hasher(), [], 0
    try:
        for piece in decoded([sent], names):
            hasher.update(piece)
            length += len(piece)
            if length <= CONTENT_HELD:
                held.append(piece)
    except CodingError as error:
        return Absent(error.reason), sent if error.reason == "undecodable" else None
    return hasher.digests(), b"".join(held) if length <= CONTENT_HELD else None


def _streamed(block: Stream, method: str, cut: bool) -> Measured:
    reader = ResponseReader(method)
    whole, body, sent = Hasher(), Hasher(), Hasher()
    at = 0
    for data in block.chunks():
        whole.update(data)
        for piece in reader.feed(data):
            sent.update(piece)
        start = max(at, reader.head.end if reader.head else at + len(data))
        end = at + len(data) if reader.end is None else reader.end
        if start < end:
            body.update(memoryview(data)[start - at : end - at])
        at += len(data)
    reader.eof()
    head, flaws = reader.head, tuple(reader.flaws)
    absent = _absent(reader.complete and not cut, flaws)
    if absent is not None and absent.reason == "truncated":
        layers = Layers(block=whole.digests(), body=absent, payload=absent, content=absent)
        return Measured(head, layers, 0, flaws, None)
    payload_layer: Layer = absent or sent.digests()
    layers = Layers(
        block=whole.digests(),
        body=body.digests(),
        payload=payload_layer,
        content=_content_layer(block, head, method, payload_layer),
    )
    return Measured(head, layers, at - (reader.end or at), flaws, None)


def _content_layer(block: Block, head: Head | None, method: str, sent: Layer) -> Layer:
    if isinstance(sent, Absent) or head is None or not codings(head.fields):
        return sent
    try:
        return Digests.of_all(content(block, head, method))
    except CodingError as error:
        return Absent(error.reason)


def _absent(whole: bool, flaws: tuple[str, ...]) -> Absent | None:
    """Why there is no payload, if there is none."""
    if not whole:
        return Absent("truncated")
    return Absent("undecodable") if "bad-chunk" in flaws else None
