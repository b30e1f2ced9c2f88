"""Drawing words: the caption of an excerpt, and passages of a text where there is no page to show.

The same words, fonts and version of Typst give the same pixels.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import typst
from PIL import Image

from archive.evidence.document import Style
from archive.evidence.pdf import unprintable
from archive.evidence.printable import pieces, visible

TEMPLATE = Path(__file__).with_name("below.typ")
_SPACE = re.compile(r"\s")
TOOL = f"typst {version('typst')}"


class Piece(NamedTuple):
    """A run of words of a passage."""

    text: str
    is_marked: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A passage, or a part of it, and where it stands."""

    place: str
    pieces: tuple[Piece, ...]


class Row(NamedTuple):
    """A line of the caption."""

    name: str
    value: str
    is_code: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """All that is written on an excerpt."""

    rows: tuple[Row, ...]
    note: str
    quote: str = ""
    heading: str = ""
    passages: tuple[Shown, ...] = ()


def drawn(words: Words, width: float, dpi: int, fonts: Sequence[Path]) -> Image.Image:
    """The words as a picture `width` points wide. A character that no font has is drawn as its escape."""
    missing = unprintable(_texts(words), fonts)

    def shown(text: str, style: Style = Style.TEXT) -> list[str]:
        # Line ends and wide spaces are seen as what they are: spaces.
        return pieces(visible(_SPACE.sub(" ", text), missing), style)

    told: dict[str, Any] = {
        "width": width,
        "heading": shown(words.heading),
        "quote": shown(words.quote) if words.quote else [],
        "note": shown(words.note),
        "rows": [
            [row.name, shown(row.value, Style.HASH if row.is_code else Style.CODE), row.is_code]
            for row in words.rows
        ],
        "passages": [
            {
                "place": shown(passage.place),
                "pieces": [
                    {"text": shown(piece.text), "marked": piece.is_marked}
                    for piece in passage.pieces
                ],
            }
            for passage in words.passages
        ],
    }
    compiler = typst.Compiler(
        TEMPLATE.read_bytes(),
        root=TEMPLATE.parent,
        font_paths=_loaded(tuple(map(str, fonts))),
        sys_inputs={"told": json.dumps(told)},
    )
    made = compiler.compile(format="png", ppi=float(dpi))
    assert isinstance(made, bytes)
    return Image.open(io.BytesIO(made)).convert("RGB")


def fonts_digest(fonts: Sequence[Path]) -> str:
    """What tells one set of font files from another: SHA-256 of their names and sizes, in hex."""
    files = sorted(path for folder in fonts for path in folder.rglob("*") if path.is_file())
    told = "\n".join(f"{path.name} {path.stat().st_size}" for path in files)
    return hashlib.sha256(told.encode()).hexdigest()


def _texts(words: Words) -> list[str]:
    passages = [
        p for shown in words.passages for p in (shown.place, *(x.text for x in shown.pieces))
    ]
    return [words.quote, words.note, words.heading, *(row.value for row in words.rows), *passages]


@lru_cache(maxsize=4)
def _loaded(folders: tuple[str, ...]) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=list(folders))
