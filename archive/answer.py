"""A stored capture opened again: its statement, and the bytes of each layer (design 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from archive.digest import Absent, Digests, Layer
from archive.errors import DamagedError, NotFoundError, RecordError, Where
from archive.ident import printed
from archive.layers import Message
from archive.reader import StoredGroup, StoredRecord, groups, read_record
from archive.record import plain_bytes
from archive.statement import Capture
from archive.times import to_text
from archive.warc import Block, chunks, length

LAYERS = ("content", "payload", "block", "record")

Find = Callable[[str], tuple[Path, int, int] | None]
"""The file, offset and length of the record with this id."""


@dataclass(frozen=True, slots=True)
class Rejoined:
    """The block of a revisit made whole: its own head, and the body of the record it refers to."""

    head: bytes
    referred: Block
    body_start: int

    @property
    def length(self) -> int:
        return len(self.head) + length(self.referred) - self.body_start

    def chunks(self) -> Iterator[bytes]:
        yield self.head
        skip = self.body_start
        for chunk in chunks(self.referred):
            if skip < len(chunk):
                yield chunk[skip:]
            skip -= min(skip, len(chunk))


@dataclass(frozen=True)
class Answer:
    """What came back in one capture. Raises `RecordError` where the archive's bytes are damaged."""

    path: Path
    group: StoredGroup
    find: Find

    @classmethod
    def at(cls, path: Path, offset: int, find: Find) -> Answer:
        """The capture whose group begins at `offset` of the WARC file `path`."""
        try:
            return cls(path, next(groups(path, offset)), find)
        except FileNotFoundError as error:
            raise DamagedError(
                "a WARC file is missing",
                where=Where(path),
                advice="bring it back from a copy; `muniment doctor` lists what is missing",
            ) from error

    @property
    def capture(self) -> Capture:
        statement = self.group.statement
        if not isinstance(statement, Capture):
            raise RecordError("not a capture", where=Where(self.path, self.group.offset))
        return statement

    @property
    def record(self) -> StoredRecord | None:
        """The record that holds what came back; none for an attempt that brought nothing."""
        kinds = ("response", "revisit", "resource")
        told = [record for record in self.group.records if record.type in kinds]
        return told[-1] if told and self.capture.digests else None

    @cached_property
    def block(self) -> Block:
        """The answer as it was sent, a revisit's joined with the body that it refers to.

        A server's "not modified" came without a body: its head is the whole answer.
        """
        record = self._existing()
        own = read_record(self.path, record.offset, record.length).block
        refers, sent = self.capture.revisit, self.stated("block")
        if refers is None or length(own) == sent.length:
            return own
        place = self.find(refers.record)
        if place is None:
            raise RecordError(
                f"the record that this one refers to is not in the archive: {refers.record}",
                where=Where(self.path, record.offset, refers.url),
            )
        referred = read_record(*place).block
        head = _message(referred, "HEAD").reader.head
        return Rejoined(b"".join(chunks(own)), referred, head.end if head else 0)

    def stated(self, layer: str) -> Digests:
        """What the statement says of a layer. Raises `NotFoundError` where it has no such layer."""
        told = self.capture.digests
        found: Layer | None = getattr(told, layer) if told else None
        if isinstance(found, Digests):
            return found
        refers, id_ = self.capture.revisit, printed(self.group.id)
        if isinstance(found, Absent):
            why, advice = found.reason, f"`muniment get {id_} --as block` gives what was received"
        elif refers:
            why = f"the answer was that nothing had changed since {to_text(refers.time)}"
            advice = f"`muniment get {refers.url} --at {to_text(refers.time)}`"
        else:
            why, advice = self.capture.code or "nothing came back", ""
        raise NotFoundError(f"capture {id_} has no {layer}: {why}", advice=advice)

    def bytes_of(self, layer: str) -> Iterator[bytes]:
        """The bytes of a layer, piece by piece; `record` is the WARC record with its head."""
        if layer == "record":
            record = self._existing()
            return plain_bytes(self.path, record.offset, record.length)
        return map(bytes, self._message().layer(layer))

    def _message(self) -> Message:
        http = next(iter(chunks(self.block)), b"").startswith(b"HTTP/")
        return _message(self.block, self.capture.method if http else "")

    def _existing(self) -> StoredRecord:
        if self.record is None:
            why = self.capture.code or "nothing came back"
            raise NotFoundError(f"this capture holds no answer: {why}")
        return self.record


def _message(block: Block, method: str) -> Message:
    return Message(lambda: iter(chunks(block)), method)
