"""Making an excerpt out of the archive: the same selection gives the same picture, as long as the
same tools draw it.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from PIL import Image
from sqlalchemy import Engine

from archive.errors import DamagedError, UsageError, Where
from archive.ident import printed
from archive.layout import ArchiveRoot
from archive.times import to_text
from catalog.contents import open_answer
from catalog.excerpts import drawn as words_drawn
from catalog.excerpts import page
from catalog.excerpts.drawn import drawn, fonts_digest
from catalog.excerpts.page import Drawn, draw
from catalog.excerpts.picture import composed, pixels_digest, words_width
from catalog.excerpts.selection import Selection
from catalog.excerpts.words import Subject, words_of
from catalog.holdings import Capture

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Tools:
    """What drew an excerpt. With others the same selection may look otherwise."""

    page: str | None
    words: str
    fonts: str
    """`fonts_digest` of the system's fonts."""

    def to_json(self) -> dict[str, Any]:
        return {"page": self.page, "words": self.words, "fonts": self.fonts}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        return cls(told["page"], told["words"], told["fonts"])

    @classmethod
    def here(cls, fonts: Sequence[Path], *, pages: bool) -> Self:
        return cls(page.TOOL if pages else None, words_drawn.TOOL, fonts_digest(fonts))


@dataclass(frozen=True)
class Excerpt:
    """A picture, and all that it takes to find and draw it again."""

    picture: Image.Image
    subject: Subject
    selection: Selection
    tools: Tools

    @cached_property
    def pixels(self) -> str:
        return pixels_digest(self.picture)

    def to_json(self) -> dict[str, Any]:
        """The provenance, as it stands in the picture, beside it and in the event."""
        capture = self.subject.capture
        assert capture.content_sha256 is not None
        assert capture.content_blake3 is not None
        return {
            "format": FORMAT,
            "selection": self.selection.to_json(),
            "url": capture.url,
            "time": to_text(capture.time),
            "origin": self.subject.origin,
            "version": capture.version_id,
            "sha256": capture.content_sha256.hex(),
            "blake3": capture.content_blake3.hex(),
            "length": capture.content_length,
            "tools": self.tools.to_json(),
            "pixels_sha256": self.pixels,
        }


def make(
    engine: Engine,
    root: ArchiveRoot,
    subject: Subject,
    selection: Selection,
    fonts: Sequence[Path],
) -> Excerpt:
    """Draw what was selected of a file.

    Raises `UsageError` where the selection is not in the file, `UncheckedError` where it cannot be
    drawn or its text is another now, `DamagedError` where the file is not what it must be.
    """
    pages: list[Drawn] = []
    if selection.regions:
        pages = _pages(engine, root, subject.capture, selection)
        # A box reaches no further than its page, whatever was asked for.
        selection = replace(selection, regions=tuple(each.region for each in pages))
    words = words_of(subject, selection)
    below = drawn(words, words_width(pages, selection.dpi), selection.dpi, fonts)
    picture = composed(pages, below, selection.dpi)
    return Excerpt(picture, subject, selection, Tools.here(fonts, pages=bool(pages)))


def _pages(
    engine: Engine, root: ArchiveRoot, capture: Capture, selection: Selection
) -> list[Drawn]:
    with tempfile.TemporaryDirectory(prefix="muniment-excerpt-") as folder:
        path = Path(folder) / "content"
        _write(engine, root, capture, path)
        with path.open("rb") as file:
            if b"%PDF-" not in file.read(1024):
                raise UsageError(
                    "only a PDF has pages that can be drawn",
                    advice="give --quote, and the passage is drawn as text",
                )
        return draw(path, selection.regions, selection.dpi)


def _write(engine: Engine, root: ArchiveRoot, capture: Capture, path: Path) -> None:
    """The file of a capture, compared with its digest on the way."""
    hasher = hashlib.sha256()
    with path.open("wb") as file:
        for chunk in open_answer(engine, root, capture).bytes_of("content"):
            hasher.update(chunk)
            file.write(chunk)
    if hasher.digest() != capture.content_sha256:
        raise DamagedError(
            f"the bytes of capture {printed(capture.id)} have changed",
            where=Where(root.warc / capture.file, capture.offset),
            advice="bring the file back from a copy",
        )
