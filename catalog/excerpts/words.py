"""What is written on an excerpt: the passages of a text, and the caption."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from archive.errors import UncheckedError, UsageError
from archive.ident import printed
from archive.names import safe_name
from catalog.excerpts.drawn import Piece, Row, Shown, Words
from catalog.excerpts.selection import Region, Selection, Stretch
from catalog.holdings import Capture
from catalog.quoting.normal import HAN
from catalog.text.placed import PlacedText
from catalog.texts import Text

CONTEXT = 160
"""Characters of a text that are shown before and after the quoted ones."""
LONGEST = 4_000
"""Characters of a text that one excerpt shows."""
NO_PAGE = "This is text read out of the file. It is no image of the page."
OF_PAGE = "Drawn from the archived file."
WITH_BAR = " The bar marks the lines in which the quoted words stand."
NOT_SHOWN = " It does not show who wrote it."


@dataclass(frozen=True, slots=True)
class Subject:
    """The file that an excerpt is of."""

    capture: Capture
    text: Text | None
    origin: str | None = None
    """What is asserted of where it comes from, where it is no exchange of ours."""


_LINE_END = re.compile(rf"(?<=[{HAN}\uff00-\uff65])\s*\n\s*(?=[{HAN}\uff00-\uff65])")


def one_line(text: str) -> str:
    """The text on one line, as a reader joins the lines of a page."""
    return " ".join(_LINE_END.sub("", text).split())


def words_of(subject: Subject, selection: Selection) -> Words:
    """All that is written below the regions of a page, or in place of them.

    Raises `UncheckedError` where the text is missing or another by now, `UsageError` where too much
    of it was chosen.
    """
    if selection.regions:
        note = OF_PAGE + (WITH_BAR if any(region.lines for region in selection.regions) else "")
        quote = selection.quote or ""
        return Words(rows=tuple(_rows(subject, selection)), note=note + NOT_SHOWN, quote=quote)
    text = _readable(subject.text, selection)
    return Words(
        rows=tuple(_rows(subject, selection)),
        note=f"Read by {text.tool} ({text.recipe}).{NOT_SHOWN}",
        heading=NO_PAGE,
        passages=tuple(_passages(text, selection.stretches)),
    )


def _rows(subject: Subject, selection: Selection) -> Iterator[Row]:
    """What, from where, when, and the digest."""
    capture = subject.capture
    assert capture.content_sha256 is not None
    name = capture.filename or safe_name(None, capture.url)
    yield Row("File", ", ".join([name, *map(_told, selection.regions)]))
    yield Row("Address", capture.url)
    if subject.origin:
        yield Row("Origin", subject.origin)
    else:
        yield Row("Received", f"{capture.time:%Y-%m-%d %H:%M:%S} UTC")
    yield Row("SHA-256", capture.content_sha256.hex(), is_code=True)
    yield Row("Capture", printed(capture.id))


def _told(region: Region) -> str:
    if region.box is None:
        return f"page {region.page}"
    edges = " ".join(f"{edge:g}" for edge in region.box)
    return f"page {region.page} (box {edges})"


def _readable(text: Text | None, selection: Selection) -> Text:
    if text is None or not text.body:
        raise UncheckedError("there is no text of this file to draw")
    if text.text_sha256.hex() != selection.text_sha256:
        raise UncheckedError(
            "the text of this file is read otherwise by now", advice="make a new excerpt"
        )
    return text


def _passages(text: Text, stretches: Sequence[Stretch]) -> Iterator[Shown]:
    """The passages around what was selected, the selected words marked."""
    windows = list(_windows(stretches, len(text.body)))
    length = sum(end - start for start, end in windows)
    if length > LONGEST:
        raise UsageError(
            f"{length:,} characters are too many for one picture", advice="choose a shorter passage"
        )
    placed = PlacedText.from_json(text.body, text.passages)
    for start, end in windows:
        for span in placed.spans(start, end):
            yield Shown(str(span.at), tuple(_pieces(text.body, (span.start, span.end), stretches)))


def _windows(stretches: Sequence[Stretch], length: int) -> Iterator[Stretch]:
    """The stretches with what is around them, those joined that meet."""
    open_: Stretch | None = None
    for start, end in sorted(stretches):
        wide = (max(start - CONTEXT, 0), min(end + CONTEXT, length))
        if open_ is not None and wide[0] <= open_[1]:
            open_ = (open_[0], max(open_[1], wide[1]))
            continue
        if open_ is not None:
            yield open_
        open_ = wide
    if open_ is not None:
        yield open_


def _pieces(body: str, passage: Stretch, stretches: Sequence[Stretch]) -> Iterator[Piece]:
    """Characters of a passage, cut where a selected stretch begins or ends."""
    start, end = passage
    edges = {edge for stretch in stretches for edge in stretch if start < edge < end}
    cuts = [start, *sorted(edges), end]
    for first, last in pairwise(cuts):
        is_marked = any(low <= first and last <= high for low, high in stretches)
        yield Piece(body[first:last], is_marked)
