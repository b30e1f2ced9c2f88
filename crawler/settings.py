"""Scrapy, pared down to its engine, its downloader slots and AutoThrottle.

Redirects, retries, robots.txt, cookies and content codings are ours: in Scrapy's hands they would
be followed, repeated and decoded unseen. Nothing listens on a port and nothing calls home.
"""

from __future__ import annotations

from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response
from scrapy.logformatter import LogFormatter

from crawler.scheduler import FrontierScheduler
from crawler.source import Source
from crawler.wire.handler import WireHandler

COOKIES = "crawler.cookies.Cookies"
"""By name, for the list of public suffixes takes long to load and few sources need it."""
MOST_IN_FLIGHT = 32
"""Requests to all hosts together, on the wire or waiting to be durable."""


class Quiet(LogFormatter):
    """Leaves out the line that Scrapy would write for every page."""

    def crawled(  # type: ignore[override]  # Scrapy documents that `None` leaves the line out
        self, request: Request, response: Response, spider: Spider
    ) -> None:
        """No line."""


def scrapy_settings(source: Source) -> dict[str, Any]:
    """The settings of one crawl."""
    pace = source.pace
    return {
        "TWISTED_REACTOR_ENABLED": False,
        "SCHEDULER": FrontierScheduler,
        "DOWNLOAD_HANDLERS_BASE": {},
        "DOWNLOAD_HANDLERS": {"http": WireHandler, "https": WireHandler},
        "DOWNLOADER_MIDDLEWARES_BASE": {COOKIES: 700} if source.identity.cookies else {},
        "SPIDER_MIDDLEWARES_BASE": {},
        "EXTENSIONS_BASE": {"scrapy.extensions.throttle.AutoThrottle": 0},
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "ROBOTSTXT_OBEY": False,
        "COOKIES_ENABLED": False,
        "STATS_CLASS": "scrapy.statscollectors.DummyStatsCollector",
        "STATS_DUMP": False,
        "LOG_FORMATTER": Quiet,
        "CONCURRENT_ITEMS": 1,
        "CONCURRENT_REQUESTS": MOST_IN_FLIGHT,
        # The dispatcher holds each host to its pace; what waits for the disk is off the wire.
        "CONCURRENT_REQUESTS_PER_DOMAIN": MOST_IN_FLIGHT,
        "DOWNLOAD_DELAY": pace.delay,
        "DOWNLOAD_DELAY_JITTER": 0,
        "AUTOTHROTTLE_ENABLED": pace.autothrottle,
        "AUTOTHROTTLE_START_DELAY": pace.delay,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": float(pace.concurrency),
    }
