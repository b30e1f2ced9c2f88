"""BibTeX and biblatex."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

from bibtexparser.entrypoint import parse_string
from bibtexparser.model import DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, ParsingFailedBlock
from bibtexparser.model import Entry as Block

from catalog.bibliography.entry import Entry, addressed, pointers_in
from catalog.bibliography.running import accessed, quotes_in
from catalog.postings.dates import date_of

logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # what it says is in its blocks too

_LATEX = re.compile(r"\\(?:url|href|textit|emph|textbf)\s*(?=\{)|\\([%#&_{}~$])|[{}]")
_ESCAPE = re.compile(r"\\(?=[%#&_~{}$])")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NOT_POINTING = frozenset({"abstract", "file", "annotation"})
"""Fields whose addresses are not those of the source."""


def read(text: str) -> Iterator[Entry]:
    """The entries; those that the parser cannot read come as unreadable, where they stand."""
    library = parse_string(text)
    starts = [0]
    for each in text.split("\n"):
        starts.append(starts[-1] + len(each) + 1)
    blocks = [*library.entries, *library.failed_blocks]
    for block in sorted(blocks, key=lambda block: block.start_line or 0):
        line = min(block.start_line or 0, len(starts) - 1)
        raw = block.raw or ""
        begin = text.find(raw, starts[line]) if raw else -1
        span = (begin, begin + len(raw)) if begin >= 0 else None
        whole, problem = _whole(block)
        if whole is not None:
            yield _entry(whole, f"line {line + 1}", raw, span, problem)
        else:
            yield Entry(key=f"line {line + 1}", place=f"line {line + 1}", raw=raw, problem=problem)


def _whole(block: object) -> tuple[Block | None, str | None]:
    """The entry in a block, and what is wrong with it: a key or field given twice loses nothing."""
    if isinstance(block, Block):
        return block, None
    if isinstance(block, DuplicateBlockKeyBlock | DuplicateFieldKeyBlock):
        inner = block.ignore_error_block
        if isinstance(inner, Block):
            return inner, _said(block.error).partition(".")[0]
    return None, _said(block.error if isinstance(block, ParsingFailedBlock) else None)


def _said(error: Exception | None) -> str:
    told = getattr(error, "abort_reason", None) or str(error or "")
    return " ".join(str(told).split()) or "it cannot be parsed"


def _entry(
    block: Block, place: str, whole: str, span: tuple[int, int] | None, problem: str | None
) -> Entry:
    raw = {name.lower(): str(field.value) for name, field in block.fields_dict.items()}
    fields = {name: _plain(value) for name, value in raw.items()}
    if "url" in raw:
        raw["url"] = addressed(raw["url"])
    told = " ".join(
        _ESCAPE.sub("", value) for name, value in raw.items() if name not in _NOT_POINTING
    )
    location = fields.get("archive_location") or ""
    found = pointers_in(f"{told} sha256 {fields.get('sha256', '')} capture {location} of")
    date = fields.get("date") or _year_and_month(fields)
    return Entry(
        key=block.key or place,
        place=place,
        raw=whole,
        urls=found.urls,
        copies=found.copies,
        title=fields.get("title"),
        author=fields.get("author") or fields.get("institution") or fields.get("organization"),
        published=date_of(date),
        seen=date_of(fields.get("urldate", "")) or found.seen or accessed(told),
        sha256=found.sha256,
        id=found.id,
        quotes=_quotes(fields),
        problem=problem,
        span=span,
    )


def _quotes(fields: dict[str, str]) -> tuple[str, ...]:
    """The words in a field made for them; in a note, those in quotation marks."""
    own = tuple(fields[name] for name in ("quote", "quotation") if fields.get(name))
    return own or quotes_in(fields.get("note", "").partition("Archived ")[0])


def _plain(value: str) -> str:
    return " ".join(_LATEX.sub(lambda match: match[1] or "", value).split())


def _year_and_month(fields: dict[str, str]) -> str:
    month = fields.get("month", "").strip().lower()
    number = month.zfill(2) if month.isdecimal() else _month(month)
    return "-".join(filter(None, (fields.get("year"), number)))


def _month(name: str) -> str | None:
    return f"{_MONTHS.index(name[:3]) + 1:02}" if name[:3] in _MONTHS else None
