"""What a check of a quotation comes to: one of a closed list, decided in one place from facts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from archive.verdict import Verdict
from catalog.quoting.language import may_be_translated
from catalog.quoting.match import Match, Quote, Searched, cut_words
from catalog.quoting.nearest import Nearest, nearest

SHORT = 4
"""Characters below which a quotation may stand anywhere by accident."""


class QuoteVerdict(StrEnum):
    """The closed list."""

    VERIFIED = "verified"
    DECLARED = "verified with declared omissions or insertions"
    TRANSLATION = "translation, original passage verified"
    NO_ORIGINAL = "translation, original not given"
    CONFIRMED = "confirmed on the page image"
    ALTERED = "altered"
    NOT_FOUND = "not found"
    NOT_CHECKED = "not checked"


HOLDS = frozenset(
    {
        QuoteVerdict.VERIFIED,
        QuoteVerdict.DECLARED,
        QuoteVerdict.TRANSLATION,
        QuoteVerdict.CONFIRMED,
    }
)


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict on a quotation in one text, with what it rests on."""

    verdict: QuoteVerdict
    reason: str
    match: Match | None = None
    nearest: Nearest | None = None


def check(quote: Quote, text: Searched | None, *, why_no_text: str = "") -> Checked:
    """Whether a quotation stands in a text. Without a text nothing is said of it."""
    if text is None:
        return Checked(QuoteVerdict.NOT_CHECKED, why_no_text)
    if not quote.has_words:
        return Checked(QuoteVerdict.NOT_CHECKED, "there is no word in the quotation")
    match = text.find(quote)
    if match is not None:
        return _found(quote, match, text)
    if may_be_translated(quote.raw, text.text):
        return Checked(
            QuoteVerdict.NO_ORIGINAL,
            "the text is in another language: give the passage that was translated with --original",
        )
    near = nearest(text.text, quote.raw)
    if near is not None:
        return Checked(QuoteVerdict.ALTERED, "the nearest passage differs", nearest=near)
    return Checked(QuoteVerdict.NOT_FOUND, "nothing like it is in the text")


def _found(quote: Quote, match: Match, text: Searched) -> Checked:
    if not any(map(text.is_seen, match.places)):
        return Checked(
            QuoteVerdict.NOT_CHECKED,
            "it stands only in text that no reader sees, as a scanner puts behind the image of a page: "
            "look at the page",
        )
    verdict = QuoteVerdict.DECLARED if match.declared else QuoteVerdict.VERIFIED
    return Checked(verdict, _told(quote, match, text.text), match)


def check_translation(original: Checked, translator: str) -> Checked:
    """The verdict on a translated quotation: it rests on the passage that was translated.

    Whether the translation is right is the translator's word, which is kept beside it.
    """
    if original.verdict in {QuoteVerdict.VERIFIED, QuoteVerdict.DECLARED}:
        reason = (
            f"the passage is verified; that it was translated rightly is the word of {translator}"
        )
        return Checked(QuoteVerdict.TRANSLATION, reason, original.match)
    return original


def answer_of(verdict: QuoteVerdict) -> Verdict:
    """The verdict as one of the three answers."""
    if verdict in HOLDS:
        return Verdict.PASSED
    unchecked = {QuoteVerdict.NOT_CHECKED, QuoteVerdict.NO_ORIGINAL}
    return Verdict.NOT_CHECKED if verdict in unchecked else Verdict.FAILED


def _told(quote: Quote, match: Match, text: str) -> str:
    places = len(match.places)
    told = f"exact under {match.recipe}"
    if match.declared:
        told += ", each part in its order"
    if places > 1:
        told += f", at {places} places"
    if len(quote.whole) < SHORT:
        told += "; so few characters may stand there by accident"
    # Only where no place begins and ends between words: `lawful` may stand in `unlawful` too.
    cut = [cut_words(text, place) for place in match.places]
    if all(cut):
        told += f"; but only inside of other words: {', '.join(cut[0])}"
    return told
