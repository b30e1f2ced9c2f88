"""The wire's one promise: an ask becomes an exchange, whatever happens on the way."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from archive.http1 import keeps_alive
from archive.measure import measure
from archive.times import Clock
from crawler.aside import Aside
from crawler.wire.connection import Connection
from crawler.wire.egress import Egress
from crawler.wire.exchange import Exchange, Failure, WireError
from crawler.wire.intake import Intake
from crawler.wire.opening import Opener
from crawler.wire.pool import Key, Pool
from crawler.wire.request import Ask, encode, target

STALE = "stale-connection"
"""A kept connection that ended before a byte came: the server had given it up."""


class Wire:
    """Makes exchanges. `folder` takes the blocks that are too large for memory, `aside` measures
    those that are large.
    """

    def __init__(
        self, opener: Opener, egress: Egress, clock: Clock, folder: Path, aside: Aside
    ) -> None:
        self.egress = egress
        self._aside = aside
        self._opener = opener
        self._clock = clock
        self._folder = folder
        self._pool = Pool()

    async def exchange(
        self, ask: Ask, egress: Egress | None = None, *, fresh: bool = False
    ) -> Exchange:
        """Make one attempt, on a connection of its own if `fresh`. Raises `StorageError` where what came could not be kept, else nothing.

        A spooled block belongs to the caller: `Exchange.discard`.
        """
        egress = egress or self.egress
        exchange = Exchange(url=ask.url, method=ask.method, started=self._clock())
        exchange.proxy = str(egress.proxy) if egress.proxy else None
        connection: Connection | None = None
        try:
            to = target(ask.url)
            key = Key.of(to, egress)
            request, recorded, redacted = encode(ask, to, egress)
            connection = None if fresh else self._pool.take(key)
            exchange.reused = connection is not None
            if connection is None:
                connection = await self._opener.open(to, egress, exchange, self._pool.forget)
            _tell(exchange, connection)
            exchange.sent, exchange.redacted = recorded, redacted
            await self._converse(connection, request, exchange)
            self._keep(connection, key, exchange)
        except WireError as error:
            exchange.failure = error.failure
        except BaseException:
            if connection is not None:
                connection.close()
            exchange.discard()
            raise
        return exchange

    def close(self) -> None:
        self._pool.close()

    async def _converse(self, connection: Connection, request: bytes, exchange: Exchange) -> None:
        intake = Intake(exchange.method, self._opener.limits, self._folder)
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            how, first = await connection.ask(request, intake, self._opener.limits)
        except BaseException:
            intake.discard()
            raise
        ended = loop.time()
        if first is not None:
            exchange.timings["first_byte"] = round((first - began) * 1000, 3)
            exchange.timings["end"] = round((ended - first) * 1000, 3)
        if how != "done":
            intake.reader.eof()
        _judge(exchange, intake, how, connection.lost_detail)
        await self._measure(exchange, intake)

    async def _measure(self, exchange: Exchange, intake: Intake) -> None:
        exchange.block = block = intake.block()
        if not intake.length:
            return
        cut = exchange.truncated is not None
        read = intake.reader if isinstance(block, bytes) else None
        work = partial(measure, block, exchange.method, cut=cut, read=read)
        found = await self._aside.run(intake.length, work)
        exchange.head, exchange.layers, exchange.content = found.head, found.layers, found.content
        exchange.trailing, exchange.flaws = found.trailing, found.flaws
        exchange.complete = not cut

    def _keep(self, connection: Connection, key: Key, exchange: Exchange) -> None:
        """Use the connection again only where there is no doubt about where the answer ended."""
        sure = exchange.complete and not exchange.trailing and not exchange.flaws
        head = exchange.head
        framed = head is not None and head.version != b"" and not connection.lost
        if sure and framed and head is not None and keeps_alive(head):
            self._pool.give(key, connection)
        else:
            connection.close()


def _tell(exchange: Exchange, connection: Connection) -> None:
    exchange.connection = connection.number
    exchange.ip, exchange.port = connection.ip, connection.port
    exchange.local, exchange.tls = connection.local, connection.tls
    exchange.dns = connection.dns


def _judge(exchange: Exchange, intake: Intake, how: str, detail: str) -> None:
    """Name what went wrong, if anything, and why the block is cut, if it is."""
    if how == "over-limit":
        what = (
            "heads without an end"
            if intake.reader.over_limit
            else f"more than {intake.length} bytes"
        )
        exchange.failure, exchange.truncated = Failure("over-limit", what), "length"
    elif how.startswith("timeout-"):
        exchange.failure = Failure(how, f"after {intake.length} bytes")
        exchange.truncated = "time" if intake.length else None
    elif not intake.length:
        code = (
            STALE
            if exchange.reused
            else "reset-before-answer"
            if how == "reset"
            else "empty-answer"
        )
        exchange.failure = Failure(code, detail)
    elif how == "reset":
        exchange.failure, exchange.truncated = Failure("reset-mid-body", detail), "disconnect"
    elif not intake.reader.complete:
        exchange.truncated = "disconnect"
