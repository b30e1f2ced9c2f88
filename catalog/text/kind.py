"""What a file really is, by its bytes, beside what its server and its name say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from catalog.text.media_types import SAID_NOTHING, UNKNOWN, by_name, fits
from catalog.text.sniff import real_type


@dataclass(frozen=True, slots=True)
class Kind:
    """The declared and the real media type of a file."""

    declared: str | None
    """Of the Content-Type header; where that says nothing, or fits while the name does not, what
    the ending of the name promises."""
    real: str
    """`application/octet-stream` where the bytes are of no known format."""
    agrees: bool
    """`False` where header or name promise another format; nothing declared is no disagreement."""


def declared_type(content_type: str | None) -> str | None:
    """The media type of a Content-Type header, without parameters; `None` where it says nothing."""
    media = (content_type or "").partition(";")[0].partition(",")[0].strip().lower()
    return media if "/" in media and media not in SAID_NOTHING else None


def unknown(declared: str | None) -> Kind:
    """Of a file that nothing could be told of."""
    return Kind(declared, UNKNOWN, agrees=True)


def kind_of(path: Path, content_type: str | None, name: str | None) -> Kind:
    """The kind of the file at `path`: reads its first bytes and, of a container, its directory."""
    header, promised = declared_type(content_type), by_name(name)
    real = real_type(path, header or promised)
    for declared in filter(None, (header, promised)):
        if not fits(declared, real):
            return Kind(declared, real, agrees=False)
    return Kind(header or promised, real, agrees=True)
