"""One transparency log as it lies on disk: its head, its signed checkpoint, its tiles, its order.

    log/head        what was last committed to, written before it is signed
    log/checkpoint  the signed note of the head, or of an earlier one after a crash
    log/tile/…      the tree (C2SP tlog-tiles)
    log/order       which groups the entries stand for (archive.evidence.order)

Here it is read; `archive.evidence.sequencer` alone writes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson

from archive.durable import Files, write_over
from archive.errors import DamagedError, Where, reading
from archive.evidence.checkpoint import Checkpoint
from archive.evidence.keys import KeyRing
from archive.evidence.merkle import EMPTY_ROOT
from archive.evidence.note import Note, NoteError
from archive.evidence.order import Order
from archive.evidence.proof import InclusionProof
from archive.evidence.tiles import TileFolder
from archive.evidence.tree import Tree
from archive.layout import ArchiveRoot

HEAD, CHECKPOINT, ORDER, RESTORED = "head", "checkpoint", "order", "restored"


@dataclass(frozen=True, slots=True)
class Head:
    """What a log has committed to: never a smaller tree after it, never another of that size."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def empty(cls, origin: str) -> Head:
        return cls(origin, 0, EMPTY_ROOT)

    @property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint(self.origin, self.size, self.root)

    def to_bytes(self) -> bytes:
        return orjson.dumps(
            {"origin": self.origin, "size": self.size, "root": self.root.hex()},
            option=orjson.OPT_APPEND_NEWLINE,
        )

    @classmethod
    def parse(cls, data: bytes, where: Where) -> Head:
        """Raises `DamagedError`."""
        try:
            raw = orjson.loads(data)
            head = cls(raw["origin"], raw["size"], bytes.fromhex(raw["root"]))
            _ = head.checkpoint
        except (KeyError, TypeError, ValueError, NoteError) as error:
            raise DamagedError(
                f"the head of the log is damaged: {error}",
                where=where,
                advice="bring the folder log/ back from a copy, then `muniment log succeed`",
            ) from error
        return head


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed checkpoint: its bytes, and what its text says. The signatures are not checked yet."""

    data: bytes
    checkpoint: Checkpoint

    @classmethod
    def parse(cls, data: bytes) -> Signed:
        """Raises `NoteError`."""
        return cls(data, Checkpoint.parse(Note.parse(data).text))


@dataclass(frozen=True, slots=True)
class RestoredMark:
    """What `log/restored` says: why the log waits, and the last checkpoint that was seen of it."""

    reason: str
    checkpoint: bytes | None = None
    about: dict[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        text = self.checkpoint.decode("utf-8", "replace") if self.checkpoint else None
        told = {"reason": self.reason, "checkpoint": text, **self.about}
        return orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_INDENT_2)

    @classmethod
    def read(cls, path: Path) -> RestoredMark | None:
        """The mark; one made by hand may say nothing. `None` where there is none."""
        if not path.exists():
            return None
        with reading(path):
            data = path.read_bytes()
        try:
            told = orjson.loads(data)
            text = told.pop("checkpoint", None)
            return cls(str(told.pop("reason", "")), text.encode() if text else None, told)
        except (ValueError, AttributeError):
            return cls("")


@dataclass(frozen=True)
class Log:
    """The log in a folder, with the public keys that its checkpoints are verified by."""

    folder: Path
    keys: Path

    @cached_property
    def head(self) -> Head | None:
        """What is committed to; `None` before the first entry. Raises `DamagedError`."""
        path = self.folder / HEAD
        if not path.exists():
            return None
        with reading(path):
            return Head.parse(path.read_bytes(), Where(path))

    @cached_property
    def ring(self) -> KeyRing:
        return KeyRing(self.keys, self.head.origin if self.head else "")

    @property
    def size(self) -> int:
        return self.head.size if self.head else 0

    @cached_property
    def order(self) -> Order:
        return Order.read(self.folder / ORDER, self.size)

    @property
    def is_restored(self) -> bool:
        """Whether it came back from a backup and nobody has said yet how it goes on."""
        return (self.folder / RESTORED).exists()

    def mark_restored(self, told: RestoredMark, files: Files | None = None) -> None:
        """Let nothing be signed until a successor takes over. Raises `StorageError`."""
        write_over(self.folder / RESTORED, told.to_bytes(), files)

    def published(self) -> Signed | None:
        """The checkpoint as it lies there, its signatures not checked. Raises `NoteError`."""
        path = self.folder / CHECKPOINT
        if not path.exists():
            return None
        with reading(path):
            return Signed.parse(path.read_bytes())

    def signed(self) -> Signed | None:
        """The checkpoint as published, its signatures checked. Raises `NoteError`."""
        signed = self.published()
        if signed is not None:
            self.verify(signed)
        return signed

    def verify(self, signed: Signed) -> None:
        """Check that one of this log's keys signed. Raises `NoteError` where none did."""
        if not Note.parse(signed.data).verified_by(self.ring.verifiers()):
            raise NoteError(f"no known key of {signed.checkpoint.origin} signed the checkpoint")

    @property
    def tiles(self) -> TileFolder:
        return TileFolder(self.folder)

    def tree(self, size: int | None = None) -> Tree:
        """The tree of the first `size` entries, by default of all."""
        return Tree(self.size if size is None else size, self.tiles)

    def index_of(self, file: str, offset: int, entry: bytes) -> int | None:
        """Where a group's entry stands; `None` where the group is not in this log.

        Raises `DamagedError` where the log says that the group is in it and has another entry there.
        """
        run = self.order.at(file, offset)
        if run is None:
            return None
        for index, found in enumerate(self.tree().entries(run.first, run.count), run.first):
            if found == entry:
                return index
        raise DamagedError(
            "the log holds another entry for this group than its statement has now",
            where=Where(file, offset),
            advice="check the file with `muniment verify --all`, the log with `muniment log audit`",
        )

    def proof(self, index: int, signed: Signed) -> InclusionProof:
        """That the entry at `index` is in the tree that a checkpoint of this log signs."""
        return InclusionProof(
            index, self.tree(signed.checkpoint.size).inclusion(index), signed.data, None
        )


def current_log(root: ArchiveRoot) -> Log:
    return Log(root.log, root.keys)


def closed_logs(root: ArchiveRoot) -> list[Log]:
    """The logs that were closed, the first one first (archive.evidence.succession)."""
    folders = [path for path in root.closed_logs.glob("[0-9]*") if path.name.isdigit()]
    return [Log(path, root.keys) for path in sorted(folders, key=lambda path: int(path.name))]


def all_logs(root: ArchiveRoot) -> list[Log]:
    """The closed logs in their order, and the current one at last."""
    return [*closed_logs(root), current_log(root)]
