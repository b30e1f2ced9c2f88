"""The tags of government sites (国办发〔2017〕47号), and others that say the same, in a page's head."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from catalog.postings.dates import date_of
from catalog.postings.values import Value

META = {
    "articletitle": "title",
    "pubdate": "posted",
    "contentsource": "source",
    "og:title": "title",
    "dc.title": "title",
    "dcterms.title": "title",
    "citation_title": "title",
    "article:published_time": "posted",
    "publishdate": "posted",
    "dc.date": "posted",
    "dc.date.issued": "posted",
    "dcterms.issued": "posted",
    "citation_publication_date": "posted",
    "source": "source",
    "mediaid": "source",
    "publisher": "source",
    "dc.publisher": "source",
    "og:site_name": "source",
}
"""Names of `<meta>` in lower case, and what they state."""
GOVERNMENT = frozenset({"articletitle", "pubdate", "contentsource"})
"""Those that the guideline for government sites sets; they go before all others."""
_LABEL = re.compile(r"^(?:信息|文章|稿件)?来源[:：]\s*")
_GENERATED = re.compile(
    r"^Microsoft (?:Word|PowerPoint|Excel) - |\.(?:docx?|wps|xlsx?|pptx?|pdf)$", re.IGNORECASE
)


def from_properties(properties: Iterable[tuple[str, str]]) -> Iterator[Value]:
    """What the head of a page, or the properties of an office file or PDF, state."""
    for name, raw in properties:
        key, text = name.strip().lower(), " ".join(raw.split())
        if not text:
            continue
        if key == "title":
            # Word processors put the name of a file there, which is nobody's title.
            where = "file name" if _GENERATED.search(text) else "title"
            yield Value("title", text, raw, where, "title of the file")
        elif key in META:
            yield from _from_meta(META[key], name, text, raw, government=key in GOVERNMENT)


def _from_meta(field: str, name: str, text: str, raw: str, *, government: bool) -> Iterator[Value]:
    value = date_of(text) if field == "posted" else _LABEL.sub("", text)
    if value:
        yield Value(field, value, raw, "government meta" if government else "meta", f"meta {name}")
