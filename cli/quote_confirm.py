"""What a person confirms a quotation by: the page as it is drawn, shown first and kept beside the decision."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from archive.evidence.pdf import system_fonts
from catalog.excerpts.excerpt import make
from catalog.excerpts.png import write_png
from catalog.excerpts.selection import Region, Selection
from cli.clock import software
from cli.context import Archive
from cli.events import Attachment
from cli.excerpt_making import subject_of
from cli.output import say
from cli.quote_checks import Answer
from cli.visible import visible

IMAGE = "urn:muniment:page-image"
PDF = "application/pdf"


def page_image(archive: Archive, answer: Answer) -> bytes | None:
    """The page that was named, as a PNG with its provenance; `None` of a file that has no pages, which
    is its own image.

    Raises `UsageError` where there is no such page, `UncheckedError` where it cannot be drawn.
    """
    assert answer.capture is not None
    assert answer.text is not None
    assert answer.page is not None
    if answer.text.real_type != PDF:
        return None
    selection = Selection(capture=answer.capture.id, regions=(Region(answer.page),))
    subject = subject_of(archive, answer.capture)
    page = make(archive.engine, archive.root, subject, selection, system_fonts())
    return write_png(page.picture, {**page.to_json(), "software": software()}, {})


def is_agreed(answer: Answer, image: bytes | None) -> bool:
    """Whether the person at the terminal says so, with the page before them. Where there is no terminal
    the order itself says so.
    """
    if image is None or not sys.stdin.isatty():
        return True
    with tempfile.TemporaryDirectory(prefix="muniment-page-") as folder:
        path = Path(folder) / f"page-{answer.page}.png"
        path.write_bytes(image)
        say(f"look at the page: {path}")
        asked = f"{answer.confirmed_by}, do these words stand there? {answer.quote}"
        return click.confirm(visible(asked), default=False, err=True)


def kept(image: bytes | None) -> tuple[Attachment, ...]:
    """The image, for the event."""
    return (Attachment(IMAGE, image, "image/png"),) if image else ()
