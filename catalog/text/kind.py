"""What a file really is, by its first bytes, whatever its name and its server say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HTML = "text/html"
PLAIN = "text/plain"
UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Kind:
    """The declared and the real media type of a file."""

    declared: str | None
    real: str
    agrees: bool


def declared_type(content_type: str | None) -> str | None:
    """The media type of a Content-Type header, without its parameters."""
    return (content_type or "").partition(";")[0].strip().lower() or None


def unknown(declared: str | None) -> Kind:
    """Of a file that nothing could be told of."""
    return Kind(declared, UNKNOWN, agrees=True)


def kind_of(path: Path, content_type: str | None, name: str | None) -> Kind:  # noqa: ARG001
    """The kind of the file at `path`."""
    with path.open("rb") as file:
        data = file.read(1 << 16)
    declared = declared_type(content_type)
    head = data[:1024].lstrip().lower()
    real = HTML if head.startswith((b"<!doctype html", b"<html")) or b"<html" in head else UNKNOWN
    if real == UNKNOWN and declared and declared.startswith("text/"):
        real = declared
    return Kind(declared, real, declared in {None, real})
