"""Dates as ministries write them, no more exact than they stand there.

`2021年6月1日`, `二〇二一年六月一日`, `2021-06-01 07:16`, `[2021/6/1]`, `2021.6`, `1 June 2021`. The
value is ISO 8601 cut where the writing ends: `2021-06-01T07:16`, `2021-06-01`, `2021-06`, `2021`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import NamedTuple

YEARS = range(1900, 2100)
_DIGITS = {c: str(n) for n, chars in enumerate(("〇○零Ｏ", *"一二三四五六七八九")) for c in chars}
_HAN = "".join(_DIGITS) + "十"
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_MONTH = rf"(?P<{{}}>{'|'.join(_MONTHS)})[a-z]*\.?"
_TIME = (
    r"(?:(?:T|\s*)(?P<hour>[0-2]?\d)\s*(?::|时|点)\s*(?P<minute>[0-5]?\d)"
    r"(?:\s*(?::|分)\s*(?P<second>[0-5]?\d)(?:\.\d+)?\s*秒?)?\s*分?"
    r"(?P<zone>Z|[+-]\d\d:?\d\d)?)?"
)
_FORMS = tuple(
    re.compile(form + (_TIME if timed else ""), re.IGNORECASE)
    for form, timed in (
        (r"(?<!\d)(?P<year>(?:19|20)\d\d)\s*年\s*(?:(?P<month>[01]?\d)\s*月(?:\s*(?P<day>[0-3]?\d)\s*[日号])?)?", True),
        (r"(?<![\d.])(?P<year>(?:19|20)\d\d)(?P<mark>[-/.])(?P<month>[01]?\d)(?:(?P=mark)(?P<day>[0-3]?\d))?(?!\d|[-/.]\d)", True),
        (rf"(?P<year>[{_HAN}]{{4}})\s*年\s*(?:(?P<month>[{_HAN}]{{1,2}})\s*月(?:\s*(?P<day>[{_HAN}]{{1,3}})\s*[日号])?)?", False),
        (rf"\b(?P<day>[0-3]?\d)(?:st|nd|rd|th)?\s+{_MONTH.format('month')}\s+(?P<year>(?:19|20)\d\d)\b", False),
        (rf"\b{_MONTH.format('month')}\s+(?P<day>[0-3]?\d)(?:st|nd|rd|th)?,?\s+(?P<year>(?:19|20)\d\d)\b", False),
        (r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<month>[01]\d)(?P<day>[0-3]\d)(?!\d)", False),
    )
)  # fmt: skip


class Dated(NamedTuple):
    """A date found in a text: its value, as it is written, and where it begins."""

    value: str
    raw: str
    start: int


def dates_in(text: str) -> Iterator[Dated]:
    """The dates of a text, in its order; impossible ones are none."""
    read = unicodedata.normalize("NFKC", text)
    if len(read) != len(text):  # places would not be those of the text
        read = text
    found: list[Dated] = []
    for form in _FORMS:
        for match in form.finditer(read):
            value = _value(match)
            taken = any(
                match.start() < other.start + len(other.raw) and other.start < match.end()
                for other in found
            )
            if value and not taken:
                raw = match.group().rstrip()
                found.append(
                    Dated(value, text[match.start() : match.start() + len(raw)], match.start())
                )
    yield from sorted(found, key=lambda dated: dated.start)


def date_of(text: str) -> str | None:
    """The value of a text that begins with a date, brackets apart."""
    first = next(islice(dates_in(text), 1), None)
    if first is None or text[: first.start].strip(" \t\u3000[(（［【:：") != "":
        return None
    return first.value


def _value(match: re.Match[str]) -> str | None:
    told = match.groupdict()
    year, month, day = (_number(told[name]) for name in ("year", "month", "day"))
    hour, minute = _number(told.get("hour")), _number(told.get("minute"))
    if year is None or year not in YEARS:
        return None
    try:
        datetime(year, month or 1, day or 1, hour or 0, minute or 0)  # noqa: DTZ001 -- is it one at all
    except ValueError:
        return None
    value = "-".join([f"{year:04}", *(f"{part:02}" for part in (month, day) if part is not None)])
    if day is not None and hour is not None and minute is not None:
        value += f"T{hour:02}:{minute:02}{told.get('zone') or ''}"
    return value


def _number(written: str | None) -> int | None:
    """A number in digits, in Chinese, or the name of an English month."""
    if not written:
        return None
    if written.isdecimal():
        return int(written)
    if written[:3].title() in _MONTHS:
        return _MONTHS[written[:3].title()]
    if "十" not in written:
        return int("".join(_DIGITS[c] for c in written))
    tens, _, ones = written.partition("十")
    if len(tens) > 1 or len(ones) > 1:
        return None
    return 10 * int(_DIGITS.get(tens, "1")) + int(_DIGITS.get(ones, "0"))
