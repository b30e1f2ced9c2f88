"""The words of a quotation in the text of what is cited: whether they stand there, and on which page."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Engine, select

from archive.verdict import Verdict
from catalog.citations.facts import Quoted, clean
from catalog.quoting.match import Quote, Searched
from catalog.quoting.segments import unmarked
from catalog.quoting.verdict import Checked, QuoteVerdict, answer_of, check
from catalog.text.placed import PlacedText
from catalog.texts import TEXT, Text
from catalog.values import table_of

_TEXT = table_of(Text).c


class LookedFor(NamedTuple):
    """What came of looking for words: one of three answers, the quotation, and why in a sentence."""

    answer: Verdict
    quoted: Quoted
    reason: str


def look_for(engine: Engine, version_id: str, words: str) -> LookedFor:
    """Look for words in the text of a version; what a machine read off an image does not count."""
    query = select(_TEXT.body, _TEXT.passages, _TEXT.code).where(
        _TEXT.version_id == version_id, _TEXT.kind == TEXT
    )
    with engine.connect() as connection:
        row = connection.execute(query).first()
    text = Searched(row.body) if row and row.body else None
    why_not = f"it has no text: {row.code}" if row else "its text has not been read"
    checked = check(Quote(words), text, why_no_text=why_not)
    quoted = Quoted(text=clean(unmarked(words)), verdict=checked.verdict.value, place="")
    if row is not None and checked.match is not None:
        quoted = _placed(quoted, PlacedText.from_json(row.body, row.passages), checked)
    reason = checked.reason
    if checked.verdict is QuoteVerdict.NO_ORIGINAL:
        reason = "the text is in another script: cite its own words"
    if text is not None and checked.nearest is not None:
        near = clean(text.text[checked.nearest.start : checked.nearest.end])
        reason = f"the nearest passage is “{near}”"
    return LookedFor(answer_of(checked.verdict), quoted, reason)


def _placed(quoted: Quoted, text: PlacedText, checked: Checked) -> Quoted:
    """The quotation with the first place where it stands."""
    assert checked.match is not None
    first = checked.match.places[0]
    spans = list(text.spans(first.start, first.end))
    pages = [span.at.page for span in spans if span.at.page]
    ends = dict.fromkeys(str(span.at) for span in (*spans[:1], *spans[-1:]))
    return Quoted(
        text=quoted.text,
        verdict=quoted.verdict,
        place=" to ".join(filter(None, ends)),
        pages=(pages[0], pages[-1]) if pages else None,
    )
