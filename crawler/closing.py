"""How a crawl ended: its counts, what it did not ask for, and where lists promised more than it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from archive.errors import storage
from archive.warc import Block, Spool
from crawler.frontier import Frontier

HELD = "('content', 'not-modified', 'redirect')"
MOST_NAMED = 5
"""URLs that one sentence names."""

SEEDS = f"""
SELECT url, outcome, code, reason, detail, state FROM urls
WHERE cause = 'seed' AND coalesce(outcome, '') NOT IN {HELD} ORDER BY seq
"""  # noqa: S608
SEEDS_LED_AWAY = """
SELECT seed.url, target.url FROM urls AS target JOIN urls AS seed ON seed.url = target.via
WHERE seed.cause = 'seed' AND target.cause = 'redirect'
AND (target.role = 'redirect' OR target.reason = 'scope') ORDER BY target.seq
"""
PROMISES = f"""
SELECT promised.via, promised.url, max(coalesce(urls.outcome IN {HELD}, 0)),
    coalesce(urls.outcome, urls.reason, 'not asked for')
FROM promised LEFT JOIN urls ON urls.url = promised.url
GROUP BY promised.url ORDER BY promised.via, promised.rowid
"""  # noqa: S608
LEFT_OUT = """
SELECT url, reason, detail, via FROM urls WHERE state = 2 ORDER BY seq
"""
QUEUED = """
SELECT url, 'limit', 'the crawl reached its limit', via FROM urls
WHERE state = 0 AND role != 'robots' ORDER BY seq
"""


@dataclass(frozen=True, slots=True)
class NotRequested:
    """The list of URLs that were not asked for, as lines of JSON, and their number by reason."""

    lines: Block
    by_reason: dict[str, int]


def not_requested(frontier: Frontier, path: Path, *, limit: bool) -> NotRequested:
    """Write the list to `path`; with `limit`, what still waits is left out for that reason."""
    by_reason = {
        str(name): int(number or 0)
        for name, number in frontier.query("SELECT name, number FROM counted")
    }
    with storage(path), path.open("wb") as file:
        for query in (LEFT_OUT, *([QUEUED] if limit else [])):
            for url, reason, detail, via in frontier.query(query):
                if reason == "scope" and frontier.known(str(url), requisite=True):
                    continue  # what was no page of ours was a requisite later on
                by_reason[str(reason)] = by_reason.get(str(reason), 0) + 1
                line = {"url": url, "reason": reason, "detail": detail, "via": via}
                file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        size = file.tell()
    return NotRequested(Spool(path, size) if size else b"", by_reason)


def shortfall(frontier: Frontier) -> tuple[str, ...]:
    """Sentences that say what the seeds and lists promised and the crawl does not hold."""
    frontier.index()
    return (*_seeds(frontier), *_robots(frontier), *_promises(frontier))


def _seeds(frontier: Frontier) -> Iterator[str]:
    for url, outcome, code, reason, detail, state in frontier.query(SEEDS):
        if state == 0:
            yield f"The seed {url} was not asked for yet."
        elif reason:
            yield f"The seed {url} was not asked for: {reason}{f' ({detail})' if detail else ''}."
        else:
            yield f"The seed {url} could not be had: {code or outcome}."
    for seed, target in frontier.query(SEEDS_LED_AWAY):
        yield f"The seed {seed} leads to {target}, which is out of scope."


def _robots(frontier: Frontier) -> Iterator[str]:
    for url, answer in frontier.robots.items():
        if answer.kind == "unreachable":
            yield f"{url} could not be had ({answer.value}), so nothing there was allowed."


def _promises(frontier: Frontier) -> Iterator[str]:
    missing: dict[str, list[str]] = {}
    totals: dict[str, int] = {}
    for via, url, held, why in frontier.query(PROMISES):
        totals[str(via)] = totals.get(str(via), 0) + 1
        if not held:
            missing.setdefault(str(via), []).append(f"{url} ({why})")
    for via, urls in missing.items():
        named = ", ".join(urls[:MOST_NAMED]) + (" …" if len(urls) > MOST_NAMED else "")
        yield f"{via} lists {totals[via]} URLs, of which {len(urls)} are not held: {named}."
