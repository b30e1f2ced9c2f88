"""The one sequencer: what the WARC files hold and the log lacks becomes entries, then a checkpoint.

The live case, a crash and an import take the same road: the files are read from where the log's
order ends, so nothing has to be handed over, and nothing can be forgotten. Order of writes, each
durable before the next (field notes of the design, 2.3):

    1. the groups in their WARC files; a file that is still open is synced first
    2. the tiles and entry bundles of the larger tree
    3. the order's new lines
    4. the head, which replaces the old one
    5. the signed checkpoint

A crash before 4 leaves tiles and lines that nothing commits to: the next run cuts the lines off and
sets such tiles aside. A crash between 4 and 5 leaves a head that the next run signs. What is refused:
a tree smaller than one that was signed, and another tree of the same size.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive.durable import Files, OverwriteError, write_new, write_over
from archive.errors import DamagedError, RecordError, Where, storage
from archive.evidence.growth import Growth
from archive.evidence.log import (
    CHECKPOINT,
    HEAD,
    ORDER,
    Head,
    Log,
    Signed,
    closed_logs,
    current_log,
)
from archive.evidence.note import Note, NoteError, Signature, Signer
from archive.evidence.order import Run
from archive.evidence.tiles import WIDTH, TileFolder
from archive.layout import ArchiveRoot
from archive.reader import groups
from archive.stored import OPEN, sealed_name

LOCK = "log.lock"
"""Beside the log, not in it: a log that is closed moves, and the lock must not move with it."""


class RefusedError(DamagedError):
    """The log takes no entries: it is not what it was when it was last signed."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What a run of the sequencer did. `damaged` tells of files that could not be read to their end."""

    head: Head
    entries: int
    damaged: tuple[RecordError, ...] = ()


class Sequencer:
    """Appends to and signs the log of an archive; one at a time, whatever the process.

    `seen` are checkpoints of this log that lie elsewhere (published, stamped): a log that is behind
    one of them was cut short and is refused. `succeeding` says that this log takes over from a closed
    one (archive.evidence.succession), and only then may it begin beside closed logs.
    """

    def __init__(
        self,
        root: ArchiveRoot,
        origin: str,
        *,
        seen: Sequence[Signed] = (),
        succeeding: bool = False,
        files: Files | None = None,
    ) -> None:
        self._root = root
        self._origin = origin
        self._seen = seen
        self._succeeding = succeeding
        self._files = files or Files()

    def append(self, first: Path | None = None) -> Appended:
        """Enter every whole group that no log of the archive holds, those of the file `first` first.

        A damaged group ends its file for the log: what lies behind it is entered once it is mended.
        Raises `RefusedError` and `StorageError`.
        """
        with standstill(self._root, self._files):
            return self._append(self._checked(), first)

    def sign(self, signers: Sequence[Signer]) -> Signed | None:
        """Sign and publish the head, unless it is; `None` while the log is empty.

        Raises `RefusedError`, `StorageError`, and what the signers raise.
        """
        with standstill(self._root, self._files):
            log = self._checked()
            return self._sign(log.head, signers) if log.head else None

    def add_lines(self, signed: Signed, lines: Sequence[Signature]) -> Signed:
        """Set the lines of cosigners under the checkpoint, unless a later one is there already.

        Raises `RefusedError`, `StorageError`.
        """
        with standstill(self._root, self._files):
            published = self._checked().signed()
            if published is None or published.checkpoint != signed.checkpoint:
                return published or signed
            note = Note.parse(published.data)
            new = [line for line in lines if line not in note.signatures]
            data = Note(note.text, (*note.signatures, *new)).to_bytes()
            write_over(self._root.log / CHECKPOINT, data, self._files)
            return Signed(data, signed.checkpoint)

    def _append(self, log: Log, first: Path | None) -> Appended:
        head = log.head or Head.empty(self._origin)
        waiting = _Waiting(self._root, log, first, self._files)
        growth = Growth(head.size, TileFolder(log.folder))
        for path, data in growth.extend(waiting.entries()):
            self._write_tile(log.folder / path, data)
        damaged = tuple(waiting.damaged)
        if not waiting.runs:
            return Appended(head, 0, damaged)
        self._write_order(log.folder / ORDER, log.order.length, waiting.runs)
        new = Head(head.origin, growth.size, growth.root)
        write_over(log.folder / HEAD, new.to_bytes(), self._files)
        return Appended(new, new.size - head.size, damaged)

    def _sign(self, head: Head, signers: Sequence[Signer]) -> Signed:
        path = self._root.log / CHECKPOINT
        published = Log(self._root.log, self._root.keys).signed()
        if published and published.checkpoint == head.checkpoint:
            return published
        if not signers:
            raise RefusedError("there is no key to sign with", where=Where(self._root.keys))
        note = Note.sign(head.checkpoint.text, *signers)
        note.verified_by(
            signer.verifier for signer in signers
        )  # a signer that errs is not published
        signed = Signed(note.to_bytes(), head.checkpoint)
        write_over(path, signed.data, self._files)
        return signed

    def _checked(self) -> Log:
        """The log, once it is sure that it may grow. Each refusal is one that a fork begins with."""
        log = current_log(self._root)
        if log.is_restored:
            raise _refused(
                "it was restored from a backup, and entries signed since may be lost", log.folder
            )
        if log.head is None and (log.folder / CHECKPOINT).exists():
            raise _refused("it has a checkpoint and no head", log.folder)
        if log.head is None and not self._succeeding and closed_logs(self._root):
            raise _refused("the last one was closed, and none has taken over", log.folder)
        head = log.head or Head.empty(self._origin)
        if head.origin != self._origin:
            raise _refused(f"it is the log of {head.origin}, not of {self._origin}", log.folder)
        if log.tree().root() != head.root:
            raise _refused("its tiles do not lead to its head", log.folder)
        try:
            published = log.signed()
        except NoteError as error:
            raise _refused(f"its checkpoint is damaged: {error}", log.folder) from error
        for signed in (*([published] if published else []), *self._seen):
            self._refuse_behind(log, head, signed)
        return log

    def _refuse_behind(self, log: Log, head: Head, signed: Signed) -> None:
        seen = signed.checkpoint
        if seen.origin != head.origin:
            return
        if seen.size > head.size:
            raise _refused(
                f"a checkpoint of {seen.size} entries was signed, and it has {head.size}",
                log.folder,
            )
        if log.tree(seen.size).root() != seen.root:
            raise _refused(
                f"another tree of {seen.size} entries was signed than it holds", log.folder
            )

    def _write_tile(self, path: Path, data: bytes) -> None:
        """A tile of other bytes that nothing has committed to is a crashed run's: it is set aside."""
        with storage(path.parent):
            self._files.mkdir(path.parent)
        try:
            write_new(path, data, self._files)
        except OverwriteError:
            self._set_aside(path)
            write_new(path, data, self._files)

    def _set_aside(self, path: Path) -> None:
        name = path.relative_to(self._root.path).as_posix().replace("/", "_")
        with storage(path):
            self._files.mkdir(self._root.quarantine)
            self._files.replace(path, self._root.quarantine / name)
            self._files.fsync_folder(self._root.quarantine)
            self._files.fsync_folder(path.parent)

    def _write_order(self, path: Path, length: int, runs: Sequence[Run]) -> None:
        with storage(path):
            fd = self._files.open(path) if path.exists() else self._files.create(path)
            try:
                if os.fstat(fd).st_size > length:
                    self._files.truncate(fd, length)
                self._files.write(fd, b"".join(run.line for run in runs))
                self._files.fsync(fd)
            finally:
                self._files.close(fd)
            self._files.fsync_folder(path.parent)


