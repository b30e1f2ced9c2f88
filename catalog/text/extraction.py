"""What an extraction gives: passages of text, each with its place in the file that a reader opens.

The text of a file is its passages joined by line ends; positions in it count characters (Unicode
code points, as in the W3C's TextPositionSelector). One file, one tool and one recipe always give the
same text, so it is kept in the catalog and made again from the WARC whenever somebody asks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

JOINT = "\n"
"""What stands between two passages in the text."""

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in PDF points (1/72 inch), from the lower left corner of the page as it
is shown, after its rotation."""


class Locator(NamedTuple):
    """Where a passage stands. What does not apply to a format is `None`; numbers count from 1.

    A tuple, as a passage is: a page has a hundred of both, and each is made several times.
    """

    member: str | None = None
    """The name of a file inside an archive; `outer.zip/inner.doc` where they are nested."""
    page: int | None = None
    box: Box | None = None
    part: str | None = None
    """`header`, `footer`, `footnote 2`, `table 1`, `title` … where it is not the running text."""
    paragraph: int | None = None
    sheet: str | None = None
    cell: str | None = None
    """As `B3`; in a table of a text document too."""

    def __str__(self) -> str:
        sheet = f"{self.sheet}!{self.cell}" if self.sheet and self.cell else self.sheet
        told = (
            self.member,
            f"page {self.page}" if self.page else None,
            self.part,
            sheet or (f"cell {self.cell}" if self.cell else None),
            f"paragraph {self.paragraph}" if self.paragraph else None,
        )
        return ", ".join(filter(None, told))

    def to_json(self) -> dict[str, Any]:
        named = zip(self._fields, self, strict=True)
        return {name: value for name, value in named if value is not None}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Locator:
        return cls(**{**told, "box": tuple(told["box"])} if "box" in told else told)


class Passage(NamedTuple):
    """A run of text that stands in one place: a paragraph, a line of a page, a cell."""

    text: str
    at: Locator


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How bytes became characters (archive.encoding)."""

    name: str
    rule: str
    """Which rule decided: `bom header meta xml utf-8 guess`, `overruled-…`."""
    declared: str | None
    replaced: int
    """Characters that could not be read and stand as U+FFFD."""


@dataclass(frozen=True, kw_only=True)
class Extraction:
    """The text of one file, or the reason why there is none.

    `code` is `None` where there is text; else a stable word: `no-text` (a scan, an empty file),
    `encrypted`, `damaged`, `over-limit`, `timeout`, `crashed`, `unsupported`. `detail` says it in a
    sentence. An extraction that was cut by a limit has both text and the code `over-limit`.
    """

    tool: str
    """Program and version, as `pypdfium2 5.15.0`."""
    recipe: str
    """How it was used, with a number that grows when the text may come out otherwise: `pdf/1`."""
    passages: tuple[Passage, ...] = ()
    code: str | None = None
    detail: str | None = None
    ocr: bool = False
    """Whether a machine read it off an image: never good enough to verify a quotation by."""
    encoding: Encoding | None = None
    properties: tuple[tuple[str, str], ...] = ()
    """What the file says of itself, as (`title`, …): of a PDF its Info, of an office file its core
    properties, of HTML its `<title>` and `<meta>` by name, in the order of the file."""
    links: tuple[tuple[str, str], ...] = ()
    """Addresses as written, with the words that lead there."""

    @cached_property
    def text(self) -> str:
        return JOINT.join(passage.text for passage in self.passages)
