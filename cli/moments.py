"""Times that people type: a date, or an instant with or without its zone."""

from __future__ import annotations

from datetime import UTC, datetime, time

import click


class Moment(click.ParamType[datetime]):
    """`2022-01-31T08:00Z` is that instant, and UTC where no zone is given.

    `2022-01-31` is the first instant of that day in UTC, or the last one where the option means
    "until".
    """

    name = "time"

    def __init__(self, edge: time) -> None:
        self._edge = edge

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(value.strip())
        except ValueError:
            self.fail(f"{value!r} is no time; write 2022-01-31 or 2022-01-31T08:00Z", param, ctx)
        if len(value.strip()) <= len("2022-01-31"):
            found = datetime.combine(found, self._edge)
        try:
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except OverflowError:
            self.fail(f"{value!r} is no time of this calendar in UTC", param, ctx)


SINCE = Moment(time.min)
UNTIL = Moment(time.max)
