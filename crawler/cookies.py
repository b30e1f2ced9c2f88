"""Cookies, for a source that says so: kept for one run, sent and recorded.

Scrapy's own middleware would fetch the public-suffix list; this one has that of the package.
"""

from __future__ import annotations

from scrapy import Request
from scrapy.http import Response
from scrapy.http.cookies import CookieJar
from tldextract import TLDExtract


class Cookies:
    """A downloader middleware with one jar."""

    def __init__(self) -> None:
        self._jar = CookieJar()
        self._split = TLDExtract(
            cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True
        )

    def process_request(self, request: Request) -> None:
        self._jar.add_cookie_header(request)

    def process_response(self, request: Request, response: Response) -> Response:
        """Take the cookies of an answer, but none for a whole suffix such as `gov.cn`."""
        for cookie in self._jar.make_cookies(response, request):
            domain = cookie.domain.removeprefix(".")
            if not cookie.domain_specified or self._split(domain).domain:
                self._jar.set_cookie_if_ok(cookie, request)
        return response
