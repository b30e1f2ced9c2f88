"""The picture of an excerpt: the page's own pixels, a bar beside the quoted lines, the words below.

Nothing is drawn over the page. The bar and the frame stand outside of its pixels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw

from catalog.excerpts.page import Drawn

MARGIN = 12.0
"""Points around everything."""
NARROWEST = 400.0
"""Points of the words below: a box may be narrow, and its caption has a digest in it."""
WHITE, FRAME, BAR = (255, 255, 255), (170, 170, 170), (176, 38, 30)


def words_width(drawn: Sequence[Drawn], dpi: int) -> float:
    """Points that the words below are to be wide."""
    widest = max((each.image.width for each in drawn), default=0) * 72 / dpi
    return max(round(widest, 2), NARROWEST)


def composed(drawn: Sequence[Drawn], words: Image.Image, dpi: int) -> Image.Image:
    """One picture of regions, from the first to the last, and of the words below them."""
    margin = round(MARGIN * dpi / 72)
    width = max([words.width, *(each.image.width for each in drawn)]) + 2 * margin
    height = sum(each.image.height + margin for each in drawn) + margin + words.height
    picture = Image.new("RGB", (width, height), WHITE)
    pen = ImageDraw.Draw(picture)
    top = margin
    for each in drawn:
        bottom = top + each.image.height
        pen.rectangle((margin - 1, top - 1, margin + each.image.width, bottom), outline=FRAME)
        picture.paste(each.image, (margin, top))
        _mark(pen, each, margin, top, dpi)
        top = bottom + margin
    picture.paste(words, (margin, top - (margin // 2 if drawn else margin)))
    return picture


def _mark(pen: ImageDraw.ImageDraw, drawn: Drawn, margin: int, top: int, dpi: int) -> None:
    box = drawn.region.box
    assert box is not None, "what was drawn has a box"
    for low, high in drawn.region.lines:
        upper = round((box[3] - min(high, box[3])) * dpi / 72)
        lower = round((box[3] - max(low, box[1])) * dpi / 72)
        if lower > upper:
            left = margin // 3
            pen.rectangle((left, top + upper, margin - left, top + lower), fill=BAR)


def pixels_digest(picture: Image.Image) -> str:
    """SHA-256, in hex, of the size of a picture and its pixels: `WIDTH HEIGHT\\n` and RGB bytes."""
    rgb = picture.convert("RGB")
    hasher = hashlib.sha256(f"{rgb.width} {rgb.height}\n".encode())
    hasher.update(rgb.tobytes())
    return hasher.hexdigest()


def difference(expected: Image.Image, found: Image.Image) -> str:
    """In words, where two pictures differ that are not the same."""
    if expected.size != found.size:
        return "its size is {} by {} pixels, not {} by {}".format(*found.size, *expected.size)
    box = ImageChops.difference(expected, found.convert("RGB")).getbbox()
    assert box is not None, "they differ"
    left, top, right, bottom = box
    return f"it differs from pixel {left}, {top} to {right - 1}, {bottom - 1}"
