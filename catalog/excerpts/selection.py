"""What an excerpt shows: regions of pages, or stretches of a text. Enough to draw it again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Any, Self

from archive.errors import UsageError
from catalog.text.extraction import Box
from catalog.text.placed import PlacedText

DPI = 144
AROUND = 24.0
"""Points that are shown above and below the lines of a quotation."""
BEYOND = 1e6
"""Points to the right of any page."""

Line = tuple[float, float]
"""Bottom and top of a line of a page, in points."""
Stretch = tuple[int, int]
"""Characters of a text, from and up to."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a page, and the lines in it that a mark beside it points to.

    Both in PDF points from the lower left corner of the page as it is shown, as `Locator.box`.
    """

    page: int
    box: Box | None = None
    """`None` for the whole page; an edge beyond the page is the page's."""
    lines: tuple[Line, ...] = ()

    def to_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {"page": self.page, "box": self.box and list(self.box)}
        return {**told, "lines": [list(line) for line in self.lines]}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        left, bottom, right, top = map(float, told["box"]) if told["box"] else (0.0,) * 4
        lines = tuple((float(low), float(high)) for low, high in told["lines"])
        box = (left, bottom, right, top) if told["box"] else None
        return cls(int(told["page"]), box, lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What was chosen of one capture's file: `regions` of its pages, or `stretches` of its text."""

    capture: str
    """Its id."""
    quote: str | None = None
    """The words as they stand there."""
    regions: tuple[Region, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    text_sha256: str | None = None
    """Of the text that `stretches` count characters of, or in which the quotation was found."""
    dpi: int = DPI

    def to_json(self) -> dict[str, Any]:
        return {
            "capture": self.capture,
            "quote": self.quote,
            "regions": [region.to_json() for region in self.regions],
            "stretches": [list(stretch) for stretch in self.stretches],
            "text_sha256": self.text_sha256,
            "dpi": self.dpi,
        }

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        """Raises `KeyError`, `TypeError` or `ValueError` where it is none."""
        return cls(
            capture=str(told["capture"]),
            quote=_maybe_text(told["quote"]),
            regions=tuple(map(Region.from_json, told["regions"])),
            stretches=tuple((int(start), int(end)) for start, end in told["stretches"]),
            text_sha256=_maybe_text(told["text_sha256"]),
            dpi=int(told["dpi"]),
        )


def _maybe_text(told: object) -> str | None:
    return None if told is None else str(told)


def regions_of(placed: PlacedText, stretches: Iterable[Stretch]) -> tuple[Region, ...]:
    """The strips of the pages on which some characters stand, as wide as the page; none where the
    text has no boxes.
    """
    lines: dict[int, list[Line]] = defaultdict(list)
    for start, end in stretches:
        for span in placed.spans(start, end):
            if span.at.page is not None and span.at.box is not None:
                lines[span.at.page].append((span.at.box[1], span.at.box[3]))
    return tuple(_strip(page, found) for page, found in sorted(lines.items()))


def _strip(page: int, lines: list[Line]) -> Region:
    bottom = min(low for low, _ in lines) - AROUND
    top = max(high for _, high in lines) + AROUND
    return Region(page, (0.0, bottom, BEYOND, top), tuple(dict.fromkeys(lines)))


def box_of(told: str) -> Box:
    """`LEFT,BOTTOM,RIGHT,TOP` as a person types it. Raises `UsageError`."""
    try:
        left, bottom, right, top = (float(edge) for edge in told.replace(",", " ").split())
    except ValueError as error:
        raise UsageError(
            f"not a box: {told!r}", advice="give LEFT,BOTTOM,RIGHT,TOP in points, as 72,600,520,680"
        ) from error
    if not (left < right and bottom < top and all(map(isfinite, (left, bottom, right, top)))):
        raise UsageError(
            f"not a box with an inside: {told!r}", advice="left below right, bottom below top"
        )
    return (left, bottom, right, top)
