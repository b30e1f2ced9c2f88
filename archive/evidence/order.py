"""The order of the log: which groups of which WARC file its entries stand for.

A line `FIRST COUNT FILE START END` says that the entries from FIRST on, COUNT of them, are the groups
between the bytes START and END of FILE. A run never spans two entry bundles, so an entry is found by
reading one. The file is private, as the leaves are; it follows from the WARC files and the log and
can be made again from them (`archive.evidence.audit`). Only the lines within the log's head count: a
crash leaves lines beyond it, or half a line, which the next append cuts off.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.errors import DamagedError, Where, reading


@dataclass(frozen=True, slots=True)
class Run:
    """Entries in a row whose groups lie in a row in one file, sealed or still open."""

    first: int
    count: int
    file: str
    start: int
    end: int

    @property
    def after(self) -> int:
        """The index that follows the last entry of the run."""
        return self.first + self.count

    @property
    def line(self) -> bytes:
        return f"{self.first} {self.count} {self.file} {self.start} {self.end}\n".encode()

    @classmethod
    def parse(cls, line: bytes) -> Run:
        """Raises `ValueError` where it is no such line."""
        first, count, file, start, end = line.decode().split(" ")
        run = cls(int(first), int(count), file, int(start), int(end))
        if run.count < 1 or run.start >= run.end or Path(file).name != file or run.line != line:
            raise ValueError("not a run of entries")
        return run


class Order:
    """The runs of a log of `size` entries, to be looked up by index and by place."""

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self.runs: list[Run] = []
        self.size = 0
        self._by_file: dict[str, list[Run]] = defaultdict(list)
        self.extend(runs)

    @classmethod
    def read(cls, path: Path, size: int) -> Order:
        """The runs up to `size` entries. Raises `DamagedError` where they do not come to that."""
        order = cls()
        if not path.exists():
            data = b""
        else:
            with reading(path):
                data = path.read_bytes()
        at = 0
        while order.size < size:
            end = data.find(b"\n", at) + 1
            try:
                run = Run.parse(data[at:end])
                order.extend([run])
            except ValueError as error:
                raise DamagedError(
                    f"the order of the log is damaged: {error}",
                    where=Where(path, at),
                    advice="bring the file back from a copy",
                ) from error
            at = end
        if order.size != size:
            raise DamagedError("the order of the log does not end at its head", where=Where(path))
        return order

    @property
    def length(self) -> int:
        """Bytes of the lines that count."""
        return sum(len(run.line) for run in self.runs)

    def extend(self, runs: Iterable[Run]) -> None:
        """Raises `ValueError` for a run that does not follow the last one."""
        for run in runs:
            if run.first != self.size:
                raise ValueError(f"entry {run.first} follows {self.size} entries")
            self.runs.append(run)
            self._by_file[run.file].append(run)
            self.size = run.after

    def end_of(self, file: str) -> int:
        """Up to which byte a file is in the log; 0 where nothing of it is."""
        runs = self._by_file.get(file)
        return runs[-1].end if runs else 0

    def at(self, file: str, offset: int) -> Run | None:
        """The run that a group at `offset` of a file belongs to."""
        runs = self._by_file.get(file, [])
        found = bisect_right(runs, offset, key=lambda run: run.start) - 1
        return runs[found] if found >= 0 and offset < runs[found].end else None

    def of(self, index: int) -> Run:
        """The run that an entry belongs to. Raises `IndexError`."""
        if not 0 <= index < self.size:
            raise IndexError(index)
        return self.runs[bisect_right(self.runs, index, key=lambda run: run.first) - 1]

    def since(self, index: int) -> Sequence[Run]:
        """The runs from the one on that holds the entry at `index`."""
        return self.runs[bisect_right(self.runs, index, key=lambda run: run.first) - 1 :]

    def files(self) -> Iterator[str]:
        yield from self._by_file

    def of_file(self, file: str) -> Sequence[Run]:
        """The runs that lie in a file, in its order."""
        return self._by_file.get(file, [])
