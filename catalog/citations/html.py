"""`html`: a Robust Link (robustlinks.mementoweb.org), with a COinS span that Zotero reads.

A link decays in place: `data-originalurl`, `data-versionurl` and `data-versiondate` let a reader's
program go to the copy instead. Where the archive is not public there is no `data-versionurl`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from html import escape
from urllib.parse import urlencode, urlsplit

from catalog.citations.facts import Facts
from catalog.citations.tail import copy_at, digest, quotation, remarks


def cite(facts: Facts) -> str:
    title = ", ".join([_link(facts), *map(escape, _about(facts))])
    copy = facts.copy
    where = f'<a href="{escape(copy.url)}">{copy_at(facts)}</a>' if copy.url else copy_at(facts)
    told = [f"archived {_date(facts)} {where}", digest(facts)]
    told += [escape(text) for text in (*remarks(facts), quotation(facts)) if text]
    return f"{title} ({'; '.join(told)}){_coins(facts)}"


def _link(facts: Facts) -> str:
    title = f"{escape(facts.title.plain)}"
    language = f' lang="{escape(facts.language)}"' if facts.language else ""
    if urlsplit(facts.url).scheme not in {"http", "https"}:  # as asserted, and perhaps a script
        return f'<cite{language} dir="auto">{title}</cite>, {escape(facts.url)}'
    links = {
        "href": facts.url,
        "data-originalurl": facts.url,
        "data-versionurl": facts.copy.url,
        "data-versiondate": _date(facts),
    }
    told = " ".join(f'{name}="{escape(value)}"' for name, value in links.items() if value)
    return f'<cite{language} dir="auto"><a {told}>{title}</a></cite>'


def _about(facts: Facts) -> Iterator[str]:
    yield from (author.full for author in facts.responsible)
    yield from filter(None, (facts.publisher, facts.number))
    if facts.issued:
        yield facts.issued.iso


def _date(facts: Facts) -> str:
    return facts.captured.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _coins(facts: Facts) -> str:
    """The entry as an OpenURL context object in a span that no reader sees."""
    told = [
        ("ctx_ver", "Z39.88-2004"),
        ("rft_val_fmt", "info:ofi/fmt:kev:mtx:dc"),
        ("rft.type", "webpage"),
        ("rft.title", facts.title.plain),
        *(("rft.creator", author.full) for author in facts.responsible),
        ("rft.publisher", facts.publisher or ""),
        ("rft.date", facts.issued.iso if facts.issued else ""),
        ("rft.identifier", facts.url),
        ("rft.identifier", facts.copy.url or ""),
        ("rft.language", facts.language or ""),
        ("rft.description", f"Archived {copy_at(facts)}; {digest(facts)}"),
    ]
    context = urlencode([(name, value) for name, value in told if value])
    return f'<span class="Z3988" title="{escape(context)}"></span>'
