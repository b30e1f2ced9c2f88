"""Days as citations write them, no more exact than they are known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
SHORT = (
    "Jan.",
    "Feb.",
    "Mar.",
    "Apr.",
    "May",
    "June",
    "July",
    "Aug.",
    "Sept.",
    "Oct.",
    "Nov.",
    "Dec.",
)
"""As the Bluebook (table T12) and the MLA shorten them."""


class Day(NamedTuple):
    """A day, a month or a year: `month` and `day` are `None` where they are not known."""

    year: int
    month: int | None = None
    day: int | None = None

    @classmethod
    def of_text(cls, value: str) -> Day:
        """A date of a posting: `2021`, `2021-06`, `2021-06-01` or `2021-06-01T07:16`."""
        return cls(*(int(part) for part in value.partition("T")[0].split("-")))

    @classmethod
    def of(cls, instant: datetime) -> Day:
        """The day of an instant in UTC, the one clock that citations go by."""
        there = instant.astimezone(UTC)
        return cls(there.year, there.month, there.day)

    @property
    def parts(self) -> tuple[int, ...]:
        """Those of the three that are known."""
        return tuple(part for part in self if part is not None)

    @property
    def iso(self) -> str:
        """ISO 8601: `2021-06-01`, `2021-06`, `2021`."""
        year, *rest = self.parts
        return "-".join([f"{year:04}", *(f"{part:02}" for part in rest)])


def american(day: Day, months: tuple[str, ...] = MONTHS) -> str:
    """`June 1, 2021`, `June 2021`, `2021`."""
    if day.month is None:
        return str(day.year)
    month = months[day.month - 1]
    return f"{month} {day.day}, {day.year}" if day.day else f"{month} {day.year}"


def british(day: Day, months: tuple[str, ...] = MONTHS) -> str:
    """`1 June 2021`, `June 2021`, `2021`."""
    words = (day.day, months[day.month - 1] if day.month else None, day.year)
    return " ".join(str(word) for word in words if word is not None)
