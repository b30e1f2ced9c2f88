"""Times and spans in words, with one spelling whatever the locale."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from archive.times import to_text

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


def instant(time: datetime) -> str:
    """`2026-11-23 23:15:57.123456 UTC`."""
    return to_text(time).replace("T", " ").removesuffix("Z") + " UTC"


def second(time: datetime) -> str:
    """`2026-11-23 23:15:57 UTC`: the second that had begun."""
    return instant(time).partition(".")[0] + " UTC"


def day(time: datetime) -> str:
    """`23 November 2026`, in UTC."""
    utc = time.astimezone(UTC)
    return f"{utc.day} {MONTHS[utc.month - 1]} {utc.year}"


def gap(after: timedelta) -> str:
    """How long after the record something was. A stamp from before it means that a clock was wrong."""
    if after < timedelta(0):
        return f"{_span(-after)} before it by our clock, so that one of the clocks was wrong"
    return f"{_span(after)} after it was recorded"


def _span(time: timedelta) -> str:
    hours, rest = divmod(time.seconds, 3600)
    parts = zip((time.days, hours, rest // 60, rest % 60), ("d", "h", "min", "s"), strict=True)
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "less than a second"
