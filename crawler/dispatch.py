"""Which URL is asked for next: fair between hosts, within robots.txt, at the pace of each.

No clock and no Scrapy: whoever calls says what time it is, in seconds that never go back.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import NamedTuple

from crawler.frontier import Frontier
from crawler.frontier_rows import Row
from crawler.robots import MOST_REDIRECTS, Answer, Robots, robots_url
from crawler.source import Source

MOST_DROPPED = 1_000
"""URLs dropped at one go, so that a site that allows nothing does not hold the others up."""
LONGEST_CRAWL_DELAY = 60.0


class Due(NamedTuple):
    """What to ask for now."""

    row: Row
    disallowed: bool
    """robots.txt forbids it, and the source records that and goes on."""


@dataclass(slots=True)
class _Lane:
    """One origin: what is in flight to it, until when it is left alone, and its rules once known."""

    in_flight: int = 0
    rests_until: float = 0.0
    crawl_delay: float = 0.0
    robots: Robots | None = None


@dataclass(order=True, slots=True)
class _Retry:
    at: float
    seq: int
    row: Row = field(compare=False)


class Dispatcher:
    """Hands out the URLs of a frontier."""

    def __init__(self, source: Source, frontier: Frontier, user_agent: str) -> None:
        self._frontier = frontier
        self._user_agent = user_agent
        self._pace = source.pace
        self._obeys = source.robots == "obey"
        self._most = source.scope.max_pages
        self._begun = 0
        self._lanes: dict[str, _Lane] = {}
        self._retries: list[_Retry] = []
        self._more = False
        self.halted: str | None = None
        """`stopped`, `limit` or `storage`: nothing more is handed out."""

    @property
    def full(self) -> bool:
        """Whether as many URLs were begun as the source allows."""
        return self._most is not None and self._begun >= self._most

    @property
    def pending(self) -> bool:
        """Whether there is anything that is, or will be, handed out."""
        if self.halted:
            return False
        return bool(self._retries) or (self._frontier.waiting > 0 and not self.full)

    @property
    def in_flight(self) -> int:
        return sum(lane.in_flight for lane in self._lanes.values())

    def resume(self, begun: int, now: float, present: float) -> None:
        """Go on with a crawl in which `begun` URLs were begun; `present` is the POSIX time at `now`."""
        self._begun = begun
        for row in self._frontier.retries():
            self.retry(row, now + max(0.0, (row.not_before or 0.0) - present))

    def next(self, now: float) -> Due | None:
        """The next URL to ask for, if any may be asked for now."""
        if self.halted:
            return None
        if self._retries and self._retries[0].at <= now and (due := self._due_retry(now)):
            return due
        if self.full:
            return None
        self._more = False
        for origin in list(self._frontier.origins):
            lane = self._lane(origin)
            if lane.in_flight < self._pace.concurrency and lane.rests_until <= now:
                due = self._take(origin, lane)
                if due:
                    self._begin(due.row, lane, now)
                    return due
        return None

    def wakes_at(self, now: float) -> float | None:
        """When `next` may have something although nothing was finished until then."""
        if self._more:
            return now
        times = [lane.rests_until for lane in self._lanes.values()]
        if self._retries:
            first = self._retries[0]
            times.append(max(first.at, self._lane(first.row.origin).rests_until))
        return min((at for at in times if at > now), default=None)

    def finished(self, row: Row) -> None:
        """What was handed out is off the wire: its origin may be asked for the next."""
        self._lanes[row.origin].in_flight -= 1

    def retry(self, row: Row, at: float) -> None:
        heapq.heappush(self._retries, _Retry(at, row.seq, row))

    def rest(self, origin: str, until: float) -> None:
        """Leave an origin alone: it asked for that by Retry-After."""
        lane = self._lane(origin)
        lane.rests_until = max(lane.rests_until, until)

    def _lane(self, origin: str) -> _Lane:
        return self._lanes.setdefault(origin, _Lane())

    def _due_retry(self, now: float) -> Due | None:
        lane = self._lane(self._retries[0].row.origin)
        if lane.in_flight >= self._pace.concurrency or lane.rests_until > now:
            return None
        row = heapq.heappop(self._retries).row
        lane.in_flight += 1
        return Due(row, row.role != "robots" and not self._allowed(row, lane))

    def _begin(self, row: Row, lane: _Lane, now: float) -> None:
        lane.in_flight += 1
        self._begun += row.role != "robots"
        if lane.crawl_delay > self._pace.delay:
            lane.rests_until = now + lane.crawl_delay

    def _take(self, origin: str, lane: _Lane) -> Due | None:
        dropped: list[Row] = []
        due = None
        while due is None and len(dropped) < MOST_DROPPED:
            row = self._frontier.take(origin)
            if row is None:
                break
            if row.role == "robots":
                due = Due(row, disallowed=False)
            elif not self._knows(origin, lane):
                self._frontier.give_back(row)
                break
            elif self._allowed(row, lane):
                due = Due(row, disallowed=False)
            elif self._obeys:
                dropped.append(row)
            else:
                due = Due(row, disallowed=True)
        self._drop(dropped, lane)
        self._more |= len(dropped) >= MOST_DROPPED
        return due

    def _drop(self, rows: list[Row], lane: _Lane) -> None:
        if rows:
            detail = lane.robots.unreachable if lane.robots else None
            with self._frontier.change():
                for row in rows:
                    self._frontier.drop(row, "robots", detail)

    def _allowed(self, row: Row, lane: _Lane) -> bool:
        return lane.robots is None or lane.robots.allows(row.url)

    def _knows(self, origin: str, lane: _Lane) -> bool:
        """Whether the rules of an origin are known; its robots.txt may be on its way still."""
        if lane.robots is None:
            answer = rules_of(self._frontier, origin)
            if answer is None:
                return False
            lane.robots = Robots(answer, self._user_agent)
            if self._obeys:
                lane.crawl_delay = min(lane.robots.crawl_delay or 0.0, LONGEST_CRAWL_DELAY)
        return True


def rules_of(frontier: Frontier, origin: str) -> Answer | None:
    """What an origin's robots.txt came to, its redirects followed; `None` while it is not known."""
    url = robots_url(origin)
    for _ in range(MOST_REDIRECTS + 1):
        answer = frontier.robots.get(url)
        if answer is None or answer.kind != "redirect":
            return answer
        url = answer.value
    return Answer("rules")  # more redirects than five: as if there were none (RFC 9309, 2.3.1.2)
