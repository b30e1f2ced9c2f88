"""Tables: CSV and TSV, their columns recognised by their headings, in English and Chinese."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from catalog.bibliography.entry import Entry, addressed, pointers_in
from catalog.postings.dates import date_of

COLUMNS = {
    "key": ("key", "id", "number", "no", "no.", "#", "编号", "序号"),
    "url": (
        *("url", "urls", "link", "address", "source_url", "source url", "original_url", "web"),
        *("网址", "链接", "地址", "来源网址", "原文链接", "文件链接"),
    ),
    "title": ("title", "name", "标题", "名称", "题目", "题名", "文件名称"),
    "author": (
        *("author", "agency", "publisher", "issuer", "issued by"),
        *("作者", "发文机关", "单位", "发布单位", "发文单位"),
    ),
    "published": (
        *("date", "published", "posted", "issued", "date_published", "publication date"),
        *("日期", "发布日期", "发布时间", "成文日期"),
    ),
    "seen": (
        *("accessed", "seen", "retrieved", "urldate", "date_accessed", "access date", "obtained"),
        *("fetched", "访问日期", "获取日期", "访问时间", "引用日期", "下载日期"),
    ),
    "sha256": ("sha256", "sha-256", "digest", "hash", "checksum", "哈希", "哈希值"),
    "quote": ("quote", "quotation", "excerpt", "引文", "摘录", "原文"),
}
_BY_NAME = {name: column for column, names in COLUMNS.items() for name in names}


def read(text: str) -> Iterator[Entry]:
    """The rows; without a heading that is known, every address in a row counts.

    A row that breaks the rules of CSV is unreadable, and so is what follows it: where the next one
    begins nobody knows.
    """
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    columns: dict[int, str] | None = None
    while True:
        begins = rows.line_num + 1
        try:
            cells = next(rows, None)
        except csv.Error as error:
            place = f"line {begins}"
            yield Entry(key=place, place=place, raw="", problem=f"no CSV from here on: {error}")
            return
        if cells is None:
            return
        if columns is None:
            columns = _columns(cells)
            if columns:
                continue
        if any(cell.strip() for cell in cells):
            yield _entry(cells, columns, begins)


def _columns(cells: list[str]) -> dict[int, str]:
    """What the columns hold, by their place; empty where this is no row of headings."""
    found: dict[int, str] = {}
    for place, cell in enumerate(cells):
        column = _BY_NAME.get(cell.strip().strip("\ufeff").lower())
        if column and column not in found.values():
            found[place] = column
    return found


def _delimiter(text: str) -> str:
    """Of the first line, where it has several fields."""
    first = text.lstrip("\ufeff").partition("\n")[0]
    counts = {mark: first.count(mark) for mark in ",\t;"}
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] else ","


def _entry(cells: list[str], columns: dict[int, str], line: int) -> Entry:
    told = {column: cells[place].strip() for place, column in columns.items() if place < len(cells)}
    sources = addressed(told.get("url", "")) or " ".join(
        cell for place, cell in enumerate(cells) if columns.get(place) != "quote"
    )
    digest = told.get("sha256", "").lower().removeprefix("sha256:")
    found = pointers_in(f"{sources} sha256 {digest} capture {told.get('key', '')} of")
    raw = ", ".join(cells)
    return Entry(
        key=told.get("key") or f"line {line}",
        place=f"line {line}",
        raw=raw,
        urls=found.urls,
        copies=found.copies,
        title=told.get("title") or None,
        author=told.get("author") or None,
        published=date_of(told.get("published", "")),
        seen=date_of(told.get("seen", "")) or found.seen,
        sha256=found.sha256,
        id=found.id,
        quotes=tuple(filter(None, (told.get("quote"),))),
        problem=None
        if found.urls or "url" not in told or not told["url"]
        else _no_url(told["url"]),
    )


def _no_url(cell: str) -> str:
    return f"this is no address: {cell[:100]}"