@contextmanager
def standstill(root: ArchiveRoot, files: Files | None = None) -> Iterator[None]:
    """Keep the log of an archive as it is: nobody enters or signs meanwhile. Waits for whoever does."""
    files = files or Files()
    path = root.path / LOCK
    with storage(path):
        files.mkdir(root.log)
        path.touch()
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        files.lock(fd, wait=True)
        yield
    finally:
        os.close(fd)


class _Waiting:
    """The groups that the log lacks, file by file; `runs` and `damaged` fill while they are read."""

    def __init__(self, root: ArchiveRoot, log: Log, first: Path | None, files: Files) -> None:
        self.runs: list[Run] = []
        self.damaged: list[RecordError] = []
        self._root = root
        self._orders = [each.order for each in (log, *closed_logs(root))]
        self._first = first
        self._files = files
        self._next = log.size
        self._ends: dict[str, int] = {}

    def entries(self) -> Iterator[bytes]:
        paths = self._root.warc.glob("*.warc.gz*")
        for path in sorted(paths, key=lambda path: (path != self._first, path)):
            name = sealed_name(path.name)
            # While a file is sealed it has both names for an instant; it is entered once.
            start = self._ends.get(name) or max(order.end_of(name) for order in self._orders)
            try:
                end = self._durable_end(path)
                if start < end:
                    yield from self._of_file(path, start, end)
            except FileNotFoundError:  # sealed meanwhile: its new name comes next time
                continue
            except RecordError as error:
                if not path.name.endswith(OPEN):  # an open file may end within a group
                    self.damaged.append(error)

    def _durable_end(self, path: Path) -> int:
        """Up to where the bytes of a file are safe. What is written while it is synced does not count."""
        if not path.name.endswith(OPEN):
            return path.stat().st_size
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(fd).st_size
            with storage(path):
                self._files.fsync(fd)
        finally:
            os.close(fd)
        return size

    def _of_file(self, path: Path, start: int, end: int) -> Iterator[bytes]:
        name = sealed_name(path.name)
        for group in groups(path, start):
            if group.end > end:
                return
            self._count(name, group.offset, group.end)
            yield group.entry

    def _count(self, file: str, start: int, end: int) -> None:
        last = self.runs[-1] if self.runs else None
        if last and (last.file, last.end) == (file, start) and self._next % WIDTH:
            self.runs[-1] = Run(last.first, last.count + 1, file, last.start, end)
        else:
            self.runs.append(Run(self._next, 1, file, start, end))
        self._next += 1
        self._ends[file] = end


def _refused(why: str, folder: Path) -> RefusedError:
    return RefusedError(
        f"the log takes no entries: {why}",
        where=Where(folder),
        advice="bring log/ back as it was, or `muniment log succeed --reason …` to go on with a new one",
    )
