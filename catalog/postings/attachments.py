"""The files that a notice links, with the words of the links."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from archive.encoding import query_encoding
from archive.urls import Base, NotWebError, resolve
from catalog.keys import document_id

_FILE = re.compile(
    r"\.(?:pdf|docx?|docm|xlsx?|xlsm|pptx?|ofd|wps|et|dps|rtf|odt|ods|odp|zip|rar|7z|txt|csv|ceb)$",
    re.IGNORECASE,
)
_DOWNLOAD = re.compile(r"download|downfile|attach|wbfileid|fileid", re.IGNORECASE)
"""In the path or query of addresses that end in no name: VSB's `download.jsp?…wbfileid=`, JCMS's
`downfile.jsp?filename=`."""
MOST = 500

Row = dict[str, Any]


def is_file(url: str) -> bool:
    """Whether an address looks like that of a file rather than of a page."""
    try:
        parts = urlsplit(url)
    except ValueError:  # no address: `http://[`
        return False
    if _FILE.search(parts.path):
        return True
    return bool(_FILE.search(parts.query) or _DOWNLOAD.search(f"{parts.path}?{parts.query}"))


def led_to(url: str, href: str, encoding: str | None) -> str | None:
    """Where a link leads from a page at `url` that is in this encoding, as a browser and the crawler
    read it; `None` where that is no address in the web.
    """
    base = Base.of(url, query_encoding(encoding or "utf-8"))
    try:
        target = resolve(base, href)
    except NotWebError:
        return None
    return target if target.startswith(("http://", "https://")) else None


def attachment_rows(
    version_id: str, url: str, links: Iterable[tuple[str, str]], encoding: str | None = None
) -> list[Row]:
    """The rows of `attachment` for a page at `url`: each address once, with its first words."""
    found: dict[str, tuple[str, str]] = {}
    """What is written and the words, by where it leads."""
    for href, words in links:
        target = led_to(url, href, encoding)
        if target and is_file(target) and not found.get(target, ("", ""))[1]:
            found[target] = href, " ".join(words.split())
        if len(found) == MOST:
            break
    return [
        {
            "version_id": version_id,
            "place": place,
            "document_id": document_id(target),
            "href": href,
            "words": words,
        }
        for place, (target, (href, words)) in enumerate(found.items(), 1)
    ]
