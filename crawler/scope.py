"""What belongs to a crawl: in scope, fetched one hop beyond it, or left out for a stated reason."""

from __future__ import annotations

import re
from typing import NamedTuple

from archive.urls import absolute, host_of
from crawler.source import Source

LONGEST_URL = 2_000
MOST_SEGMENTS = 30
MOST_REPETITIONS = 4
MOST_QUERIES = 5_000
"""Different queries of one path; a ministry's longest paged listing has some hundreds."""

CYCLE = re.compile(r"((?:/[^/?]+){1,6})\1\1(?=/|\?|$)")
CALENDAR = re.compile(
    r"[/?&](?:calendar|rili|year|month|date|day|ym?)[=/](\d{4})(?=\D|[01]\d(?:\D|[0-3]\d\b|$)|$)",
    re.IGNORECASE,
)
FIRST_YEAR = 1949


class Verdict(NamedTuple):
    """What a URL is to a crawl.

    `role` is `page` (in scope: its links are followed), `requisite` (beyond scope, for a page in
    scope: only a style sheet's own `url()` are followed), `redirect` (beyond scope, where a page in
    scope sent us: nothing is followed but a way back) or empty: not requested, for `reason`.
    """

    role: str
    reason: str | None = None
    """`scope`, `trap` or `limit`, as in `CrawlClose.not_requested`."""
    detail: str | None = None


IN_SCOPE = Verdict("page")


class Scope:
    """Judges the URLs of one crawl; `year` is the present one, for calendars without an end."""

    def __init__(self, source: Source, year: int) -> None:
        rules = source.scope
        self.seeds = tuple(dict.fromkeys(map(absolute, source.seeds)))
        self._hosts = {host.lower() for host in rules.hosts if not host.startswith("*.")}
        self._domains = tuple(host[1:].lower() for host in rules.hosts if host.startswith("*."))
        if not rules.hosts:
            self._hosts = {host_of(seed) for seed in self.seeds}
        self._paths = rules.paths
        self._include = [re.compile(pattern) for pattern in rules.include]
        self._exclude = [re.compile(pattern) for pattern in rules.exclude]
        self._requisites = rules.requisites
        self._max_depth = rules.max_depth
        self._last_year = year + 2
        self._queries: dict[int, int] = {}

    def judge(self, url: str, kind: str, depth: int, parent: str = "page") -> Verdict:
        """What `url` is to the crawl.

        `kind` is a `Link.kind`, `seed`, `redirect` or `sitemap-file`; `depth` counts links from a seed; `parent` is
        the role of the page that led here.
        """
        if kind == "seed":
            return IN_SCOPE
        refused = self._refused(url)
        verdict = self._beyond(url, kind, parent, refused) if refused else IN_SCOPE
        too_deep = self._max_depth is not None and depth > self._max_depth
        if verdict.role and too_deep and kind != "requisite":
            return Verdict("", "limit", "depth")
        trap = self._trap(url) if verdict.role else None
        return Verdict("", "trap", trap) if trap else verdict

    def remember(self, url: str) -> None:
        """Count a URL that will be requested, so that endless queries of one path are seen."""
        path, question, _ = url.partition("?")
        if question:
            key = hash(path)
            self._queries[key] = self._queries.get(key, 0) + 1

    def _refused(self, url: str) -> str | None:
        """Why a URL is not in scope, or `None`."""
        if not self.own_host(url):
            return "host"
        path = url[url.index("/", 8) :]
        if self._paths and not path.startswith(self._paths):
            return "path"
        if self._include and not any(pattern.search(url) for pattern in self._include):
            return "include"
        return self._excluded(url)

    def own_host(self, url: str) -> bool:
        """Whether a URL is on a host of the source."""
        host = host_of(url)
        name = host.partition(":")[0]
        return host in self._hosts or f".{name}".endswith(self._domains)

    def _excluded(self, url: str) -> str | None:
        return "exclude" if any(pattern.search(url) for pattern in self._exclude) else None

    def _beyond(self, url: str, kind: str, parent: str, refused: str) -> Verdict:
        if not self._excluded(url):
            if kind == "sitemap-file" or (kind == "requisite" and self._requisites):
                return Verdict("requisite")
            if kind == "attachment" and parent == "page" and self.own_host(url):
                return Verdict("requisite")
            if kind == "redirect" and parent != "redirect":
                return Verdict("redirect" if parent == "page" else "requisite")
        return Verdict("", "scope", refused)

    def _trap(self, url: str) -> str | None:
        """Why a URL looks like a site without an end, or `None`."""
        if len(url) > LONGEST_URL:
            return "longer than 2,000 characters"
        path, question, _ = url.partition("?")
        segments = [part for part in path.split("/")[3:] if part]
        if len(segments) > MOST_SEGMENTS:
            return "too many path segments"
        if len(segments) > MOST_REPETITIONS and (
            CYCLE.search(path, path.index("/", 8))
            or max(map(segments.count, segments)) > MOST_REPETITIONS
        ):
            return "repeating path segments"
        if question and self._queries.get(hash(path), 0) >= MOST_QUERIES:
            return "endless queries of one path"
        years = map(int, CALENDAR.findall(url))
        if not all(FIRST_YEAR <= year <= self._last_year for year in years):
            return "calendar without an end"
        return None
