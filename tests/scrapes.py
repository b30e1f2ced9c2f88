"""A Scrapy crawl over given URLs through our handler, and what its spider was told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.http import Response

from crawler.archiving import Archivist
from crawler.errand import Errand
from crawler.wire.client import Wire
from crawler.wire.handler import WireHandler

SETTINGS: dict[str, Any] = {
    "TWISTED_REACTOR_ENABLED": False,
    "DOWNLOAD_HANDLERS_BASE": {},
    "DOWNLOAD_HANDLERS": {"http": WireHandler, "https": WireHandler},
    "DOWNLOADER_MIDDLEWARES_BASE": {},
    "SPIDER_MIDDLEWARES_BASE": {},
    "EXTENSIONS_BASE": {},
    "TELNETCONSOLE_ENABLED": False,
    "DOWNLOAD_DELAY": 0,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 4,
    "LOG_ENABLED": False,
}


@dataclass
class Told:
    """By URL: the responses that the spider met, and the exceptions."""

    responses: dict[str, Response] = field(default_factory=dict)
    failures: dict[str, BaseException] = field(default_factory=dict)


class Asking(Spider):
    name = "asking"
    requests: Sequence[Request]
    told: Told

    async def start(self) -> AsyncIterator[Request]:
        for request in self.requests:
            request.errback = self.failed
            yield request

    def parse(self, response: Response, **_: Any) -> None:
        self.told.responses[response.url] = response

    def failed(self, failure: Any) -> None:
        self.told.failures[failure.request.url] = failure.value


def errands(urls: Sequence[str]) -> list[Request]:
    return [Request(url, meta={"errand": Errand(url=url)}, dont_filter=True) for url in urls]


async def scrape(
    requests: Sequence[Request], wire: Wire, archivist: Archivist, **settings: Any
) -> Told:
    told = Told()
    runner = AsyncCrawlerRunner({**SETTINGS, **settings})
    await runner.crawl(Asking, wire=wire, archivist=archivist, requests=requests, told=told)
    return told
