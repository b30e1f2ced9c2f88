"""robots.txt by RFC 9309, read from the answer that is archived.

An answer of the 4xx kind means that there are no rules. A server that fails, refuses for now or
challenges has not said what it allows, so nothing is asked of it, and the crawl says so.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Any

from protego import Protego

from archive.statement import Capture
from archive.urls import Base, NotWebError, resolve

LARGEST = 500 << 10
"""Bytes that are read of a robots.txt (RFC 9309, 2.5)."""
MOST_REDIRECTS = 5
"""RFC 9309, 2.3.1.2."""
NOT_NOW = frozenset({412, 429})
"""A challenge and a throttle: of the 4xx kind, and no word on what is allowed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request for a robots.txt came to.

    `kind` is `rules` with their text, `redirect` with its target, or `unreachable` with the reason.
    """

    kind: str
    value: str = ""


class Robots:
    """The rules of one origin for one User-Agent."""

    def __init__(self, answer: Answer, user_agent: str) -> None:
        self._user_agent = user_agent
        self.unreachable = answer.value if answer.kind == "unreachable" else None
        """Why nothing may be asked, where robots.txt could not be had."""
        self._rules: Any = Protego.parse(answer.value) if answer.kind == "rules" else None

    @property
    def sitemaps(self) -> tuple[str, ...]:
        return tuple(self._rules.sitemaps) if self._rules else ()

    @property
    def crawl_delay(self) -> float | None:
        """Seconds between requests that the site wishes for; not in the RFC, honoured all the same."""
        delay = self._rules.crawl_delay(self._user_agent) if self._rules else None
        return None if delay is None else float(delay)

    def allows(self, url: str) -> bool:
        """Whether the URL may be asked for. Nothing may where robots.txt was unreachable."""
        if self.unreachable is not None:
            return False
        return bool(self._rules.can_fetch(url, self._user_agent)) if self._rules else True


def robots_url(origin: str) -> str:
    return f"{origin}/robots.txt"


def answer_of(capture: Capture, content: bytes | None) -> Answer:
    """Read the final attempt at a robots.txt (RFC 9309, 2.3.1)."""
    if capture.outcome in {"content", "truncated"} and capture.status is not None:
        return Answer("rules", _text(content or b""))
    if capture.outcome == "redirect":
        return _redirected(capture)
    status = capture.status
    if status is not None and 400 <= status < 500 and status not in NOT_NOW:
        return Answer("rules")
    return Answer("unreachable", capture.code or capture.outcome)


def _redirected(capture: Capture) -> Answer:
    try:
        target = resolve(Base.of(capture.url), capture.location or "")
    except NotWebError:
        return Answer("rules")
    # a redirect to anything else, as to the home page, says that there is no such file
    is_robots = "robots" in target.partition("?")[0].rpartition("/")[2]
    return Answer("redirect", target) if is_robots and target != capture.url else Answer("rules")


def _text(content: bytes) -> str:
    return content[:LARGEST].removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")
