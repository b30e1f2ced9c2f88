"""One pointer of a work to a source, as it stands there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

URL = re.compile(
    r"https?://[^\s<>\"'`{}|\\^\u3000-\u303f\uff00-\uffef\u2018-\u201f]+", re.IGNORECASE
)
"""An address in running text; Chinese punctuation ends it, which no address holds unescaped."""
_WAYBACK = re.compile(
    r"https?://web\.archive\.org/(?:web/)?(\d{4,14})(?:[a-z]{2}_)?/(.+)", re.IGNORECASE
)
ARCHIVES = frozenset(
    {
        "web.archive.org",
        "archive.org",
        "archive.today",
        "archive.ph",
        "archive.is",
        "archive.li",
        "archive.vn",
        "archive.fo",
        "archive.md",
        "perma.cc",
        "webcitation.org",
        "ghostarchive.org",
        "megalodon.jp",
    }
)
"""Hosts whose addresses are copies of other pages."""
_PAIRS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a work says of one source. Dates are ISO 8601, as exact as they are given."""

    key: str
    """Its name in the work: a BibTeX key, `[^3]`, `line 12`."""
    place: str
    """Where it stands: `line 12`, `footnote 3`, `row 4`, `page 2`."""
    raw: str
    urls: tuple[str, ...] = ()
    """Addresses of the source itself."""
    copies: tuple[str, ...] = ()
    """Addresses of archived copies that the work names."""
    title: str | None = None
    author: str | None = None
    published: str | None = None
    seen: str | None = None
    """When the work says to have seen the source: accessed, or the date of the copy that it names."""
    sha256: str | None = None
    """Digest of the file, in hex, where the work names one."""
    id: str | None = None
    """An id of this archive, where the work names one."""
    quotes: tuple[str, ...] = ()
    problem: str | None = None
    """Why the entry, or a part of it, could not be read."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Entry:
        lists = {name: tuple(told[name]) for name in ("urls", "copies", "quotes")}
        return cls(**{**told, **lists})


def trimmed(url: str) -> str:
    """An address out of running text without what the sentence put behind it."""
    while url:
        last = url[-1]
        if last in ".,;:!?*_~…'\"" or (
            last in _PAIRS and url.count(last) > url.count(_PAIRS[last])
        ):
            url = url[:-1]
        else:
            break
    return url


def is_copy(url: str) -> bool:
    """Whether an address is one of a public archive."""
    try:
        host = (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return False
    return host in ARCHIVES


def original_of(copy: str) -> tuple[str, str] | None:
    """The address and the date that a copy in the Wayback Machine names in its own address."""
    match = _WAYBACK.fullmatch(copy)
    if match is None:
        return None
    url = match[2] if "://" in match[2] else f"http://{match[2]}"
    stamp = match[1]
    parts = [stamp[:4], stamp[4:6], stamp[6:8]]
    return url, "-".join(part for part in parts if part)


def sorted_out(urls: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...], str | None]:
    """Addresses parted into those of sources and those of copies, and the date that a copy names.

    A copy whose address tells the original adds it.
    """
    sources: dict[str, None] = {}
    copies: dict[str, None] = {}
    seen: str | None = None
    for url in urls:
        if not is_copy(url):
            sources[url] = None
            continue
        copies[url] = None
        named = original_of(url)
        if named:
            sources.setdefault(named[0])
            seen = seen or named[1]
    return tuple(sources), tuple(copies), seen


def urls_in(text: str) -> list[str]:
    """The addresses in a text, each once, in its order."""
    return list(dict.fromkeys(filter(None, (trimmed(found) for found in URL.findall(text)))))
