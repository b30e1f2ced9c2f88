"""Group commit: one fsync at a time, and all that arrive meanwhile share the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

LINGER = 0.01
"""Seconds that a sync waits for company: at full speed ten answers share it, at a polite pace
nobody notices. The next answers come meanwhile: what waits for the disk is off the wire."""


class GroupCommit:
    """Runs `sync` in a thread of its own, so that the crawl goes on while the disk works."""

    def __init__(self, sync: Callable[[], None]) -> None:
        self._sync = sync
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="fsync")
        self._waiting: list[asyncio.Future[None]] = []
        self._task: asyncio.Task[None] | None = None

    async def durable(self) -> None:
        """Return once a sync that began after this call has ended. Raises what it raised."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        await future

    def close(self) -> None:
        self._thread.shutdown()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                await asyncio.sleep(LINGER)
                waiting, self._waiting = self._waiting, []
                try:
                    await loop.run_in_executor(self._thread, self._sync)
                except Exception as error:  # noqa: BLE001 goes to each that waits
                    failed: Exception | None = error
                else:
                    failed = None
                for future in waiting:
                    _settle(future, failed)
        finally:
            self._task = None


def _settle(future: asyncio.Future[None], failed: Exception | None) -> None:
    if future.done():  # its waiter was cancelled
        return
    if failed is None:
        future.set_result(None)
    else:
        future.set_exception(failed)
