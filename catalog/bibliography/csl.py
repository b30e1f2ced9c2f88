"""CSL-JSON, as Zotero and pandoc write it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from catalog.bibliography.entry import Entry, pointers_in
from catalog.bibliography.running import quotes_in
from catalog.postings.dates import date_of

_SPACES = re.compile(r"[\s,]*")
_NOT_POINTING = frozenset({"abstract"})


def read(text: str) -> Iterator[Entry]:
    """The items. One that is none is unreadable; so is what follows broken JSON, which has no end."""
    at = len(text) - len(text.lstrip("\ufeff \t\r\n"))
    number = 0
    for number, (item, start, end) in enumerate(_items(text, at), 1):
        if isinstance(item, dict):
            yield _entry(item, number, text[start:end], (start, end))
        else:
            place = f"item {number}"
            said = "it cannot be read as JSON" if item is BROKEN else "it is no object"
            yield Entry(key=place, place=place, raw=text[start : start + 300], problem=said)
    if not number and not text[at:].lstrip("[ \t\r\n").startswith("]"):
        yield Entry(key="file", place="file", raw=text[:300], problem="it holds no items")


BROKEN = object()
"""Stands for text that is no JSON."""


def _items(text: str, at: int) -> Iterator[tuple[Any, int, int]]:
    """The items of an array, or of `{"items": [...]}`, or the one that stands alone, each with its
    place. What comes before a broken one is given all the same.
    """
    wrapped = re.match(r"\{\s*\"items\"\s*:\s*\[", text[at : at + 200])
    if wrapped is None and text[at : at + 1] != "[":
        if text[at:].strip():
            yield _value(text, at)
        return
    at += wrapped.end() if wrapped else 1
    while True:
        at += _SPACES.match(text, at).end() - at  # type: ignore[union-attr]
        if at >= len(text) or text[at] == "]":
            return
        value, start, end = _value(text, at)
        yield value, start, end
        if value is BROKEN:
            return
        at = end


def _value(text: str, at: int) -> tuple[Any, int, int]:
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(text, at)
    except (ValueError, RecursionError):
        return BROKEN, at, len(text)
    return value, at, end


def _entry(item: dict[str, Any], number: int, raw: str, span: tuple[int, int]) -> Entry:
    told = {name: value for name, value in item.items() if name not in _NOT_POINTING}
    location = item.get("archive_location") or ""
    found = pointers_in(" ".join([*_texts(told), f"capture {location} of"]))
    note = str(item.get("note") or "")
    return Entry(
        key=str(item.get("id") or f"item {number}"),
        place=f"item {number}",
        raw=raw,
        urls=found.urls,
        copies=found.copies,
        title=str(item["title"]) if item.get("title") else None,
        author="; ".join(_names(item.get("author"))) or None,
        published=_date(item.get("issued")),
        seen=_date(item.get("accessed")) or found.seen,
        sha256=found.sha256,
        id=found.id,
        quotes=quotes_in(note.partition("Archived ")[0]),
        span=span,
    )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _names(told: Any) -> Iterator[str]:
    for name in told if isinstance(told, list) else ():
        if isinstance(name, dict):
            parts = (name.get("literal"), name.get("family"), name.get("given"))
            yield ", ".join(str(part) for part in parts if part)


def _date(told: Any) -> str | None:
    if not isinstance(told, dict):
        return None
    parts = told.get("date-parts")
    if isinstance(parts, list) and parts and isinstance(parts[0], list):
        written = [str(part).zfill(2) for part in parts[0][:3] if str(part).isdecimal()]
        return date_of("-".join(written)) if written else None
    return date_of(str(told.get("raw") or told.get("literal") or ""))
