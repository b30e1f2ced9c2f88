"""The wire as Scrapy's download handler: every attempt is kept before anybody hears of it."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address
from typing import Any, NoReturn

from scrapy import Request
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
)
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from archive.errors import Error
from archive.http1 import Head
from crawler.archiving import Archivist
from crawler.errand import Errand
from crawler.wire.client import STALE, Wire
from crawler.wire.egress import Egress, Proxy
from crawler.wire.exchange import Exchange, Failure
from crawler.wire.request import Ask


class WireHandler(BaseDownloadHandler):
    """Serves `http` and `https`. The spider brings `wire` and `archivist`; requests bring `errand`.

    A request that brings `off_wire` is told when its answer has come and is not durable yet.
    `request.meta` is given `exchange` and `stored` before the response is returned or an exception
    of Scrapy's own raised. A failure of storage closes the spider, and is in `archivist.failure`.
    """

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        spider: Any = crawler.spider
        self._wire: Wire = spider.wire
        self._archivist: Archivist = spider.archivist
        self._closing: asyncio.Task[None] | None = None

    async def download_request(self, request: Request) -> Response:
        errand = request.meta.get("errand") or Errand(url=request.url)
        ask, egress = _ask(request, errand), _egress(request, self._wire.egress)
        exchange = await self._attempt(request, ask, egress, errand)
        if _is_stale(exchange):
            # The server gave up a kept connection: the second try is a second attempt, seen by all.
            exchange = await self._attempt(request, ask, egress, errand.again(), fresh=True)
        head = exchange.head
        if head is None or head.status is None:
            _fail(exchange)
        return _response(request, exchange, head, head.status)

    async def close(self) -> None:
        self._wire.close()

    async def _attempt(
        self, request: Request, ask: Ask, egress: Egress, errand: Errand, *, fresh: bool = False
    ) -> Exchange:
        """One attempt, durable. After a failure of storage nothing is asked for any more."""
        try:
            if self._archivist.failure is not None:
                raise self._archivist.failure
            exchange = await self._wire.exchange(ask, egress, fresh=fresh)
            off_wire = request.meta.get("off_wire")
            if off_wire is not None and (fresh or not _is_stale(exchange)):
                off_wire()
            try:
                request.meta["stored"] = await self._archivist.keep(exchange, errand)
            finally:
                exchange.discard()
        except (Error, OSError) as error:
            self._archivist.failure = self._archivist.failure or error
            self._stop()
            raise
        request.meta["exchange"] = exchange
        timings = exchange.timings
        request.meta["download_latency"] = (
            sum(timings.get(step, 0.0) for step in ("dns", "connect", "tls", "first_byte")) / 1000
        )
        return exchange

    def _stop(self) -> None:
        if self._closing is None:
            closing = self.crawler.engine.close_spider_async(reason="storage")
            self._closing = asyncio.ensure_future(closing)


def _is_stale(exchange: Exchange) -> bool:
    return exchange.failure is not None and exchange.failure.code == STALE


def _ask(request: Request, errand: Errand) -> Ask:
    fields = [(name, value) for name, values in request.headers.items() for value in values]
    held = errand.conditional
    if held is not None and held.etag:
        fields.append((b"If-None-Match", held.etag.encode("latin-1")))
    if held is not None and held.last_modified:
        fields.append((b"If-Modified-Since", held.last_modified.encode("latin-1")))
    return Ask(request.url, request.method, tuple(fields), request.body)


def _egress(request: Request, usual: Egress) -> Egress:
    """The crawl's way out, unless the request names another as Scrapy's users do."""
    proxy, bind = request.meta.get("proxy"), request.meta.get("bindaddress")
    if not proxy and not bind:
        return usual
    authorization = request.headers.get(b"Proxy-Authorization")
    return Egress(
        tls=usual.tls,
        proxy=(
            Proxy.parse(proxy, authorization.decode("latin-1") if authorization else None)
            if proxy
            else usual.proxy
        ),
        bind=bind[0] if isinstance(bind, tuple) else bind or usual.bind,
        allow_private=usual.allow_private,
        credentials=usual.credentials,
    )


def _response(request: Request, exchange: Exchange, head: Head, status: int) -> Response:
    """Scrapy's parsed view: the content decoded, so its header does not say that it is coded."""
    fields = [(name, value) for name, value in head.fields if name]
    headers = Headers(field for field in fields if field[0].lower() != b"content-encoding")
    body = exchange.content or b""
    kind = responsetypes.from_args(headers=headers, url=request.url, body=body)
    response = kind(
        url=request.url,
        status=status,
        body=body,
        flags=[f"truncated-{exchange.truncated}"] if exchange.truncated else None,
        certificate=exchange.tls.chain[0] if exchange.tls and exchange.tls.chain else None,
        ip_address=ip_address(exchange.ip) if exchange.ip else None,
        protocol=head.version.decode("latin-1"),
    )
    response.headers = headers  # given to the constructor, they would be read once more
    return response


def _fail(exchange: Exchange) -> NoReturn:
    failure = exchange.failure or Failure("not-http", "the answer has no status")
    said = f"{exchange.url}: {failure.code}: {failure.detail}".removesuffix(": ")
    if failure.code.startswith("dns-"):
        raise CannotResolveHostError(said)
    if "timeout" in failure.code:
        raise DownloadTimeoutError(said)
    if failure.code in {
        "connect-refused",
        "connect-reset",
        "connect-unreachable",
        "connect-failed",
    }:
        raise DownloadConnectionRefusedError(said)
    raise DownloadFailedError(said)
