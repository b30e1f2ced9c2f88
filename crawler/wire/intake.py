"""Takes in the bytes of an answer as they come, in memory or, when they are many, on disk."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import BinaryIO

from archive.errors import StorageError, storage
from archive.http1 import ResponseReader
from archive.warc import Block, Spool
from crawler.wire.limits import Limits


class Intake:
    """The block of one answer while it grows; `reader` tells where its message ends."""

    def __init__(self, method: str, limits: Limits, folder: Path) -> None:
        self.reader = ResponseReader(method, limits.head)
        self.length = 0
        self._limits = limits
        self._folder = folder
        self._parts: list[bytes] = []
        self._file: BinaryIO | None = None
        self._path: Path | None = None

    @property
    def over_limit(self) -> bool:
        return self.reader.over_limit or self.length > self._limits.size

    def feed(self, data: bytes) -> bool:
        """Take bytes; whether the exchange is at its end. Raises `StorageError`, the disk being full."""
        self.length += len(data)
        self.reader.feed(data)
        if self._file is not None:
            self._write(data)
        else:
            self._parts.append(data)
            if self.length > self._limits.spool_at:
                self._spool()
        return self.reader.complete or self.over_limit

    def block(self) -> Block:
        """All that came. The spool belongs to the caller from here on."""
        if self._file is None or self._path is None:
            return b"".join(self._parts)
        with storage(self._path):
            self._file.close()
        self._file = None
        return Spool(self._path, self.length)

    def discard(self) -> None:
        """Give up what came: the exchange was called off."""
        if self._file is not None and self._path is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)

    def _spool(self) -> None:
        with storage(self._folder):
            fd, name = tempfile.mkstemp(prefix="block-", suffix=".spool", dir=self._folder)
            self._path = Path(name)
            self._file = os.fdopen(fd, "wb")
        parts, self._parts = self._parts, []
        for part in parts:
            self._write(part)

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        try:
            with storage(self._folder):
                self._file.write(data)
        except StorageError:
            self.discard()
            raise
