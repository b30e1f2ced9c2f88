"""BibTeX and biblatex."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bibtexparser.entrypoint import parse_string
from bibtexparser.model import DuplicateBlockKeyBlock, ParsingFailedBlock
from bibtexparser.model import Entry as Block

from archive.encoding import decode
from catalog.bibliography.entry import Entry, sorted_out, urls_in
from catalog.postings.dates import date_of

_DIGEST = re.compile(r"sha-?256[\s:]*([0-9a-f]{64})", re.IGNORECASE)
_LATEX = re.compile(r"\\(?:url|href)\s*\{([^{}]*)\}|\\([%#&_{}~])|[{}]")


def read(path: Path) -> Iterator[Entry]:
    """The entries; those that the parser cannot read come as unreadable, where they stand."""
    text = decode(path.read_bytes(), None).text
    library = parse_string(text)
    blocks = [*library.entries, *library.failed_blocks]
    for block in sorted(blocks, key=lambda block: block.start_line or 0):
        if isinstance(block, Block):
            yield _entry(block)
        elif isinstance(block, DuplicateBlockKeyBlock) and isinstance(
            block.ignore_error_block, Block
        ):
            yield _entry(block.ignore_error_block)
        elif isinstance(block, ParsingFailedBlock):
            line = (block.start_line or 0) + 1
            said = str(block.error).partition("\n")[0] or "its braces do not close"
            yield Entry(key=f"line {line}", place=f"line {line}", raw=block.raw or "", problem=said)


def _entry(block: Block) -> Entry:
    fields = {name.lower(): _plain(str(field.value)) for name, field in block.fields_dict.items()}
    raw = {name.lower(): str(field.value) for name, field in block.fields_dict.items()}
    everything = " ".join(raw[name].replace("\\", "") for name in raw if name != "abstract")
    urls, copies, seen = sorted_out(urls_in(everything))
    digest = _DIGEST.search(everything)
    date = fields.get("date") or "-".join(
        filter(None, (fields.get("year"), _month(fields.get("month"))))
    )
    return Entry(
        key=block.key,
        place=f"line {(block.start_line or 0) + 1}",
        raw=block.raw or "",
        urls=urls,
        copies=copies,
        title=fields.get("title"),
        author=fields.get("author") or fields.get("institution") or fields.get("organization"),
        published=date_of(date) if date else None,
        seen=date_of(fields.get("urldate", "")) or seen,
        sha256=digest[1].lower() if digest else None,
        quotes=tuple(filter(None, (fields.get("quote"), fields.get("quotation")))),
    )


def _plain(value: str) -> str:
    return _LATEX.sub(lambda match: match[1] or match[2] or "", value).strip()


def _month(name: str | None) -> str | None:
    months = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905 -- as BibTeX has them
    if not name:
        return None
    if name.isdecimal():
        return f"{int(name):02}"
    return f"{months.index(name[:3].lower()) + 1:02}" if name[:3].lower() in months else None
