"""The files that a notice links, with the words of the links."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urljoin, urlsplit

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
    parts = urlsplit(url)
    if _FILE.search(parts.path):
        return True
    return bool(_FILE.search(parts.query) or _DOWNLOAD.search(f"{parts.path}?{parts.query}"))


def attachment_rows(version_id: str, url: str, links: Iterable[tuple[str, str]]) -> list[Row]:
    """The rows of `attachment` for a page at `url`: each address once, with its first words."""
    found: dict[str, str] = {}
    for href, words in links:
        try:
            target = urljoin(url, href.strip()).partition("#")[0]
            wanted = urlsplit(target).scheme in {"http", "https"} and is_file(target)
        except ValueError:  # no address: `http://[`
            continue
        if wanted and not found.get(target):
            found[target] = " ".join(words.split())
        if len(found) == MOST:
            break
    return [
        {
            "version_id": version_id,
            "place": place,
            "document_id": document_id(target),
            "url": target,
            "words": words,
        }
        for place, (target, words) in enumerate(found.items(), 1)
    ]
