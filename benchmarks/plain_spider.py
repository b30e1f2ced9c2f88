"""The spider that Scrapy's tutorial teaches: follow every link, keep nothing. For any Scrapy.

Loaded by file name with `scrapy runspider`, also by the older Scrapy of a peer's own environment.
"""

from __future__ import annotations

from collections.abc import Iterator

from scrapy import Request, Spider
from scrapy.http import Response, TextResponse
from scrapy.linkextractors import LinkExtractor


class PlainSpider(Spider):
    name = "plain"
    links = LinkExtractor(deny_extensions=[])

    def __init__(self, url: str) -> None:
        super().__init__()
        self.start_urls = [url]

    def parse(self, response: Response) -> Iterator[Request]:
        if isinstance(response, TextResponse):
            for link in self.links.extract_links(response):
                yield response.follow(link, self.parse)
