"""Tables: CSV and TSV, their columns recognised by their headings, in English and Chinese."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from archive.encoding import decode
from catalog.bibliography.entry import Entry, sorted_out, urls_in
from catalog.postings.dates import date_of

COLUMNS = {
    "key": ("key", "id", "number", "no", "no.", "编号", "序号"),
    "url": (
        "url",
        "link",
        "address",
        "source_url",
        "original_url",
        "网址",
        "链接",
        "地址",
        "来源网址",
    ),
    "title": ("title", "name", "标题", "名称", "题目"),
    "author": ("author", "agency", "publisher", "issuer", "作者", "发文机关", "单位"),
    "published": ("date", "published", "posted", "date_published", "日期", "发布日期"),
    "seen": (
        "accessed",
        "seen",
        "retrieved",
        "urldate",
        "date_accessed",
        "obtained",
        "访问日期",
        "获取日期",
    ),
    "sha256": ("sha256", "sha-256", "digest", "hash", "哈希"),
    "quote": ("quote", "quotation", "excerpt", "text", "引文", "摘录"),
}
_BY_NAME = {name: column for column, names in COLUMNS.items() for name in names}


def read(path: Path) -> Iterator[Entry]:
    """The rows; without a heading that is known, every address in a row counts."""
    text = decode(path.read_bytes(), None).text
    sample = text[:4096]
    delimiter = (
        "\t"
        if sample.count("\t") > sample.count(",")
        else ";"
        if ";" in sample and "," not in sample
        else ","
    )
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns: dict[int, str] | None = None
    for cells in rows:
        if columns is None:
            columns = {
                place: _BY_NAME[name]
                for place, cell in enumerate(cells)
                if (name := cell.strip().lower().lstrip("\ufeff")) in _BY_NAME
            }
            if columns:
                continue
        if any(cell.strip() for cell in cells):
            yield _entry(cells, columns, rows.line_num)


def _entry(cells: list[str], columns: dict[int, str], line: int) -> Entry:
    told = {column: cells[place].strip() for place, column in columns.items() if place < len(cells)}
    raw = ", ".join(cells)
    urls, copies, seen = sorted_out(urls_in(" ".join([told.get("url", ""), *cells])))
    digest = told.get("sha256", "").lower().removeprefix("sha256:")
    return Entry(
        key=told.get("key") or f"line {line}",
        place=f"line {line}",
        raw=raw,
        urls=urls,
        copies=copies,
        title=told.get("title") or None,
        author=told.get("author") or None,
        published=date_of(told.get("published", "")),
        seen=date_of(told.get("seen", "")) or seen,
        sha256=digest if len(digest) == 64 else None,
        quotes=tuple(filter(None, (told.get("quote"),))),
    )
