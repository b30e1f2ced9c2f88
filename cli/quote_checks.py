"""Checking quotations against the texts of the catalog, and what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from archive.errors import UsageError
from archive.ident import printed
from catalog.collections import Collection, versions_in
from catalog.documents import last_seen, text_of, title_of, unread_versions
from catalog.holdings import Capture
from catalog.quotes import QUOTE_CHECK, ids_of_texts
from catalog.quoting.match import Match, Place, Quote, Searched
from catalog.quoting.verdict import Checked, QuoteVerdict, check, check_translation
from catalog.search.candidates import holding, like
from catalog.text.placed import PlacedText
from catalog.texts import OCR, TEXT, Text
from catalog.values import table_of
from cli.context import Archive
from cli.events import Attachment, Happening
from cli.naming import named_capture
from cli.output import number

CONTEXT = 40
"""Characters around a passage that are shown."""
LOOKED_AT = 200
"""Texts whose script is looked at where nothing is found."""
SHOWN = 5
"""Places and documents that are told of; all are counted."""


@dataclass(frozen=True, slots=True)
class Translation:
    """The passage that a quotation translates, and who answers for it."""

    original: str
    translator: str
    statement: Path | None = None


@dataclass(frozen=True)
class Answer:
    """What a check came to in one document, or in none."""

    quote: str
    checked: Checked
    text: Text | None = None
    capture: Capture | None = None
    title: str | None = None
    translation: Translation | None = None
    confirmed_by: str | None = None
    page: int | None = None
    looked_in: int | None = None
    """How many texts were looked through, where no document was named."""

    @property
    def verdict(self) -> str:
        """As the closed list has it; of a confirmation with the name of who confirmed."""
        if self.checked.verdict is QuoteVerdict.CONFIRMED:
            return f"confirmed by {self.confirmed_by} on the page image"
        return self.checked.verdict.value

    @property
    def match(self) -> Match | None:
        return self.checked.match

    @property
    def where(self) -> list[str]:
        """The places, as a reader finds them."""
        if self.match is None or self.text is None:
            return [f"page {self.page}"] if self.page else []
        placed = _placed(self.text)
        return [_place(placed, place) for place in self.match.places[:SHOWN]]

    @property
    def passages(self) -> list[str]:
        """The words with some around them."""
        if self.match is None or self.text is None:
            return []
        body = self.text.body
        return [
            f"…{body[max(p.start - CONTEXT, 0) : p.start]}【{body[p.start : p.end]}】{body[p.end : p.end + CONTEXT]}…".replace("\n", " ")
            for p in self.match.places[:SHOWN]
        ]  # fmt: skip

    def detail(self) -> dict[str, Any]:
        """What an event keeps: enough to repeat the check."""
        told: dict[str, Any] = {"quote": self.quote, "reason": self.checked.reason}
        if self.text is not None and self.capture is not None:
            told |= {
                "version": self.text.version_id,
                "capture": self.capture.id,
                "url": self.capture.url,
                "sha256": self.text.content_sha256.hex(),
                "text_sha256": self.text.text_sha256.hex(),
                "tool": self.text.tool,
                "text_recipe": self.text.recipe,
            }
        if self.match is not None and self.text is not None:
            placed = _placed(self.text)
            told["recipe"] = self.match.recipe
            told["places"] = [
                {
                    "selectors": place.selectors(self.text.body),
                    "at": [span.at.to_json() for span in placed.spans(place.start, place.end)],
                }
                for place in self.match.places[:SHOWN]
            ]
        if self.checked.nearest is not None:
            told["nearest"] = [[run.op, run.text] for run in self.checked.nearest.runs]
        for name, value in (
            ("original", self.translation.original if self.translation else None),
            ("translator", self.translation.translator if self.translation else None),
            ("confirmed_by", self.confirmed_by),
            ("page", self.page),
            ("looked_in", self.looked_in),
        ):
            if value is not None:
                told[name] = value
        return told

    def to_json(self) -> dict[str, Any]:
        """With the keys of the reference."""
        told = self.detail()
        return {
            "quote": self.quote,
            "verdict": self.verdict,
            "reason": self.checked.reason,
            "url": told.get("url"),
            "time": self.capture.time if self.capture else None,
            "capture": printed(self.capture.id) if self.capture else None,
            "version": printed(self.text.version_id) if self.text else None,
            "sha256": told.get("sha256"),
            "recipe": told.get("recipe"),
            "places": told.get("places", []),
            "nearest": told.get("nearest"),
        }

    def happening(self, kept: tuple[Attachment, ...] = ()) -> Happening:
        objects = (self.text.version_id,) if self.text else ()
        return Happening(QUOTE_CHECK, self.checked.verdict.value, self.detail(), objects, kept)


def ask(
    archive: Archive,
    quote: str,
    within: str | None,
    collection: Collection | None,
    translation: Translation | None,
) -> list[Answer]:
    """The answers on a quotation: of one document, or of those that have it, the best first.

    Raises `NotFoundError` where nothing has the name in `within`.
    """
    asked = Quote(translation.original if translation else quote)
    if within is not None:
        return [_in_document(archive, quote, asked, named_capture(archive, within), translation)]
    found, looked_in, nearest = _in_all(archive, quote, asked, collection, translation)
    if found:
        return found[:SHOWN]
    if nearest is not None:
        return [nearest]
    foreign = _is_foreign(archive, asked, collection)
    return [
        Answer(
            quote,
            _absent(archive, looked_in, foreign=foreign),
            translation=translation,
            looked_in=looked_in,
        )
    ]


def confirm(archive: Archive, quote: str, within: str, page: int, operator: str) -> Answer:
    """A person read the words on the image of a page, where no text can say so."""
    capture = named_capture(archive, within)
    text = text_of(archive.engine, capture.version_id) if capture.version_id else None
    if text is None:
        raise UsageError(f"{within} is no document that was read", advice="see `muniment show`")
    reason = "read by a person off the image of the page; the decision is kept"
    checked = Checked(QuoteVerdict.CONFIRMED, reason)
    title = title_of(archive.engine, text.version_id)
    return Answer(quote, checked, text, capture, title, confirmed_by=operator, page=page)


def _in_document(
    archive: Archive,
    quote: str,
    asked: Quote,
    capture: Capture,
    translation: Translation | None,
) -> Answer:
    text = text_of(archive.engine, capture.version_id) if capture.version_id else None
    if text is None or not text.characters:
        return Answer(
            quote, check(asked, None, why_no_text=_why(archive, capture, text)), text, capture
        )
    checked = _checked(asked, text, translation)
    title = title_of(archive.engine, text.version_id)
    return Answer(quote, checked, text, capture, title, translation)


def _in_all(
    archive: Archive,
    quote: str,
    asked: Quote,
    collection: Collection | None,
    translation: Translation | None,
) -> tuple[list[Answer], int, Answer | None]:
    """Those that have it, how many were searched, and the one that is most like it.

    The index says where to look: a text without a part of every word cannot hold the whole.
    """
    among = versions_in(collection.id) if collection else None
    words = " ".join(segment.text for segment in asked.segments)
    held: list[Answer] = []
    best: Answer | None = None
    exact = holding(archive.engine, words, among)
    for id_ in exact if exact is not None else _ids(archive, collection):
        answer = _answer(archive, quote, asked, id_, translation)
        if answer and answer.match is not None:
            held.append(answer)
    for id_ in () if held else like(archive.engine, words, among):
        answer = _answer(archive, quote, asked, id_, translation)
        if answer is None:
            continue
        if answer.match is not None:  # with a word that a line end divides, which no index holds
            held.append(answer)
        elif answer.checked.nearest and (best is None or _likeness(best) < _likeness(answer)):
            best = answer
    return held, len(_ids(archive, collection)), best


def _answer(
    archive: Archive, quote: str, asked: Quote, version: str, translation: Translation | None
) -> Answer | None:
    text = text_of(archive.engine, version)
    if text is None:
        return None
    checked = _checked(asked, text, translation)
    capture = last_seen(archive.engine, version)
    title = title_of(archive.engine, version)
    return Answer(quote, checked, text, capture, title, translation)


def _checked(asked: Quote, text: Text, translation: Translation | None) -> Checked:
    found = check(asked, Searched.of(_placed(text)))
    return check_translation(found, translation.translator) if translation else found


def _ids(archive: Archive, collection: Collection | None) -> list[str]:
    """The versions whose texts are looked through."""
    return ids_of_texts(archive.engine, versions_in(collection.id) if collection else None)


def _likeness(answer: Answer) -> float:
    return answer.checked.nearest.likeness if answer.checked.nearest else 0.0


def _absent(archive: Archive, looked_in: int, *, foreign: bool) -> Checked:
    told = f"looked through {looked_in:,} texts"
    if without := _without_text(archive):
        told += f"; {without:,} files have no text, so nothing is said of them"
    if unread := unread_versions(archive.engine):
        told += f"; {number(unread, 'version')} not read yet: `muniment index` reads them"
    if foreign:
        return Checked(
            QuoteVerdict.NO_ORIGINAL,
            f"no text is in the script of this quotation: give the passage that was translated with --original ({told})",
        )
    verdict = QuoteVerdict.NOT_FOUND if looked_in else QuoteVerdict.NOT_CHECKED
    return Checked(verdict, told)


def _is_foreign(archive: Archive, asked: Quote, collection: Collection | None) -> bool:
    """Whether the texts are in another script than the quotation, as far as they are looked at."""
    found = [
        check(asked, Searched(text.body)).verdict is QuoteVerdict.NO_ORIGINAL
        for id_ in _ids(archive, collection)[:LOOKED_AT]
        if (text := text_of(archive.engine, id_)) is not None
    ]
    return bool(found) and all(found)


def _without_text(archive: Archive) -> int:
    text = table_of(Text).c
    query = select(func.count()).where(
        text.kind == TEXT, text.characters == 0, text.outcome == "content"
    )
    with archive.engine.connect() as connection:
        return connection.scalar(query) or 0


def _why(archive: Archive, capture: Capture, text: Text | None) -> str:
    if text is None:
        return (
            f"there is no document: {capture.outcome}"
            if capture.version_id is None
            else "not read yet: `muniment index` reads it"
        )
    told = f"no text ({text.code}: {text.detail})"
    if text_of(archive.engine, text.version_id, OCR) is not None:
        told += "; what a machine read off its images verifies nothing: look at the page and use --confirm PAGE"
    return told


def _placed(text: Text) -> PlacedText:
    return PlacedText.from_json(text.body, text.passages)


def _place(placed: PlacedText, place: Place) -> str:
    """`page 3, box 72 640 300 655`, or the paragraphs from the first to the last."""
    spans = list(placed.spans(place.start, place.end))
    if not spans:
        return f"characters {place.start} to {place.end}"
    ends = dict.fromkeys((_spot(spans[0].at), _spot(spans[-1].at)))
    return " to ".join(filter(None, ends)) + f" (characters {place.start} to {place.end})"


def _spot(at: Any) -> str:
    told = str(at)
    return f"{told}, box {' '.join(f'{edge:g}' for edge in at.box)}" if at.box else told
