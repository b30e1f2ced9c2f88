"""What a file really is, by its first bytes, whatever its name and its server say."""

from __future__ import annotations

from dataclasses import dataclass

HTML = "text/html"
PLAIN = "text/plain"
UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Kind:
    """The declared and the real media type of a file."""

    declared: str | None
    real: str
    agrees: bool


def kind_of(data: bytes, content_type: str | None, name: str | None) -> Kind:  # noqa: ARG001
    """The kind of the file that begins with `data`."""
    declared = (content_type or "").partition(";")[0].strip().lower() or None
    head = data[:1024].lstrip().lower()
    real = HTML if head.startswith((b"<!doctype html", b"<html")) or b"<html" in head else UNKNOWN
    if real == UNKNOWN and declared and declared.startswith("text/"):
        real = declared
    return Kind(declared, real, declared in {None, real})
