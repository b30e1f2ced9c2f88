"""What follows from a capture: another attempt, a redirect's target, the links of a page.

The same function serves a capture that has just been made and one that is read from the archive on
resuming, so a crawl that was killed goes on as if it had not been.
"""

from __future__ import annotations

from collections.abc import Iterable

from protego import Protego

from archive.encoding import decode
from archive.statement import Capture
from archive.urls import Base, NotWebError, resolve
from crawler.frontier import Frontier
from crawler.frontier_rows import Entry, Row
from crawler.links import Found, Link, LinkReader
from crawler.lists import GZIP, kind_of, read_list
from crawler.outcome import worth_retrying
from crawler.robots import Answer, answer_of
from crawler.scope import Scope
from crawler.source import Source

MOST_ATTEMPTS = 3
MOST_REDIRECTS = 10
LONGEST_WAIT = 3600.0
"""Seconds: a server that asks for more by Retry-After is not asked again in this crawl."""
SHORTEST_WAIT = 0.05
GROWTH = 5.0
"""Each further attempt waits so many times longer."""

HTML = frozenset({"text/html", "application/xhtml+xml", ""})
CAUSES = {"attachment": "link"}


class Follower:
    """Brings captures to account in the frontier of one crawl."""

    def __init__(self, source: Source, scope: Scope, frontier: Frontier) -> None:
        self._scope = scope
        self._frontier = frontier
        self._delay = source.pace.delay
        self._links = LinkReader(frontier.known)

    def begin(self) -> None:
        """Queue the seeds."""
        with self._frontier.change():
            self._add(Entry(seed, "page", "seed") for seed in self._scope.seeds)

    def finish(
        self, row: Row, capture: Capture, content: bytes | None, retry_after: float | None = None
    ) -> Row | None:
        """Account for an attempt at `row`, in one transaction; returns the row of the next attempt.

        `content` is what a reader would save, `None` where it is not at hand (over 16 MiB);
        `retry_after` the seconds that the server asked us to wait. Raises `StorageError`.
        """
        with self._frontier.change():
            if self._again(row, capture, retry_after):
                wait = self._wait(row, capture, retry_after)
                return self._frontier.retry(row, capture.time.timestamp() + wait)
            if capture.code == "private-address":
                self._frontier.drop(row, "private-address", capture.detail)
            else:
                self._frontier.done(row, capture.outcome, capture.code)
            if row.role == "robots":
                self._robots(row, answer_of(capture, content))
            elif capture.outcome == "redirect":
                self._redirect(row, capture)
            elif content and capture.outcome in {"content", "not-modified", "truncated"}:
                self._read(row, capture, content)
        return None

    def _again(self, row: Row, capture: Capture, retry_after: float | None) -> bool:
        may = worth_retrying(capture.outcome, capture.code, capture.status)
        return may and row.attempt < MOST_ATTEMPTS and (retry_after or 0) <= LONGEST_WAIT

    def _wait(self, row: Row, capture: Capture, retry_after: float | None) -> float:
        """Seconds until the next attempt; a connection that had gone stale is no one's fault."""
        if capture.code == "stale-connection":
            return 0.0
        return max(retry_after or 0.0, max(self._delay, SHORTEST_WAIT) * GROWTH**row.attempt)

    def _robots(self, row: Row, answer: Answer) -> None:
        self._frontier.answer_robots(row.url, answer)
        if answer.kind == "redirect":
            self._frontier.ask_robots(answer.value, row.origin, row.url, row.hops + 1)
        elif answer.kind == "rules" and self._scope.own_host(row.origin + "/"):
            named = [
                link for name in Protego.parse(answer.value).sitemaps if (link := _link(row, name))
            ]
            self._queue(row, named, depth=1)

    def _redirect(self, row: Row, capture: Capture) -> None:
        try:
            target = resolve(Base.of(row.url), capture.location or "")
        except NotWebError as refused:
            self._leave(row, capture.location or "", "scheme", refused.reason)
            return
        if row.hops >= MOST_REDIRECTS:
            self._leave(row, target, "trap", f"more than {MOST_REDIRECTS} redirects")
            return
        verdict = self._scope.judge(target, "redirect", row.depth, row.role)
        entry = Entry(target, verdict.role, "redirect", row.depth, row.url, None, row.hops + 1)
        self._add([entry._replace(reason=verdict.reason, detail=verdict.detail)])

    def _read(self, row: Row, capture: Capture, content: bytes) -> None:
        media_type = (capture.media_type or "").partition(";")[0].strip().lower()
        if media_type == "text/css" and row.role in {"page", "requisite"}:
            text = decode(content, capture.media_type).text
            self._take(row, self._links.style(text, row.url))
            return
        if row.role != "page" and row.cause != "sitemap":
            return
        kind = _list_kind(row, media_type, content)
        if kind:
            entries = read_list(content, capture.media_type, row.url, kind)
            self._promise(row, entries)
            self._queue(row, entries, depth=row.depth if row.cause == "sitemap" else row.depth + 1)
        elif media_type in HTML and (media_type or content.lstrip()[:1] == b"<"):
            self._take(row, self._links.html(decode(content, capture.media_type), row.url))

    def _take(self, row: Row, found: Found) -> None:
        self._frontier.count("scheme", found.schemes)
        self._frontier.count("malformed", found.malformed)
        if found.over:
            self._leave(
                row, row.url + "#links", "limit", f"{found.over} links of one page too many"
            )
        self._queue(row, found.links, depth=row.depth + 1)

    def _queue(self, row: Row, links: Iterable[Link], depth: int) -> None:
        entries = []
        for link in links:
            at = row.depth if link.kind == "requisite" else depth
            verdict = self._scope.judge(link.url, link.kind, at, row.role)
            cause = CAUSES.get(link.kind, link.kind.removesuffix("-file"))
            entry = Entry(link.url, verdict.role, cause, at, row.url, link.text)
            entries.append(entry._replace(reason=verdict.reason, detail=verdict.detail))
        self._add(entries)

    def _promise(self, row: Row, entries: Iterable[Link]) -> None:
        judged = ((link, self._scope.judge(link.url, "link", 0)) for link in entries)
        self._frontier.promise((link.url for link, verdict in judged if verdict.role), row.url)

    def _leave(self, row: Row, url: str, reason: str, detail: str) -> None:
        self._add([Entry(url, "", "link", row.depth, row.url, None, 0, reason, detail)])

    def _add(self, entries: Iterable[Entry]) -> None:
        entries = list(entries)
        for entry in entries:
            if not entry.reason and not self._frontier.known(entry.url, requisite=True):
                self._scope.remember(entry.url)
        self._frontier.add(entries)


def _list_kind(row: Row, media_type: str, content: bytes) -> str | None:
    """Whether a document is a sitemap or feed; one that robots.txt names may be plain text."""
    if "xml" in media_type or content.startswith((b"<?xml", GZIP)):
        return kind_of(content)
    return "sitemap" if row.cause == "sitemap" and media_type not in HTML else None


def _link(row: Row, url: str) -> Link | None:
    try:
        return Link(resolve(Base.of(row.url), url), None, "sitemap-file")
    except NotWebError:
        return None
