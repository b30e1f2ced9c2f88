"""The process that draws parts of pages. Started by `catalog.excerpts.page`, never by hand."""

from __future__ import annotations

import sys
from math import floor
from pathlib import Path
from typing import Any

import orjson
import pypdfium2 as pdfium
from PIL import Image
from pypdfium2 import raw

from catalog.excerpts.selection import Region
from catalog.text.extraction import Box
from catalog.text.worker_limits import Limits, allow_cpu, confine

PIXELS = 40_000_000
"""Of one region: a page of A0 at 144 dpi has 32 million."""


def main() -> None:
    """Draw what standard input tells, into files of the folder that is the only argument."""
    folder = Path(sys.argv[1])
    asked = orjson.loads(sys.stdin.buffer.read())
    limits = Limits(**asked["limits"])
    confine(limits, folder)
    allow_cpu(limits.cpu)
    try:
        answer = _answer(asked, folder)
    except pdfium.PdfiumError as error:
        answer = {"failed": f"{error}"}
    except MemoryError:
        answer = {"failed": "it takes too much memory"}
    sys.stdout.buffer.write(orjson.dumps(answer))


def _answer(asked: dict[str, Any], folder: Path) -> dict[str, Any]:
    document = pdfium.PdfDocument(asked["path"])
    document.init_forms()
    drawn = []
    for number, told in enumerate(asked["regions"]):
        region = Region.from_json(told)
        if region.page > len(document) or region.page < 1:
            pages = f"{len(document)} page" + ("s" if len(document) > 1 else "")
            return {"usage": f"no page {region.page}: it has {pages}", "advice": "name another"}
        page = document[region.page - 1]
        box = _within(region.box, *page.get_size())
        if box is None:
            points = "{:g} by {:g} points".format(*page.get_size())
            return {
                "usage": f"the box is outside of the page of {points}",
                "advice": "give another",
            }
        scale = asked["dpi"] / 72
        if (box[2] - box[0]) * (box[3] - box[1]) * scale**2 > PIXELS:
            return {
                "usage": f"more than {PIXELS:,} pixels at {asked['dpi']} dpi",
                "advice": "give a smaller --box, or fewer --dpi",
            }
        name = f"{number}.rgb"
        size = _draw(page, box, scale, folder / name)
        clipped = Region(region.page, box, region.lines)
        drawn.append({"region": clipped.to_json(), "file": name, "size": size})
    return {"drawn": drawn}


def _within(box: Box | None, width: float, height: float) -> Box | None:
    """The box cut at the edges of the page, to hundredths of a point."""
    left, bottom, right, top = box or (0.0, 0.0, width, height)
    cut = (max(left, 0.0), max(bottom, 0.0), min(right, width), min(top, height))
    first, second, third, fourth = (round(edge, 2) for edge in cut)
    return (first, second, third, fourth) if first < third and second < fourth else None


def _draw(page: pdfium.PdfPage, box: Box, scale: float, path: Path) -> tuple[int, int]:
    """Draw a part of a page as a reader shows it, with its annotations and forms."""
    width, height = page.get_size()
    left, bottom, right, top = box
    # pypdfium2 cuts off begun pixels; they are part of the box.
    cut = [floor(edge * scale + 1e-6) for edge in (left, bottom, width - right, height - top)]
    bitmap = page.render(
        scale=scale,
        crop=tuple(max(edge - 1e-6, 0.0) / scale for edge in cut),
        fill_color=(255, 255, 255, 255),
        force_bitmap_format=raw.FPDFBitmap_BGRx,
        rev_byteorder=True,
    )
    image: Image.Image = bitmap.to_pil().convert("RGB")
    path.write_bytes(image.tobytes())
    return image.size


if __name__ == "__main__":
    main()
