"""Making excerpts and keeping that they were made: the PNG, the JSON beside it, and the event."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.durable import write_new
from archive.errors import UncheckedError, UsageError
from archive.evidence.pdf import system_fonts
from archive.ident import printed
from archive.names import safe_name
from catalog.custody import EXPORT
from catalog.documents import text_of
from catalog.excerpts.excerpt import Excerpt, make
from catalog.excerpts.png import write_png
from catalog.excerpts.selection import Selection, regions_of
from catalog.excerpts.words import Subject, one_line
from catalog.holdings import Capture
from catalog.quoting.match import Quote, Searched
from catalog.text.placed import PlacedText
from cli.clock import software
from cli.context import Archive
from cli.events import record_event
from cli.find import origins

OUTCOME = "excerpt"
"""Of the `export` event."""
PIXELS = "pixels:sha256:"
"""What the event names the picture by, with the digest after it: its pixels, however they are packed."""


@dataclass(frozen=True)
class Kept:
    """An excerpt that was written down."""

    excerpt: Excerpt
    event: str
    path: Path
    beside: Path

    def to_json(self) -> dict[str, Any]:
        """With the keys of the reference."""
        capture = self.excerpt.subject.capture
        selection = self.excerpt.selection
        return {
            "id": printed(self.event),
            "file": str(self.path),
            "capture": printed(capture.id),
            "url": capture.url,
            "time": capture.time,
            "sha256": capture.content_sha256,
            "quote": selection.quote,
            "regions": [region.to_json() for region in selection.regions],
            "pixels_sha256": self.excerpt.pixels,
        }


def subject_of(archive: Archive, capture: Capture) -> Subject:
    """The file of a capture. Raises `UsageError` where it holds none."""
    if capture.content_sha256 is None or capture.version_id is None:
        raise UsageError(
            f"capture {printed(capture.id)} holds no document: it is {capture.outcome}",
            advice="name one that holds content",
        )
    text = text_of(archive.engine, capture.version_id)
    return Subject(capture, text, origins(archive)(capture.import_id))


def quoted(subject: Subject, quote: str, dpi: int) -> Selection | None:
    """Where a quotation stands, exactly: lines of pages, or passages; `None` where it does not.

    Raises `UncheckedError` where the file has no text to look in.
    """
    text = subject.text
    if text is None or not text.body:
        raise UncheckedError(
            "there is no text of this file to look in",
            advice="look at the page, and give --page N --box LEFT,BOTTOM,RIGHT,TOP",
        )
    match = Searched(text.body).find(Quote(quote))
    if match is None:
        return None
    parts = match.places[0].parts
    placed = PlacedText.from_json(text.body, text.passages)
    words = " … ".join(one_line(text.body[start:end]) for start, end in parts)
    return Selection(
        capture=subject.capture.id,
        quote=words,
        regions=regions_of(placed, parts),
        stretches=parts,
        text_sha256=text.text_sha256.hex(),
        dpi=dpi,
    )


def keep(
    archive: Archive, operator: str, subject: Subject, selection: Selection, target: Path | None
) -> Kept:
    """Draw, write the PNG and the JSON beside it, and record that it was given out.

    Neither file is written over another. The event comes last: a picture of which none tells was not
    given out, and is made again by the same order.
    """
    excerpt = make(archive.engine, archive.root, subject, selection, system_fonts())
    told = {**excerpt.to_json(), "software": software()}
    path = target or Path(_name(excerpt))
    beside = path.with_name(f"{path.name}.json")
    write_new(path, [write_png(excerpt.picture, told, _keywords(excerpt))])
    text = json.dumps(told, ensure_ascii=False, sort_keys=True, indent=2) + "\n"
    write_new(beside, [text.encode()])
    event = record_event(
        archive,
        EXPORT,
        operator,
        outcome=OUTCOME,
        detail=told,
        objects=[*_objects(subject.capture), f"{PIXELS}{excerpt.pixels}"],
    )
    return Kept(excerpt, event, path, beside)


def _objects(capture: Capture) -> list[str]:
    return [capture.id, capture.version_id] if capture.version_id else [capture.id]


def _name(excerpt: Excerpt) -> str:
    regions = excerpt.selection.regions
    page = f"-page-{regions[0].page}" if regions else ""
    return f"excerpt-{printed(excerpt.subject.capture.id)}{page}-{excerpt.pixels[:8]}.png"


def _keywords(excerpt: Excerpt) -> dict[str, str]:
    """What PNG has names for (PNG, 3rd edition, 11.3.3.1)."""
    capture = excerpt.subject.capture
    words = {
        "Title": f"Excerpt of {safe_name(capture.filename, capture.url)}",
        "Source": capture.url,
        "Software": software(),
    }
    quote = excerpt.selection.quote
    return {**words, "Description": quote} if quote else words
