"""The last checkpoint that was seen of a log, kept by whoever watches it.

A log that later shows fewer entries, or others, is found out by it. What is kept is what a known key
signed and what followed from the one kept before: never an older one, never one of a fork.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from archive.durable import Files, write_over
from archive.errors import Where, reading, storage
from archive.evidence.log import Signed
from archive.evidence.note import NoteError
from archive.verdict import Check, Verdict


def file_name(origin: str) -> str:
    """The name of a log as the beginning of a file's."""
    return origin.replace("/", "_")


@dataclass(frozen=True, slots=True)
class Seen:
    """The file that holds one log's checkpoint."""

    path: Path

    @classmethod
    def of(cls, folder: Path, origin: str) -> Seen:
        """The file for the log of that origin among others."""
        return cls(folder / f"{file_name(origin)}.checkpoint")

    def read(self) -> Signed | None:
        """What was seen; `None` before the first time. Raises `DamagedError`, `StorageError`."""
        if not self.path.exists():
            return None
        with reading(self.path):
            data = self.path.read_bytes()
        try:
            return Signed.parse(data)
        except NoteError as error:
            raise NoteError(
                f"the checkpoint seen last cannot be read: {error.what}",
                where=Where(self.path),
                advice="bring the file back from a copy; without it no rollback before now is found",
            ) from error

    def keep(self, signed: Signed, checks: Iterable[Check], files: Files | None = None) -> bool:
        """Keep what an audit that read this file came to; whether it was kept. Raises `StorageError`."""
        verdicts = {check.layer: check.verdict for check in checks}
        follows = verdicts.get("consistent") is Verdict.PASSED or not self.path.exists()
        if verdicts.get("signed") is not Verdict.PASSED or not follows:
            return False
        files = files or Files()
        with storage(self.path):
            files.mkdir(self.path.parent)
        write_over(self.path, signed.data, files)
        return True
