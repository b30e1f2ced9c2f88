"""Reading one content: its kind, its text, and what it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from catalog.text.extraction import Extraction
from catalog.text.formats import Content, extractor
from catalog.text.kind import Kind, kind_of


@dataclass(frozen=True)
class Reading:
    """What came of a content."""

    kind: Kind
    extraction: Extraction
    outcome: str = "content"
    outcome_reason: str | None = None


def read(path: Path, content_type: str | None, name: str | None) -> Reading:
    """Read the file at `path`; never fails: what keeps it from being read is in the reading."""
    with path.open("rb") as file:
        kind = kind_of(file.read(1 << 16), content_type, name)
    extract = extractor(kind.real)
    if extract is None:
        nothing = Extraction(tool="muniment", recipe="none/1", code="unsupported")
        return Reading(kind, nothing)
    content = Content(path=path, real_type=kind.real, content_type=content_type, name=name)
    return Reading(kind, extract(content))
