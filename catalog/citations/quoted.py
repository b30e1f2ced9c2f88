"""The words of a quotation in the text of what is cited: whether they stand there, and on which page."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Engine

from archive.verdict import Verdict
from catalog.citations.facts import Quoted, clean
from catalog.documents import text_of
from catalog.quotes import QuoteCheck, quotes_of
from catalog.quoting.match import Match, Quote, Searched
from catalog.quoting.segments import unmarked
from catalog.quoting.verdict import QuoteVerdict, answer_of, check
from catalog.text.placed import PlacedText
from catalog.texts import Text

DECIDED = frozenset({QuoteVerdict.CONFIRMED.value, QuoteVerdict.TRANSLATION.value})
"""Verdicts that rest on a person's word, which `muniment quote` keeps."""


class LookedFor(NamedTuple):
    """What came of looking for words: one of three answers, the quotation, and why in a sentence."""

    answer: Verdict
    quoted: Quoted
    reason: str


def look_for(engine: Engine, version_id: str, words: str) -> LookedFor:
    """Look for words in the text of a version, and where they do not stand there, for a person's
    word on them: a confirmation on the page's image, a translation whose original was verified.
    """
    quote = Quote(words)
    plain = clean(unmarked(words))
    text = text_of(engine, version_id)
    searched = (
        Searched.of(PlacedText.from_json(text.body, text.passages))
        if text and text.characters
        else None
    )
    why_not = f"it has no text ({text.code}: {text.detail})" if text else "its text is not read yet"
    checked = check(quote, searched, why_no_text=why_not)
    if text is not None and checked.match is not None:
        quoted = _placed(text, checked.match, plain, checked.verdict.value)
        return LookedFor(Verdict.PASSED, quoted, checked.reason)
    decided = next((c for c in quotes_of(engine, version_id) if _decides(c, quote)), None)
    if decided is not None:
        return LookedFor(Verdict.PASSED, _decided(decided, plain), decided.detail["reason"])
    reason = checked.reason
    if searched is not None and checked.nearest is not None:
        near = clean(searched.text[checked.nearest.start : checked.nearest.end])
        reason = f"the nearest passage is “{near}”"
    elif checked.verdict is QuoteVerdict.NO_ORIGINAL:
        reason = "the text is in another script; check it first with `muniment quote --original`"
    quoted = Quoted(text=plain, verdict=checked.verdict.value, place="")
    return LookedFor(answer_of(checked.verdict), quoted, reason)


def _placed(text: Text, match: Match, words: str, verdict: str) -> Quoted:
    """The quotation with the first place where it stands."""
    first = match.places[0]
    spans = list(PlacedText.from_json(text.body, text.passages).spans(first.start, first.end))
    ends = dict.fromkeys(str(span.at) for span in (*spans[:1], *spans[-1:]))
    pages = [span.at.page for span in spans if span.at.page]
    return Quoted(
        text=words,
        verdict=verdict,
        place=" to ".join(filter(None, ends)),
        pages=(pages[0], pages[-1]) if pages else None,
    )


def _decides(check: QuoteCheck, quote: Quote) -> bool:
    return check.verdict in DECIDED and Quote(check.quote).whole == quote.whole


def _decided(check: QuoteCheck, words: str) -> Quoted:
    """The quotation with what an earlier check says of it, and by whose word."""
    detail = check.detail
    at = [place for found in detail.get("places", ())[:1] for place in found["at"]]
    pages = [detail["page"]] if detail.get("page") else [p["page"] for p in at if p.get("page")]
    verdict = check.verdict
    if detail.get("confirmed_by"):
        verdict = f"confirmed by {detail['confirmed_by']} on the page image"
    elif detail.get("translator"):
        verdict += f", translated by {detail['translator']}"
    return Quoted(
        text=words,
        verdict=verdict,
        place=f"page {pages[0]}" if pages else "",
        pages=(pages[0], pages[-1]) if pages else None,
    )
