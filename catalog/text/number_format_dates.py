"""Dates and times as a spreadsheet shows them, in English and in Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

_PARTS = frozenset("ymdhsYMDHS")
_WORDS = ("AM/PM", "A/P", "上午/下午")
_ELAPSED = re.compile(r"\[(h+|m+|s+)\]", re.IGNORECASE)
_CHINA = re.compile(r"\[\$-[0-9A-Fa-f]*(?:804|404|C04)(?:,[^\]]*)?\]")
_CURRENCY = re.compile(r"\[\$([^\]-]*)(?:-[^\]]*)?\]")
_NUMERALS = re.compile(r"\[DBNum([12])\]", re.IGNORECASE)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DIGITS = ("〇一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖")
_TEN = ("十", "拾")
_LAST = 2_958_466
"""The day after 31 December 9999, where dates end."""


def is_moment(signs: tuple[str, ...]) -> bool:
    """Whether a section of a format is of dates, times or spans of time."""
    if "general" in "".join(signs).lower():
        return False
    return any(
        sign in _PARTS or _ELAPSED.fullmatch(sign) or signs[at : at + 3] == ("a", "a", "a")
        for at, sign in enumerate(signs)
    )


def moment(value: float, signs: tuple[str, ...], *, from_1904: bool = False) -> str:
    """The moment that a number of days stands for. Raises `ValueError` beyond the years 1900 to 9999."""
    if value < 0 or value >= _LAST:
        raise ValueError("no date")
    words = list(_joined(signs))
    places = next((len(word) - 1 for word in words if re.fullmatch(r"\.0+", word)), 0)
    microseconds = round(value * 86_400_000_000)
    step = 10 ** (6 - min(places, 6))
    span = timedelta(microseconds=(microseconds + step // 2) // step * step)
    shift = 1 if value < 60 and not from_1904 else 0  # 1900 has a 29 February there
    start = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 -- no zone
    return "".join(_shown(start + span + timedelta(days=shift), span, words))


def _joined(signs: tuple[str, ...]) -> Iterator[str]:
    """Tokens with letters of one part put together, as `yyyy`, `AM/PM`, `.00`."""
    rest = "".join(signs)
    pattern = re.compile(
        r'"[^"]*"?|\\.|_.|\*.|\[[^\]]*\]|AM/PM|A/P|上午/下午|\.0+|([ymdhsaeg])\1*|.',
        re.IGNORECASE | re.DOTALL,
    )
    yield from (found[0] for found in pattern.finditer(rest))


def _shown(at: datetime, span: timedelta, words: list[str]) -> Iterator[str]:
    chinese = any(_CHINA.fullmatch(word) for word in words)
    numerals = next((int(found[1]) for word in words if (found := _NUMERALS.fullmatch(word))), 0)
    half_day = any(word.upper() in _WORDS for word in words)
    for number, word in enumerate(words):
        part = word.lower()
        elapsed = _ELAPSED.fullmatch(word)
        if elapsed:
            unit = {"h": 3600, "m": 60, "s": 1}[elapsed[1][0].lower()]
            yield str(int(span.total_seconds()) // unit).rjust(len(elapsed[1]), "0")
        elif word.upper() in _WORDS:
            yield _half(at, word)
        elif re.fullmatch(r"\.0+", word):
            yield f".{at.microsecond:06}"[: len(word)]
        elif part[0] in "hs" or (part[0] == "m" and len(part) < 3 and _is_minute(words, number)):
            hour = (at.hour - 1) % 12 + 1 if half_day else at.hour
            value = {"h": hour, "m": at.minute, "s": at.second}[part[0]]
            yield _digits(value, len(part), numerals)
        elif part[0] in "ymdae":
            yield _date(at, part, numerals, chinese=chinese)
        else:
            yield literal(word)


def _half(at: datetime, word: str) -> str:
    first, _, second = word.partition("/")
    return second if at.hour >= 12 else first


def _is_minute(words: list[str], at: int) -> bool:
    """`m` after hours or before seconds is of minutes, else of months."""
    letters = [word.strip("[]").lower()[:1] for word in words]
    before = next((one for one in reversed(letters[:at]) if one and one in "ymdhs"), "")
    after = next((one for one in letters[at + 1 :] if one and one in "ymdhs"), "")
    return before == "h" or after == "s"


def _date(at: datetime, part: str, numerals: int, *, chinese: bool) -> str:
    kind, length = part[0], len(part)
    if kind in "ye":
        year = f"{at.year:04}" if length > 2 or kind == "e" else f"{at.year % 100:02}"
        return "".join(_DIGITS[numerals - 1][int(digit)] for digit in year) if numerals else year
    if kind == "a" or (kind == "d" and length > 2):
        if chinese or kind == "a":
            day = "一二三四五六日"[at.weekday()]
            return f"星期{day}" if length > 3 else f"周{day}" if kind == "d" else day
        return _DAYS[at.weekday()][: 3 if length == 3 else None]
    if kind == "m" and length > 2:
        if chinese:
            return _digits(at.month, 1, 1) + "月" if length > 3 else f"{at.month}月"
        name = _MONTHS[at.month - 1]
        return {3: name[:3], 5: name[0]}.get(length, name)
    return _digits(at.month if kind == "m" else at.day, length, numerals)


def _digits(value: int, length: int, numerals: int) -> str:
    if not numerals:
        return str(value).rjust(length, "0")
    digits, ten = _DIGITS[numerals - 1], _TEN[numerals - 1]
    if value < 10:
        return digits[value]
    first = "" if value < 20 and numerals == 1 else digits[value // 10]
    return first + ten + (digits[value % 10] if value % 10 else "")


def literal(sign: str) -> str:
    """What a sign shows that stands for itself."""
    if sign[0] == '"':
        return sign.strip('"')
    if sign[0] == "[":
        found = _CURRENCY.fullmatch(sign)
        return found[1] if found else ""
    if sign[0] == "*":
        return ""
    if sign[0] == "_":
        return " "
    return sign[1:] if sign[0] == "\\" else sign
