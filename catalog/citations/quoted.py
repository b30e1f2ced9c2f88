"""The words of a quotation in the text of what is cited: there, not there, or not checked.

This is all that a citation asks of quotations. The words must stand there exactly, apart from width
(NFKC) and spaces; anything less is not the same quotation.
"""

from __future__ import annotations

import unicodedata

from sqlalchemy import Engine, select

from archive.verdict import Verdict
from catalog.citations.facts import Quoted
from catalog.text.placed import PlacedText
from catalog.texts import TEXT, Text
from catalog.values import table_of

_TEXT = table_of(Text).c


def look_for(engine: Engine, version_id: str, quote: str) -> tuple[Verdict, Quoted]:
    """Whether a version holds these words, and where."""
    query = select(_TEXT.body, _TEXT.passages, _TEXT.code).where(
        _TEXT.version_id == version_id, _TEXT.kind == TEXT
    )
    with engine.connect() as connection:
        row = connection.execute(query).first()
    if row is None or not row.body:
        reason = row.code if row else "its text has not been read"
        return Verdict.NOT_CHECKED, Quoted(text=quote, verdict=f"not checked: {reason}", place="")
    found = _find(PlacedText.from_json(row.body, row.passages), quote)
    if found is None:
        return Verdict.FAILED, Quoted(text=quote, verdict="not found", place="")
    return Verdict.PASSED, found


def _find(placed: PlacedText, quote: str) -> Quoted | None:
    letters = [
        (letter, place)
        for place, character in enumerate(placed.text)
        for letter in unicodedata.normalize("NFKC", character)
        if not letter.isspace()
    ]
    wanted = "".join(unicodedata.normalize("NFKC", quote).split())
    start = "".join(letter for letter, _ in letters).find(wanted) if wanted else -1
    if start < 0:
        return None
    spans = list(placed.spans(letters[start][1], letters[start + len(wanted) - 1][1] + 1))
    pages = [span.at.page for span in spans if span.at.page]
    place = " to ".join(dict.fromkeys(str(span.at) for span in (spans[0], spans[-1])))
    return Quoted(
        text=quote, verdict="verified", place=place, pages=(pages[0], pages[-1]) if pages else None
    )
