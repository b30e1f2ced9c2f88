"""Reading files from outside in processes of their own, so that none of them can harm the program.

A crash, a hang, a bomb costs the one file, and the reading says so: `crashed`, `timeout`,
`over-limit`. A process is kept for many files, as starting one takes longer than most files, and
another takes its place when it is gone. A file that ends a process which had read others before is
read once more by a new one, so that what is said of it does not hang on its predecessors.

The same file gives the same reading, save for `timeout`: how long a file takes is the machine's
affair. Such contents are read again by `rebuild`, as everything is.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import orjson

from archive.errors import UncheckedError
from catalog.text.kind import Kind, declared_type, unknown
from catalog.text.reading import Reading, nothing
from catalog.text.worker_limits import Limits
from catalog.text.worker_wire import WireError, frame, kind_from_json, reading_from_json, unframe

AHEAD = 8
"""Files that are taken up before the first of them is read: so many wait on disk."""

SAID = 4_000
"""Characters of a header or a name that are handed over."""

ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONPATH", "COVERAGE_PROCESS_CONFIG")
"""What a process is told of ours: no password is among it."""

CHUNK = 1 << 20

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be read, and what its server said of it."""

    path: Path
    content_type: str | None
    name: str | None
    scan: bool = False
    """Whether letters are to be made out on its images, in place of reading its text."""


class Child:
    """One process, and the file that it is reading.

    Raises `UncheckedError` where none can be started, which is no fault of the file.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._folder = tempfile.TemporaryDirectory(prefix="muniment-reading-")
        told = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        words = [sys.executable, "-P", "-m", "catalog.text.worker_child"]
        try:
            self._process = subprocess.Popen(  # noqa: S603 -- our own interpreter and module
                [*words, orjson.dumps(asdict(limits)).decode(), self._folder.name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**told, "TMPDIR": self._folder.name, "HOME": self._folder.name},
                start_new_session=True,  # so that what it starts ends with it
            )
        except OSError as error:
            self._folder.cleanup()
            raise _not_started(str(error)) from error
        assert self._process.stdout is not None
        self.answers = self._process.stdout.fileno()
        os.set_blocking(self.answers, False)
        self._received = bytearray()
        self._kind: Kind | None = None
        self._job: Job | None = None
        self.confined: list[str] | None = None
        """What limits are in force; `None` until it has said so."""
        self.deadline = 0.0
        self.files = 0
        self.is_usable = True

    def order(self, job: Job) -> None:
        """Hand over a file; one at a time."""
        self._job, self._kind = job, None
        self.files += 1
        self.deadline = time.monotonic() + self._limits.seconds
        said = {
            "path": str(job.path),
            "content_type": _cut(job.content_type),
            "name": _cut(job.name),
            "scan": job.scan,
        }
        assert self._process.stdin is not None
        with suppress(OSError):  # a process that is gone already: found out on reading
            self._process.stdin.write(frame(said))
            self._process.stdin.flush()

    def answer(self) -> Reading | None:
        """What came of the file; `None` while the process reads it and may go on."""
        assert self._job is not None
        try:
            is_open = self._receive()
            while (message := unframe(self._received)) is not None:
                if (reading := self._take(message)) is not None:
                    return reading
        except WireError as error:
            return self._fail("crashed", f"the process that read it answered with {error}")
        if not is_open:
            return self._gone()
        if time.monotonic() < self.deadline:
            return None
        return self._fail("timeout", f"reading it took more than {self._limits.seconds:g} seconds")

    def _receive(self) -> bool:
        """Take in what there is; whether more may come."""
        try:
            while chunk := os.read(self.answers, CHUNK):
                self._received += chunk
                if len(chunk) < CHUNK:
                    return True
        except BlockingIOError:
            return True
        return False

    def _take(self, message: dict[str, Any]) -> Reading | None:
        if "confined" in message:
            self.confined = [str(each) for each in message["confined"]]
        elif "kind" in message:
            self._kind = kind_from_json(message["kind"])
        elif "over" in message:
            return self._fail("over-limit", "reading it took too much memory")
        else:
            reading = reading_from_json(message.get("reading"))
            is_spent = message.get("last") is not False or self.files >= self._limits.files
            self.is_usable = not is_spent and not self._received  # it says no more than asked
            return reading
        return None

    def _gone(self) -> Reading:
        """Nothing more will come: say of the file what ended the process."""
        status = self._process.wait()
        if self.confined is None:
            self.close()
            raise _not_started(f"it ended with status {status}")
        if status == -signal.SIGXCPU:
            return self._fail("timeout", f"reading it took more than {self._limits.cpu} s of CPU")
        how = f"exit status {status}" if status >= 0 else _signal_name(-status)
        return self._fail("crashed", f"the process that read it ended with {how}")

    def _fail(self, code: str, detail: str) -> Reading:
        assert self._job is not None
        self.is_usable = False
        kind = self._kind or unknown(declared_type(self._job.content_type))
        return Reading(kind, nothing(code, detail))

    def close(self) -> None:
        """End it, and all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()
        self._process.wait()
        self._folder.cleanup()


