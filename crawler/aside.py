"""Work on large bodies goes to a thread, so that the transfers go on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

LARGE = 1 << 17
"""Bytes from which hashing and packing take longer than handing them over."""


class Aside:
    """One thread for the large bodies of a crawl. One: what it does leaves the interpreter to the
    others for nearly all of the time, and two would only take it from each other.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="aside")

    async def run(self, size: int, work: Callable[[], T]) -> T:
        """Do `work` on so many bytes: few here and now, many in the thread."""
        if size < LARGE:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """End the thread; work that was begun or waits, its caller called off or not, is done first."""
        self._thread.shutdown()
