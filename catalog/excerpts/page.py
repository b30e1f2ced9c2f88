"""Drawing a part of a page of a PDF, as pdfium shows it, in a process of its own.

pdfium reads files from outside, so it is confined as those that read texts are: a file that crashes
it, or keeps it busy for ever, costs one excerpt and says so.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import pypdfium2 as pdfium
from PIL import Image

from archive.errors import UncheckedError, UsageError
from catalog.excerpts.selection import Region
from catalog.text.worker_limits import Limits

TOOL = f"pypdfium2 {pdfium.version.PYPDFIUM_INFO} (pdfium {pdfium.version.PDFIUM_INFO})"
LIMITS = Limits(seconds=60)
_TOLD = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONPATH", "COVERAGE_PROCESS_CONFIG")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A region as it was drawn: its box within the page, and its pixels."""

    region: Region
    image: Image.Image


def draw(path: Path, regions: Sequence[Region], dpi: int) -> list[Drawn]:
    """Draw regions of the PDF at `path`.

    Raises `UncheckedError` where pdfium cannot draw it, `UsageError` where there is no such page or
    the region has too many pixels.
    """
    with tempfile.TemporaryDirectory(prefix="muniment-drawing-") as folder:
        asked = {
            "path": str(path.absolute()),
            "dpi": dpi,
            "regions": [region.to_json() for region in regions],
            "limits": asdict(LIMITS),
        }
        answer = _asked(orjson.dumps(asked), Path(folder))
        return [_drawn(told, Path(folder)) for told in answer]


def _asked(order: bytes, folder: Path) -> list[dict[str, object]]:
    told = {name: os.environ[name] for name in _TOLD if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 -- our own interpreter and module
            [sys.executable, "-P", "-m", "catalog.excerpts.page_child", str(folder)],
            input=order,
            capture_output=True,
            check=False,
            timeout=LIMITS.seconds,
            env={**told, "TMPDIR": str(folder), "HOME": str(folder)},
        )
    except subprocess.TimeoutExpired as error:
        raise UncheckedError(
            f"the page cannot be drawn: it took more than {LIMITS.seconds:g} seconds"
        ) from error
    if done.returncode != 0:
        raise UncheckedError(
            f"the page cannot be drawn: pdfium ended with status {done.returncode}"
        )
    answer = orjson.loads(done.stdout)
    if "usage" in answer:
        raise UsageError(answer["usage"], advice=answer["advice"])
    if "failed" in answer:
        raise UncheckedError(f"the page cannot be drawn: {answer['failed']}")
    drawn: list[dict[str, object]] = answer["drawn"]
    return drawn


def _drawn(told: dict[str, object], folder: Path) -> Drawn:
    region, name = told["region"], str(told["file"])
    assert isinstance(region, dict)
    width, height = region_size(told["size"])
    pixels = (folder / name).read_bytes()
    return Drawn(Region.from_json(region), Image.frombytes("RGB", (width, height), pixels))


def region_size(told: object) -> tuple[int, int]:
    """Width and height in pixels."""
    assert isinstance(told, list)
    width, height = told
    return int(width), int(height)
