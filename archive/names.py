"""File names made from what servers and givers say, which never lead anywhere else."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote, urlsplit

RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
LONGEST = 200
"""Bytes of a name; the usual limit is 255, and a suffix may come."""


def safe_name(filename: str | None, url: str) -> str:
    """A plain file name for a document: as Content-Disposition gave it, else the end of its URL."""
    parts = urlsplit(url)
    last = unquote(parts.path.rstrip("/").rpartition("/")[2])
    return _safe(filename or "") or _safe(last) or _safe(parts.netloc) or "document"


def _safe(text: str) -> str:
    """The last part of a path, without what a file system or a shell could take for an order."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", text)[-1])
    name = "".join("_" if unicodedata.category(c)[0] == "C" or c in '<>:"|?*' else c for c in name)
    name = name.strip(" .").lstrip("-")
    if RESERVED.fullmatch(name):
        name = f"_{name}"
    stem, dot, suffix = name.rpartition(".")
    if len(name.encode()) > LONGEST and dot and len(suffix.encode()) <= 10:
        return _cut(stem, LONGEST - len(suffix.encode()) - 1) + dot + suffix
    return _cut(name, LONGEST)


def _cut(text: str, length: int) -> str:
    return text.encode()[:length].decode("utf-8", "ignore")
