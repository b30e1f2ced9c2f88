"""CSL-JSON, as Zotero and pandoc write it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from archive.encoding import decode
from catalog.bibliography.entry import Entry, sorted_out, urls_in
from catalog.postings.dates import date_of

_DIGEST = re.compile(r"sha-?256[\s:]*([0-9a-f]{64})", re.IGNORECASE)


def read(path: Path) -> Iterator[Entry]:
    """The items; one that is no object is unreadable."""
    told = json.loads(decode(path.read_bytes(), None).text)
    items = told.get("items", [told]) if isinstance(told, dict) else told
    for number, item in enumerate(items, 1):
        if isinstance(item, dict):
            yield _entry(item, number)
        else:
            yield Entry(
                key=f"item {number}",
                place=f"item {number}",
                raw=str(item)[:300],
                problem="no object",
            )


def _entry(item: dict[str, Any], number: int) -> Entry:
    raw = json.dumps(item, ensure_ascii=False)
    urls, copies, seen = sorted_out(urls_in(" ".join(_texts(item))))
    digest = _DIGEST.search(raw)
    return Entry(
        key=str(item.get("id") or f"item {number}"),
        place=f"item {number}",
        raw=raw,
        urls=urls,
        copies=copies,
        title=str(item["title"]) if item.get("title") else None,
        author="; ".join(_names(item.get("author"))) or None,
        published=_date(item.get("issued")),
        seen=_date(item.get("accessed")) or seen,
        sha256=digest[1].lower() if digest else None,
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
