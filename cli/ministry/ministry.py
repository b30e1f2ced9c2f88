"""The simulated ministry: what stands at each of its URLs, and the truth about it for a test."""

from __future__ import annotations

import re
import ssl
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from urllib.parse import urljoin

from cli.ministry import pages
from cli.ministry.answer import Answer
from cli.ministry.files import MEDIA_TYPES
from cli.ministry.fixed import (
    DISALLOWED,
    FIXED,
    GONE,
    LISTED_BUT_ABSENT,
    ONLY_IN_FEED,
    ONLY_IN_SITEMAP,
    absent,
    redirect,
)
from cli.ministry.postings import FIRST_ID, GBK, SECTIONS, SLOTS, UTF8, Attachment, Posting
from cli.ministry.server import Asked, serving
from cli.ministry.world import World

PER_PAGE = 20
PER_SITEMAP = 1000
FEED_ITEMS = 10
ASKED = 20_000
"""Requests remembered, the latest."""
_LISTING = re.compile(r"/(tzgg|yxb|zcfb)/(?:index(?:_([1-9]\d*))?\.html)?")
_NUMBERED = re.compile(r"/(?:tzgg|yxb|zcfb)/\d{6}/(?:t\d{8}_|P0)?(\d{8})")
_DOWNLOAD = re.compile(r"/system/download\.jsp\?wbfileid=(\d+)")
_SITEMAP = re.compile(r"/sitemap-(\d+)\.xml")


