"""A generator that runs in a process of its own, which makes the next thing while one is used.

What it yields crosses by pickle, so the module that makes it must load without starting anything. The
process ends with its generator, with whoever takes from it, even where that one is killed, and with
`close`; Ctrl-C is for whoever takes.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

from archive.errors import Error, StoppedError

T = TypeVar("T")

_CONTEXT = multiprocessing.get_context("spawn")
_END = None
"""Sent behind the last thing; each of those is sent in a tuple."""


class Apart(Generic[T]):
    """What `make(*arguments)` yields. To be closed."""

    def __init__(self, make: Callable[..., Iterator[T]], *arguments: object) -> None:
        self.connection, theirs = _CONTEXT.Pipe(duplex=False)
        self._process = _CONTEXT.Process(target=_feed, args=(theirs, make, arguments), daemon=True)
        self._process.start()
        self._has_more = True
        theirs.close()

    def __iter__(self) -> Iterator[T]:
        while (told := self._receive()) is not _END:
            yield told[0]

    def take(self) -> T:
        """The next thing, where there must be one."""
        told = self._receive()
        assert told is not _END, "more was taken than was made"
        return told[0]

    def close(self) -> None:
        """End the process, whatever it is about; its generator cleans up behind itself."""
        self.connection.close()
        if self._has_more:
            self._process.terminate()
        self._process.join()
        self._process.close()

    def _receive(self) -> tuple[T] | None:
        try:
            told: tuple[T] | Error | None = self.connection.recv()
        except EOFError:
            raise StoppedError(
                "a process that reads the archive was ended",
                advice="give the same order again: what is in the catalog already is passed over",
            ) from None
        if isinstance(told, Error):
            raise told
        self._has_more = told is not _END
        return told


def _leave(*_: object) -> None:
    """Leave every `with` on the way out: a generator may have files and processes of its own."""
    raise SystemExit


def _feed(
    connection: Connection, make: Callable[..., Iterator[object]], arguments: tuple[object, ...]
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    gc.freeze()  # what the modules hold lasts as long as the process
    try:
        for made in make(*arguments):
            connection.send((made,))
        connection.send(_END)
    except Error as error:
        connection.send(error)
    except BrokenPipeError:  # the other side has stopped, and said why
        return
