"""The spider: hears of each attempt once it is durable, and brings it to account."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import scrapy
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure

from archive.held import Held
from archive.http1 import header
from archive.statement import Capture
from crawler.archiving import Archivist
from crawler.dispatch import Dispatcher
from crawler.follow import Follower
from crawler.frontier_rows import Row
from crawler.source import Source
from crawler.wire.client import Wire
from crawler.wire.exchange import Exchange


@dataclass(slots=True)
class Work:
    """What one run of a crawl works with."""

    source: Source
    user_agent: str
    dispatcher: Dispatcher
    follower: Follower
    held: Held
    wire: Wire
    archivist: Archivist
    current: str | None = None
    """URL of the last capture."""
    failure: BaseException | None = None
    """A mistake of ours, which ends the crawl: Scrapy alone would only log it."""


class ArchiveSpider(scrapy.Spider):
    """Makes no requests itself: they come from the frontier, by way of the scheduler."""

    name = "muniment"

    def __init__(self, work: Work, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.work = work
        self.wire = work.wire
        self.archivist = work.archivist

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> ArchiveSpider:
        spider: ArchiveSpider = super().from_crawler(crawler, *args, **kwargs)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        nothing: tuple[Request, ...] = ()
        for request in nothing:
            yield request

    def parse(self, response: Response, **_: Any) -> None:
        assert response.request is not None
        self._account(response.request)

    def failed(self, failure: Failure) -> None:
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy puts it there
        if "stored" in request.meta:
            self._account(request)
        elif self.archivist.failure is None:
            self._end(failure.value)

    def _account(self, request: Request) -> None:
        try:
            self._finish(request.meta["row"], request)
        except Exception as error:  # noqa: BLE001 raised again by `run`, where somebody hears it
            self._end(error)

    def _finish(self, row: Row, request: Request) -> None:
        capture = request.meta["stored"].statement
        exchange: Exchange = request.meta["exchange"]
        assert isinstance(capture, Capture)
        now = time.monotonic()
        wait = retry_after(exchange, capture.time)
        # The handler makes a second attempt of its own where a kept connection had gone stale.
        attempted = row._replace(attempt=capture.attempt)
        again = self.work.follower.finish(attempted, capture, exchange.content, wait)
        dispatcher = self.work.dispatcher
        self.work.current = row.url
        if again is not None:
            assert again.not_before is not None
            delay = again.not_before - capture.time.timestamp()
            dispatcher.retry(again, now + delay)
            if wait:
                dispatcher.rest(row.origin, now + delay)

    def _end(self, error: BaseException | None) -> None:
        self.work.failure = self.work.failure or error
        self.work.dispatcher.halted = "stopped"


def retry_after(exchange: Exchange, time_: datetime) -> float | None:
    """Seconds that a refusing server asked us to wait (RFC 9110, 10.2.3)."""
    if exchange.head is None or exchange.status not in {429, 503}:
        return None
    value = (header(exchange.head.fields, b"retry-after") or b"").decode("latin-1").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(0.0, (parsedate_to_datetime(value) - time_).total_seconds())
    except (TypeError, ValueError):
        return None