@dataclass
class _Slot(Generic[T]):
    """A file that was taken up, in the order of asking."""

    tag: T
    job: Job
    reading: Reading | None = None


class Readers:
    """Up to `count` processes that read files; each is started when there is work for it.

    To be closed, or used in `with`: no process outlives it.
    """

    def __init__(self, count: int = 1, limits: Limits | None = None) -> None:
        self._count = count
        self._limits = limits or Limits()
        self._idle: list[Child] = []
        self._busy: dict[Child, _Slot[Any]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def confined(self) -> list[str]:
        """The limits that are in force for every process that runs (`worker_limits.confine`)."""
        told = [set(child.confined or ()) for child in (*self._idle, *self._busy)]
        return sorted(set.intersection(*told)) if told else []

    def close(self) -> None:
        for child in (*self._idle, *self._busy):
            child.close()
        self._idle.clear()
        self._busy.clear()

    def read(self, jobs: Iterable[tuple[T, Job]]) -> Iterator[tuple[T, Reading]]:
        """The readings of files, in their order, each with what it came with.

        Jobs are drawn as processes come free, at most `AHEAD` before the first has its reading; a
        file must lie there until its reading is yielded.
        """
        waiting = iter(jobs)
        slots: deque[_Slot[T]] = deque()
        more = True
        while True:
            while more and len(slots) < AHEAD and len(self._busy) < self._count:
                drawn = next(waiting, None)
                if drawn is None:
                    more = False
                    break
                slots.append(_Slot(*drawn))
                self._start(slots[-1])
            if not slots:
                return
            if (reading := slots[0].reading) is not None:
                yield slots.popleft().tag, reading
            else:
                self._wait()

    def _start(self, slot: _Slot[Any], *, fresh: bool = False) -> None:
        child = self._idle.pop() if self._idle and not fresh else Child(self._limits)
        self._busy[child] = slot
        child.order(slot.job)

    def _wait(self) -> None:
        """Take what the processes have to say, when one of them has, or its time is over."""
        with selectors.DefaultSelector() as selector:
            for child in self._busy:
                selector.register(child.answers, selectors.EVENT_READ)
            first = min(child.deadline for child in self._busy)
            selector.select(max(first - time.monotonic(), 0))
        for child in list(self._busy):
            reading = child.answer()
            if reading is not None:
                self._settle(child, reading)

    def _settle(self, child: Child, reading: Reading) -> None:
        slot = self._busy.pop(child)
        if child.is_usable:
            self._idle.append(child)
        else:
            child.close()
            if reading.extraction.code in {"crashed", "over-limit"} and child.files > 1:
                self._start(slot, fresh=True)
                return
        slot.reading = reading


def _cut(said: str | None) -> str | None:
    return None if said is None else said[:SAID]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _not_started(why: str) -> UncheckedError:
    return UncheckedError(
        f"no process can be started to read files: {why}",
        advice="free some memory, or see whether this installation is whole",
    )
