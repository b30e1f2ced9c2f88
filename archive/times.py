"""Instants: aware, in UTC, to the microsecond, and their text in WARC files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from archive.errors import UsageError

Clock = Callable[[], datetime]
"""Tells the present as an aware datetime in UTC; only cli/ makes the real one."""


def to_text(instant: datetime) -> str:
    """`2026-11-23T23:15:57.123456Z` (WARC 1.1, 5.4). Raises `ValueError` for a naive datetime."""
    if instant.tzinfo is None:
        raise ValueError("a naive datetime is no instant")
    return instant.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def from_text(text: str) -> datetime:
    """Read an ISO 8601 instant; raises `UsageError` where it is none or has no zone."""
    try:
        instant = datetime.fromisoformat(text.strip())
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise UsageError(f"not an instant with its zone: {text!r}")
