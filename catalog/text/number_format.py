"""Numbers as a spreadsheet shows them, by their format code (ISO/IEC 29500-1, 18.8.31)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

from catalog.text.number_format_dates import is_moment, literal, moment

GENERAL = "General"
BUILTIN = {
    0: GENERAL,
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    **dict.fromkeys((5, 6, 37, 38), "#,##0;-#,##0"),
    **dict.fromkeys((7, 8, 39, 40), "#,##0.00;-#,##0.00"),
    **dict.fromkeys((41, 42), '#,##0;-#,##0;"-"'),
    **dict.fromkeys((43, 44), '#,##0.00;-#,##0.00;"-"'),
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
    **dict.fromkeys((14, 30), "yyyy-mm-dd"),
    22: "yyyy-mm-dd hh:mm",
    **dict.fromkeys((27, 36, 50, 52, 57), 'yyyy"年"m"月"'),
    **dict.fromkeys((28, 29, 51, 53, 54, 58), 'm"月"d"日"'),
    31: 'yyyy"年"m"月"d"日"',
    32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"',
    **dict.fromkeys((34, 55), '上午/下午h"时"mm"分"'),
    **dict.fromkeys((35, 56), '上午/下午h"时"mm"分"ss"秒"'),
}
"""Codes that have a number only. Those of 27 to 36 and 50 to 58 are of Chinese editions. What follows
the system of who looks at it has one form here: dates (14, 22) that of ISO 8601, amounts no currency."""

_SIGN = re.compile(r'"[^"]*"?|\\.|_.|\*.|\[[^\]]*\]|E[+-]|.', re.DOTALL)
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)(-?[\d.]+)\]")
_DIGITS = frozenset("0#?")


class Section(NamedTuple):
    """What a format says of some of the numbers."""

    signs: tuple[str, ...]
    condition: tuple[str, float] | None


def shown(value: float, code: str = GENERAL, *, from_1904: bool = False) -> str:
    """The number as it is shown; dates count days from the end of 1899, or from 1904.

    What a format hides (`;;;`) is shown as nothing. A format that makes no sense counts as General.
    """
    try:
        section, value = _section(value, code)
        if not section.signs and code:
            return ""
        if is_moment(section.signs):
            return moment(value, section.signs, from_1904=from_1904).strip()
        return _number(value, section.signs).strip()
    except (ArithmeticError, ValueError):
        return general(value)


def general(value: float) -> str:
    """All that is exact of a number: fifteen digits."""
    if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124 -- NaN
        return str(value)
    text = f"{value:.15g}"
    if "e" not in text:
        return text
    digits, _, power = text.partition("e")
    return f"{digits}E{power}" if abs(int(power)) > 20 else f"{Decimal(text):f}"


def text_shown(text: str, code: str) -> str:
    """A text in a cell: formats may put something around it, or hide it."""
    sections = _sections(code)
    if len(sections) < 4:
        return text
    return "".join(text if sign == "@" else literal(sign) for sign in sections[3].signs)


@lru_cache(maxsize=4096)
def _sections(code: str) -> tuple[Section, ...]:
    return tuple(_read(code))


def _read(code: str) -> Iterator[Section]:
    signs: list[str] = []
    condition = None
    for sign in [*_SIGN.findall(code), ";"]:
        found = _CONDITION.fullmatch(sign)
        if sign == ";":
            yield Section(tuple(signs), condition)
            signs, condition = [], None
        elif found:
            condition = (found[1], float(found[2]))
        else:
            signs.append(sign)


def _section(value: float, code: str) -> tuple[Section, float]:
    """The section of a format that a number falls under, and the number as that section takes it."""
    sections = _sections(code or GENERAL)[:3]
    for section in sections:
        if section.condition and _meets(value, *section.condition):
            return section, value
    plain = [section for section in sections if section.condition is None]
    if len(plain) < len(sections):
        return (plain or list(sections))[-1], value
    if value < 0 and len(sections) > 1:
        return sections[1], -value
    if value == 0 and len(sections) > 2:
        return sections[2], value
    return sections[0], value


def _meets(value: float, sign: str, limit: float) -> bool:
    return {
        "<": value < limit,
        ">": value > limit,
        "=": value == limit,
        "<=": value <= limit,
        ">=": value >= limit,
        "<>": value != limit,
    }[sign]


def _number(value: float, signs: tuple[str, ...]) -> str:
    if "general" in "".join(signs).lower():
        return _with_general(value, "".join(signs))
    places = [at for at, sign in enumerate(signs) if sign in _DIGITS]
    if not places or "/" in signs:
        return general(value) if places else "".join(map(literal, signs))
    if any(sign in {"E+", "E-"} for sign in signs):
        return _scientific(value, signs)
    point = signs.index(".") if "." in signs else places[-1] + 1
    decimals = [at for at in places if at > point]
    scale = 2 * signs.count("%") - 3 * _trailing(signs, places)
    exact = abs(Decimal(f"{value:.15g}")).scaleb(scale)
    exact = exact.quantize(Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP)
    whole, _, rest = f"{exact:f}".partition(".")
    minus = "-" if value < 0 and exact else ""
    return minus + _laid_out(signs, whole, rest, point)


def _with_general(value: float, code: str) -> str:
    before, _, after = re.split("(general)", code, maxsplit=1, flags=re.IGNORECASE)
    texts = ("".join(map(literal, _SIGN.findall(part))) for part in (before, after))
    return general(value).join(texts)


def _trailing(signs: tuple[str, ...], places: list[int]) -> int:
    """Commas after the last digit: each divides by a thousand."""
    count = 0
    for sign in signs[places[-1] + 1 :]:
        if sign != ",":
            break
        count += 1
    return count


def _laid_out(signs: tuple[str, ...], whole: str, rest: str, point: int) -> str:
    """Digits in their places, from the point to the left and to the right, literals between them."""
    places = [at for at, sign in enumerate(signs[:point]) if sign in _DIGITS]
    grouped = "," in signs[places[0] : places[-1]] if places else False
    digits = whole.lstrip("0").rjust(sum(signs[at] == "0" for at in places), "0")
    units = [
        digit + ("," if grouped and number and number % 3 == 0 else "")
        for number, digit in enumerate(reversed(digits))
    ]
    left: list[str] = []
    for at in reversed(range(point)):
        if signs[at] in _DIGITS:
            taken = units if at == places[0] else units[:1]
            left += taken
            units = units[len(taken) :]
        elif signs[at] != ",":
            left.append(literal(signs[at]))
    return "".join(reversed(left)) + _decimals(signs[point:], rest)


def _decimals(signs: tuple[str, ...], rest: str) -> str:
    """The point and what follows it; `#` shows no zero at the end."""
    needed = max(
        (n for n, sign in enumerate(t for t in signs if t in _DIGITS) if sign == "0"), default=-1
    )
    kept = rest[: needed + 1] + rest[needed + 1 :].rstrip("0")
    digits = iter(kept)
    return "".join(
        next(digits, "") if sign in _DIGITS else "" if sign == "," else literal(sign)
        for sign in signs
    )


def _scientific(value: float, signs: tuple[str, ...]) -> str:
    at = next(n for n, sign in enumerate(signs) if sign in {"E+", "E-"})
    places = (
        sum(sign in _DIGITS for sign in signs[signs.index(".") : at]) if "." in signs[:at] else 0
    )
    digits, _, power = f"{value:.{places}e}".partition("e")
    width = sum(sign in _DIGITS for sign in signs[at:])
    sign = "-" if power[0] == "-" else "+" if signs[at] == "E+" else ""
    return f"{digits}E{sign}{power[1:].lstrip('0').rjust(width, '0')}"
