"""RIS: a note (`N1`) before the entry's end."""

from __future__ import annotations

import re

from catalog.bibliography.durable import Insertion
from catalog.bibliography.entry import Entry

_END = re.compile(r"^ER\s{0,2}-", re.MULTILINE)


def insertion(text: str, entry: Entry, note: str) -> Insertion | None:
    assert entry.span is not None
    start, end = entry.span
    newline = "\r\n" if "\r\n" in text[start:end] else "\n"
    closing = _END.search(text, start, end)
    if closing is None:
        last = start + len(text[start:end].rstrip())
        return last, f"{newline}N1  - {note}"
    return closing.start(), f"N1  - {note}{newline}"
