"""When a work says to have seen a source: a stretch of time, as long as the date is vague."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Claim:
    """From `begin` up to `end`. Days are days in UTC, as in the citations that we write."""

    begin: datetime
    end: datetime

    @property
    def is_exact(self) -> bool:
        """Whether it is a day or less, so that a capture can be of just then."""
        return self.end - self.begin <= DAY

    def distance(self, time: datetime) -> timedelta:
        """How far an instant is from it; negative before it, nothing within it."""
        if time < self.begin:
            return time - self.begin
        return max(time - self.end, timedelta(0)) if time >= self.end else timedelta(0)


def claim_of(told: str | None) -> Claim | None:
    """The claim of a date as `Entry.seen` has it: `2021`, `2021-06`, `2021-06-01`, `2021-06-01T07:16`,
    with or without a zone. `None` where it is no date.
    """
    if not told:
        return None
    try:
        if "T" in told:
            begin = datetime.fromisoformat(told)
            begin = begin if begin.tzinfo else begin.replace(tzinfo=UTC)
            return Claim(begin, begin + timedelta(minutes=1))
        parts = [int(part) for part in told.split("-")]
        year, month, day = (*parts, 1, 1)[:3]
        begin = datetime(year, month, day, tzinfo=UTC)
        if len(parts) >= 3:
            return Claim(begin, begin + DAY)
        if len(parts) == 2:
            return Claim(begin, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC))
        return Claim(begin, datetime(year + 1, 1, 1, tzinfo=UTC))
    except (ValueError, OverflowError):
        return None


def told(distance: timedelta) -> str:
    """`3 days after`, `5 hours before`, `within a minute of`."""
    length = abs(distance)
    for unit, one in (("day", DAY), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1))):
        count = length // one
        if count:
            side = "before" if distance < timedelta(0) else "after"
            return f"{count:,} {unit}{'' if count == 1 else 's'} {side}"
    return "within a minute of"