class Ministry(World):
    """A site that follows from its seed, and from the edits made since.

    `seed` chooses all words and bytes, `postings` is their number, `attachment_bytes` the least and
    greatest size of an attachment. Paths are as on the wire: percent-encoded, with their query.
    """

    def __init__(
        self,
        seed: int,
        postings: int = 40,
        *,
        attachment_bytes: tuple[int, int] = (2_000, 60_000),
    ) -> None:
        super().__init__(seed, postings, attachment_bytes)
        self.base = "http://ministry.invalid"
        """Scheme, host and port under which the site is served now."""
        self.requests: deque[Asked] = deque(maxlen=ASKED)
        """What was asked of the server, the latest."""
        self._changing = {
            "/": self._home,
            "/go/latest": lambda: redirect(302, next(self.postings()).path),
            "/robots.txt": lambda: Answer(200, pages.robots(self.base).encode(), "text/plain"),
            "/feed.xml": self._feed,
            "/sitemap.xml": self._sitemap_index,
        }

    def url(self, path: str) -> str:
        """The URL of a path, on the server that serves it now."""
        return urljoin(self.base + "/", path)

    def expected(self) -> Iterator[tuple[str, Answer]]:
        """Every path that a crawler which obeys robots.txt must ask for, and what it must find.

        From the front page, with sitemaps, the feed, page requisites and redirects followed.
        """
        for path in self._paths():
            yield path, self.answer(path)

    def answer(self, path: str) -> Answer:
        """What the server answers to a path now, robots or not."""
        if path in FIXED:
            return FIXED[path]
        if path in self._changing:
            return self._changing[path]()
        if (found := _LISTING.fullmatch(path)) is not None:
            return self._listing(found[1], int(found[2] or 0))
        if (found := _SITEMAP.fullmatch(path)) is not None:
            return self._sitemap(int(found[1]))
        return self._posted(path)

    @contextmanager
    def serve(self, *, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[str]:
        """Serve the world on loopback, edits and all, and give its URL, which ends in a slash."""
        with serving(self.answer, self.requests, lambda: self.edition, port, tls) as base:
            self.base = base
            yield base + "/"

    def _paths(self) -> Iterator[str]:
        yield from self._changing
        yield from (path for path in FIXED if path not in {GONE, DISALLOWED})
        yield from (f"/sitemap-{place}.xml" for place in range(self._sitemaps()))
        yield LISTED_BUT_ABSENT
        yield GONE
        for section in SECTIONS:
            yield f"/{section}/"
            places = _places(len(self.listed(section)), PER_PAGE)
            yield from (f"/{section}/index{f'_{n}' if n else ''}.html" for n in range(places))
            for posting in map(self.posting, self.listed(section)):
                yield posting.path
                if self.is_up(posting.number):
                    yield from (attachment.path for attachment in posting.attachments)

    def _home(self) -> Answer:
        text = pages.home(next(self.postings()))
        return Answer(200, text.encode(), "text/html; charset=utf-8", gzip=True, chunked=True)

    def _listing(self, section: str, place: int) -> Answer:
        numbers = self.listed(section)
        places = _places(len(numbers), PER_PAGE)
        if place >= places:
            return absent()
        shown = map(self.posting, numbers[place * PER_PAGE : (place + 1) * PER_PAGE])
        rows = [(_link(posting), posting.title, posting.posted) for posting in shown]
        if place == 0 and section == "tzgg":
            rows.append((LISTED_BUT_ABSENT, "关于2020年研修计划的通知", date(2019, 12, 30)))
        if place == 0 and section == "zcfb":
            rows.append((GONE, "关于2019年研修经费的通知", date(2019, 11, 1)))
        encoding = GBK if section == "zcfb" else UTF8
        text = pages.listing(
            section,
            rows,
            place=place,
            places=places,
            total=len(numbers),
            charset=encoding.meta,
        )
        type_ = f"text/html; charset={encoding.header}" if encoding.header else "text/html"
        return Answer(200, text.encode(encoding.real), type_, validators=False, chunked=True)

    def _posted(self, path: str) -> Answer:
        """The page of a posting, one of its attachments, where it went, or its absence."""
        if (target := self.moved_to(path)) is not None:
            return redirect(301, target)
        number = self.moved_here(path)
        if number is None:
            number = _number(path)
        if number is None or not self.is_up(number):
            return absent()
        posting = self.posting(number)
        if path == posting.path:
            return self._posting_page(posting)
        files = {attachment.path: attachment for attachment in posting.attachments}
        return self._attachment(posting, files[path]) if path in files else absent()

    def _posting_page(self, posting: Posting) -> Answer:
        encoding = posting.encoding
        text = pages.posting(posting, moved=self.is_moved(posting.number))
        framing = posting.number % 6
        return Answer(
            200,
            text.encode(encoding.real),
            f"text/html; charset={encoding.header}" if encoding.header else "text/html",
            headers=(_last_modified(posting.posted, self.edits(posting.number)),),
            gzip=framing in {4, 5},
            chunked=framing in {2, 5},
        )

    def _attachment(self, posting: Posting, attachment: Attachment) -> Answer:
        edition = self.attachment_edition(attachment)
        headers = [_last_modified(posting.posted, edition)]
        if attachment.named_in_header:
            name = attachment.name.encode("gbk")
            headers.append((b"Content-Disposition", b'attachment; filename="%s"' % name))
        return Answer(
            200,
            attachment.content(self.seed, edition),
            MEDIA_TYPES[attachment.kind],
            headers=tuple(headers),
        )

    def _feed(self) -> Answer:
        latest = zip(range(FEED_ITEMS), self.postings(), strict=False)
        items = [(posting.path, posting.title) for _, posting in latest]
        text = pages.feed(self.base, [*items, (ONLY_IN_FEED, "专题二")])
        return Answer(200, text.encode(), "application/rss+xml")

    def _sitemaps(self) -> int:
        return _places(self.total, PER_SITEMAP)

    def _sitemap_index(self) -> Answer:
        urls = [f"{self.base}/sitemap-{place}.xml" for place in range(self._sitemaps())]
        return Answer(200, pages.sitemap(urls, index=True).encode(), "application/xml")

    def _sitemap(self, place: int) -> Answer:
        if place >= self._sitemaps():
            return absent()
        first = place * PER_SITEMAP
        numbers = range(first, min(first + PER_SITEMAP, self.total))
        up = [self.posting(n).path for n in numbers if self.is_up(n)]
        urls = (self.base + path for path in [*up, ONLY_IN_SITEMAP])
        return Answer(200, pages.sitemap(urls, index=False).encode(), "application/xml", gzip=True)


def _number(path: str) -> int | None:
    """The number of the posting that a path belongs to, as far as its form tells."""
    if (found := _NUMBERED.match(path)) is not None:
        return int(found[1]) - FIRST_ID
    if (found := _DOWNLOAD.fullmatch(path)) is not None:
        return int(found[1]) // SLOTS
    return None


def _places(count: int, each: int) -> int:
    return max(1, -(-count // each))


def _link(posting: Posting) -> str:
    """The link to a posting as its listing writes it: relative to the listing's folder."""
    return posting.path.replace(f"/{posting.section}/", "./", 1)


def _last_modified(posted: date, edits: int) -> tuple[bytes, bytes]:
    """One o'clock UTC, which is nine in the morning there, a day later for each edit."""
    instant = datetime.combine(posted + timedelta(days=edits), time(1), UTC)
    return b"Last-Modified", format_datetime(instant, usegmt=True).encode()
