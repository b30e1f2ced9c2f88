"""What compound files say of themselves ([MS-OLEPS]): Word and Excel before 2007, and WPS."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import olefile

NAMES = (
    *("title", "subject", "author", "keywords", "comments", "company", "manager"),
    *("last_saved_by", "creating_application", "create_time", "last_saved_time"),
)
"""Those that are kept, as olefile names them."""
NEVER = 1601
"""The year that a time of 0 stands in: nobody said when."""
_UNICODE = {1200: "utf-16-le", 65001: "utf-8", 936: "gb18030", 0: "cp1252"}
"""Code pages whose codec is not called `cp` and the number; GBK is read as the larger GB 18030."""


def properties(ole: olefile.OleFileIO) -> Iterator[tuple[str, str]]:
    """Names and values; nothing where the property sets are damaged, which the text does not need."""
    try:
        meta = ole.get_metadata()
    except Exception:  # noqa: BLE001 -- olefile lets through what its parsing of damaged sets raises
        return
    for name in NAMES:
        value: Any = getattr(meta, name, None)
        if isinstance(value, bytes):
            value = value.decode(_codec(meta.codepage), "replace")
        if isinstance(value, datetime) and value.year == NEVER:
            continue
        text = str(value or "").replace("\x00", "").strip()
        if text:
            yield name, text


def _codec(code_page: int | None) -> str:
    number = (code_page or 0) & 0xFFFF
    name = _UNICODE.get(number, f"cp{number}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "cp1252"
