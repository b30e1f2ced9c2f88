"""What the address and the server say of a posting's date: weaker than anything it says itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from catalog.postings.dates import date_of
from catalog.postings.values import Value

_PATH = (
    re.compile(r"/t((?:19|20)\d{6})_\d+"),
    re.compile(r"/((?:19|20)\d\d[-/](?:0[1-9]|1[0-2])[-/](?:[0-2]\d|3[01]))/"),
    re.compile(r"/((?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01]))/"),
    re.compile(r"/((?:19|20)\d\d[-/](?:0[1-9]|1[0-2]))/"),
)
"""TRS's `t20210601_…`, folders by day, folders by month."""


def from_circumstances(url: str, last_modified: str | None) -> Iterator[Value]:
    """The date in a URL, and the server's Last-Modified."""
    path = urlsplit(url).path
    for form in _PATH:
        match = form.search(path)
        value = date_of(match[1].replace("/", "-")) if match else None
        if match and value:
            yield Value("posted", value, match[0], "address", "URL")
            break
    if last_modified:
        try:
            when = parsedate_to_datetime(last_modified)
        except ValueError:
            return
        yield Value(
            "posted", when.strftime("%Y-%m-%dT%H:%MZ"), last_modified, "server", "Last-Modified"
        )
