"""Scrapy's scheduler over our frontier: every request that Scrapy makes comes from here."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler
from scrapy.http import Headers

from crawler.dispatch import Due
from crawler.errand import Errand
from crawler.frontier_rows import Row
from crawler.links import is_attachment

if TYPE_CHECKING:
    from crawler.spider import ArchiveSpider

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class FrontierScheduler(BaseScheduler):
    """Turns what the dispatcher hands out into requests, and wakes the engine when more is due."""

    def __init__(self, crawler: Crawler) -> None:
        spider = crawler.spider
        if TYPE_CHECKING:
            assert isinstance(spider, ArchiveSpider)
        self._crawler = crawler
        self._spider = spider
        self._dispatcher = spider.work.dispatcher
        self._headers = Headers(
            {
                "User-Agent": spider.work.user_agent,
                "Accept": ACCEPT,
                "Accept-Language": spider.work.source.identity.accept_language,
            }
        )
        self._alarm: asyncio.TimerHandle | None = None
        self._nudge = Request("data:,")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> FrontierScheduler:
        return cls(crawler)

    def has_pending_requests(self) -> bool:
        return self._dispatcher.pending

    def enqueue_request(self, request: Request) -> bool:  # noqa: ARG002 Scrapy calls it by name
        """Accepts the empty request by which `_stir` stirs the engine; there are no others."""
        return True

    def next_request(self) -> Request | None:
        now = time.monotonic()
        due = self._dispatcher.next(now)
        if due is not None:
            return self._request(due)
        at = self._dispatcher.wakes_at(now)
        if at is not None and self._alarm is None:
            loop = asyncio.get_running_loop()
            self._alarm = loop.call_later(at - now, self._wake)
        return None

    def close(self, reason: str) -> None:  # noqa: ARG002 Scrapy calls it by name
        if self._alarm is not None:
            self._alarm.cancel()

    def _wake(self) -> None:
        self._alarm = None
        self._stir()

    def _stir(self) -> None:
        if self._crawler.engine.spider is not None:
            self._crawler.engine.crawl(self._nudge)

    def _off_wire(self, row: Row) -> None:
        """The server has answered: the next is asked for while the disk takes this one in."""
        self._dispatcher.finished(row)
        self._stir()

    def _request(self, due: Due) -> Request:
        row = due.row
        request = Request(
            row.url,
            callback=self._spider.parse,
            errback=self._spider.failed,
            meta={
                "verbatim_url": True,
                "row": row,
                "errand": self._errand(due),
                "off_wire": partial(self._off_wire, row),
            },
            dont_filter=True,
        )
        # One for all requests, unless each is given its cookies.
        cookies = self._spider.work.source.identity.cookies
        request.headers = self._headers.copy() if cookies else self._headers
        return request

    def _errand(self, due: Due) -> Errand:
        row, work = due.row, self._spider.work
        # A page is always asked for in full: without it, its links would not be known.
        conditional = work.source.conditional and is_attachment(row.url)
        return Errand(
            url=row.url,
            cause=row.cause if row.attempt == 1 else "retry",
            via=row.via,
            link_text=row.link_text,
            depth=row.depth,
            attempt=row.attempt,
            conditional=work.held.last(row.url) if conditional else None,
            robots_disallowed=due.disallowed,
        )
