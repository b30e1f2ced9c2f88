"""One connection, and one exchange at a time on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from archive.errors import StorageError
from crawler.wire.exchange import Answer, TlsFacts
from crawler.wire.limits import Limits, Watch


class Taker(Protocol):
    """What the bytes of an answer go to."""

    @property
    def over_limit(self) -> bool: ...

    def feed(self, data: bytes) -> bool:
        """Take bytes; whether the exchange is at its end."""


class Connection(asyncio.Protocol):
    """A connection that is never told to guess: it gives the bytes on, and says how they ended.

    `ask` ends with `done`, `closed` (the far side ended it), `reset`, `over-limit` or a `timeout-…`.
    """

    def __init__(self, number: int, on_lost: Callable[[Connection], None]) -> None:
        self.number = number
        self.ip: str | None = None
        self.port: int | None = None
        self.local: str | None = None
        self.tls: TlsFacts | None = None
        self.dns: Answer | None = None
        self.lost = False
        self.idle_since = 0.0
        self.transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._on_lost = on_lost
        self._taker: Taker | None = None
        self._watch: Watch | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ended: asyncio.Future[str] | None = None
        self.lost_detail = ""

    async def ask(self, request: bytes, taker: Taker, limits: Limits) -> tuple[str, float | None]:
        """Send a request and take its answer: how it ended, and when the first bytes came.

        Raises `StorageError` where what came could not be kept.
        """
        if self.lost or self.transport is None:
            return "closed", None
        self._taker, self._ended = taker, self._loop.create_future()
        now = self._loop.time()
        self._watch = Watch(limits, now)
        self._set_timer(now)
        try:
            self.transport.write(request)
            return await self._ended, self._watch.first
        finally:
            self._taker = None
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def close(self) -> None:
        """End the connection at once; nothing of ours is ever waiting to be sent."""
        self.lost = True
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self._taker is None or self._watch is None:
            self.close()  # bytes that nobody asked for belong to no exchange
            return
        now = self._loop.time()
        began = self._watch.first is None
        self._watch.came(now, len(data))
        if began:
            self._set_timer(now)  # other limits hold from here on, and may come sooner
        try:
            at_end = self._taker.feed(data)
        except (StorageError, OSError) as error:
            self._fail(error)
            return
        if at_end:
            self._end("over-limit" if self._taker.over_limit else "done")

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        self.lost_detail = str(error or "")
        self._on_lost(self)
        self._end("reset" if error else "closed")

    def _set_timer(self, now: float) -> None:
        assert self._watch is not None
        due, _ = self._watch.due(now)
        if self._timer is not None:
            if self._timer.when() <= due:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(due, self._look)

    def _look(self) -> None:
        """A limit was reached, or has moved on since the timer was set."""
        assert self._watch is not None
        self._timer = None
        now = self._loop.time()
        due, code = self._watch.due(now)
        if due <= now:
            self._end(code)
        else:
            self._set_timer(now)

    def _end(self, how: str) -> None:
        if self._ended is not None and not self._ended.done():
            self._taker = None
            self._ended.set_result(how)

    def _fail(self, error: Exception) -> None:
        self._taker = None
        self.close()
        if self._ended is not None and not self._ended.done():
            self._ended.set_exception(error)
