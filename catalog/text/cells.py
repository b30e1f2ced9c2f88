"""Values of spreadsheet cells as a reader sees them."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any

CELLS = 2_000_000
"""Cells that are read of one workbook."""
_PLACES = re.compile(r"0\.(0+)")


def shown(value: Any, format_: str = "General") -> str:
    """The value in words: dates as ISO 8601, numbers without needless digits, per cents as such."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int):
        return _whole(value, format_)
    if isinstance(value, float):
        return _number(value, format_)
    if isinstance(value, datetime) and value.time() != time():
        return value.isoformat(" ", "seconds")
    if isinstance(value, datetime):
        value = value.date()
    return value.isoformat() if isinstance(value, date | time) else str(value).strip()


def _whole(value: int, format_: str) -> str:
    return _number(float(value), format_) if "%" in format_ else str(value)


def _number(value: float, format_: str) -> str:
    found = _PLACES.search(format_)
    places = len(found[1]) if found else None
    if "%" in format_:
        return f"{value * 100:.{places or 0}f}%"
    if places is not None:
        return f"{value:.{places}f}"
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
