"""PNG files that carry where they come from (PNG, 3rd edition, 11.3.3.4: iTXt)."""

from __future__ import annotations

import io
import json
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, PngImagePlugin

from catalog.excerpts.picture import pixels_digest

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEYWORD = "Muniment excerpt"
"""Of the chunk that holds the provenance as JSON."""


UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, zlib.error, struct.error)
"""What Pillow raises of a broken file."""


class ReadPicture(NamedTuple):
    """A PNG file, the digest of its pixels, and what it says of itself."""

    picture: Image.Image
    pixels: str
    claimed: dict[str, Any] | None


def write_png(picture: Image.Image, told: dict[str, Any], words: dict[str, str]) -> bytes:
    """The bytes of a PNG with the provenance, and with `words` under the standard's keywords."""
    chunks = PngImagePlugin.PngInfo()
    for name, value in words.items():
        chunks.add_itxt(name, value)
    chunks.add_itxt(KEYWORD, json.dumps(told, ensure_ascii=False, sort_keys=True), zip=True)
    written = io.BytesIO()
    picture.save(written, "PNG", pnginfo=chunks)
    return written.getvalue()


def read_png(path: Path) -> ReadPicture | None:
    """What a PNG file holds; `None` for anything else, also for one that cannot be read."""
    with path.open("rb") as file:
        if file.read(len(SIGNATURE)) != SIGNATURE:
            return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=["PNG"]) as picture:
                assert isinstance(picture, PngImagePlugin.PngImageFile)
                # Chunks may stand behind the pixels, which are read first.
                rgb = picture.convert("RGB")
                return ReadPicture(rgb, pixels_digest(rgb), _claimed(picture.text.get(KEYWORD)))
    except (*UNREADABLE, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None


def _claimed(text: str | None) -> dict[str, Any] | None:
    try:
        told = json.loads(text) if text else None
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
