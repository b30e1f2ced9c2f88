"""One pointer of a work to a source, as it stands there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from archive.errors import UsageError
from archive.ident import LENGTH, typed

URL = re.compile(
    r"https?://[^\s<>\"'`{}|\\^\u3000-\u303f\uff00-\uffef\u2018-\u201f]+", re.IGNORECASE
)
"""An address in running text; Chinese punctuation ends it, which no address holds unescaped."""
ARCHIVES = frozenset(
    {
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
_WAYBACK = re.compile(
    r"https?://web\.archive\.org/(?:web/)?(\d{4,14})(?:[a-z]{2}_)?/(.+)", re.IGNORECASE
)
_DIGEST = re.compile(r"sha-?256[^0-9a-z]{1,8}([0-9a-f]{64})(?![0-9a-z])", re.IGNORECASE)
_OURS = re.compile(r"/c/([0-9a-z]{17})(?![0-9a-z])|\bcapture ([0-9a-z]{17}) of\b", re.IGNORECASE)
"""Our captures as citations name them (catalog.citations.tail)."""
_PAIRS = {")": "(", "]": "[", "}": "{"}
_RUN_ON = re.compile(
    r"(.*?\.(?:s?html?|xhtml|pdf|docx?|xlsx?|aspx?|jsp|php|txt|zip))[\u3400-\u9fff].*",
    re.IGNORECASE,
)
"""An address that Chinese text goes on behind, without a space."""
_BARE = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?(?:/\S*)?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a work says of one source. Dates are ISO 8601, as exact as they are given."""

    key: str
    """Its name in the work: a BibTeX key, `[^3]`, `line 12`."""
    place: str
    """Where it stands: `line 12`, `footnote 3`, `page 2`."""
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
    span: tuple[int, int] | None = field(default=None, compare=False)
    """Where it stands in the text of the file, in characters, for who writes there."""

    def to_json(self) -> dict[str, Any]:
        """What is kept of it: all but the text around it, which is in the file."""
        told = {name: getattr(self, name) for name in _KEPT}
        return {name: value for name, value in told.items() if value not in {None, ()}}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Entry:
        found: dict[str, Any] = {name: told.get(name) for name in _KEPT}
        lists = {name: tuple(told.get(name, ())) for name in ("urls", "copies", "quotes")}
        return cls(**{"raw": "", **found, **lists})


_KEPT = tuple(each.name for each in fields(Entry) if each.name not in {"raw", "span"})


class Pointers(NamedTuple):
    """What a text points to."""

    urls: tuple[str, ...]
    copies: tuple[str, ...]
    seen: str | None
    """The date of the first copy whose address tells one."""
    sha256: str | None
    id: str | None


def pointers_in(text: str, urls: Iterable[str] | None = None) -> Pointers:
    """What a text points to: its addresses (or those given) parted into sources and copies.

    A copy whose address tells the original adds it to the sources.
    """
    sources: dict[str, None] = {}
    copies: dict[str, None] = {}
    seen: str | None = None
    for url in urls_in(text) if urls is None else urls:
        if not is_copy(url):
            sources[url] = None
            continue
        copies[url] = None
        named = original_of(url)
        if named:
            sources.setdefault(named[0])
            seen = seen or named[1]
    digest = _DIGEST.search(text)
    sha256 = digest[1].lower() if digest else None
    return Pointers(tuple(sources), tuple(copies), seen, sha256, _id_in(text))


def trimmed(url: str) -> str:
    """An address out of running text without what the sentence put behind it."""
    run_on = _RUN_ON.fullmatch(url)
    url = run_on[1] if run_on else url
    while url:
        last = url[-1]
        if last in ".,;:!?*_~…'\"" or (
            last in _PAIRS and url.count(last) > url.count(_PAIRS[last])
        ):
            url = url[:-1]
        else:
            break
    return url if len(url) > len("https://") else ""


def addressed(field: str) -> str:
    """A field made for an address; one that leaves out `http://` gets it."""
    field = field.strip()
    return f"http://{field}" if _BARE.fullmatch(field) else field


def is_copy(url: str) -> bool:
    """Whether an address is one of a public archive, or of a capture of ours."""
    try:
        host = (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return False
    if host == "web.archive.org":
        return "/web/" in url or _WAYBACK.fullmatch(url) is not None
    return host in ARCHIVES or _id_in(url) is not None


def original_of(copy: str) -> tuple[str, str] | None:
    """The address and the date that a copy in the Wayback Machine names in its own address."""
    match = _WAYBACK.fullmatch(copy)
    if match is None:
        return None
    url = match[2] if "://" in match[2] else f"http://{match[2]}"
    stamp = match[1]
    parts = [stamp[:4], stamp[4:6], stamp[6:8]]
    return url, "-".join(part for part in parts if len(part) in {2, 4})


def urls_in(text: str) -> list[str]:
    """The addresses in a text, each once, in its order."""
    return list(dict.fromkeys(filter(None, (trimmed(found) for found in URL.findall(text)))))


def _id_in(text: str) -> str | None:
    """The first id of ours that a text names; its check character tells it from other words."""
    for match in _OURS.finditer(text):
        written = match[1] or match[2]
        try:
            found = typed(written)
        except UsageError:
            continue
        if len(found) == LENGTH:
            return written.lower()
    return None
