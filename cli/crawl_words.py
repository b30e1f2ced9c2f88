"""A crawl in words and in JSON: what it holds, what it left out, what it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from archive.verdict import Verdict


def completeness(end: str | None, complete: bool | None) -> Verdict:
    """Whether a crawl holds what its seeds and lists promised; only one that ended can tell."""
    if end != "finished" or complete is None:
        return Verdict.NOT_CHECKED
    return Verdict.PASSED if complete else Verdict.FAILED


def crawl_json(
    *,
    id: str,  # noqa: A002 -- the key's name
    source: str | None,
    end: str | None,
    counts: Mapping[str, int] | None,
    not_requested: Mapping[str, int] | None,
    queued: int | None,
    complete: bool | None,
    shortfall: Iterable[str] | None,
) -> dict[str, Any]:
    """What every command tells of a crawl; a crawl without a close has not ended."""
    return {
        "id": id,
        "source": source,
        "outcome": end or "unfinished",
        "complete": completeness(end, complete).value,
        "shortfall": list(shortfall or ()),
        "captures": dict(counts or {}),
        "not_requested": dict(not_requested or {}),
        "queued": queued or 0,
    }


def crawl_fields(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The same for people."""
    yield "crawl", f"{told['id']} of {told['source']}: {told['outcome']}"
    yield "captured", counted(told["captures"])
    yield "not requested", counted(told["not_requested"])
    if told["queued"]:
        yield "still waiting", f"{told['queued']:,} URLs"
    yield "complete", told["complete"]
    yield from (("", sentence) for sentence in told["shortfall"])


def counted(counts: Mapping[str, int]) -> str:
    """`1,234: content 1,200 · not-found 34`"""
    if not counts:
        return "0"
    parts = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return f"{sum(counts.values()):,}: " + " · ".join(
        f"{name} {number:,}" for name, number in parts
    )
