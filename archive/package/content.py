"""The files of the exhibits as a reader saves them, under names that harm nobody."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from archive.coding import CodingError
from archive.digest import Digests, Hasher
from archive.errors import DamagedError, Where
from archive.names import safe_name
from archive.package.facts import Exhibit
from archive.statement import Capture

FOLDER = "data/files"
NOT_MODIFIED = "not-modified"
MAGIC = (
    (b"%PDF-", ".pdf"),
    (b"\x89PNG\r\n", ".png"),
    (b"\xff\xd8\xff", ".jpg"),
    (b"GIF8", ".gif"),
    (b"Rar!\x1a\x07", ".rar"),
    (b"7z\xbc\xaf\x27\x1c", ".7z"),
    (b"{\\rtf", ".rtf"),
)
"""First bytes that tell a kind of file whatever the server calls it, and need no closer look."""
_TYPES = mimetypes.MimeTypes()
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}")


def named(exhibits: Sequence[Exhibit]) -> tuple[Exhibit, ...]:
    """The exhibits with the paths that their contents get, numbered in their order.

    Raises `DamagedError` where the bytes of one cannot be read.
    """
    width = max(2, len(str(len(exhibits))))
    return tuple(
        _named(exhibit, f"{number:0{width}}") for number, exhibit in enumerate(exhibits, 1)
    )


def content(exhibit: Exhibit) -> Iterator[bytes]:
    """The bytes of an exhibit's content, compared with its leaf as they go.

    Raises `DamagedError` where they differ or cannot be decoded.
    """
    where = Where(exhibit.logged.at.path, exhibit.logged.at.group.offset)
    hasher = Hasher()
    try:
        for piece in exhibit.answer.bytes_of("content"):
            hasher.update(piece)
            yield piece
    except CodingError as error:
        raise DamagedError(f"its content cannot be decoded: {error}", where=where) from error
    if hasher.digests() != exhibit.answer.stated("content"):
        raise DamagedError("its content is not what its statement says", where=where)


def has_content(exhibit: Exhibit) -> bool:
    """Whether there is a content, with a digest, and the archive holds its bytes."""
    digests = exhibit.capture.digests
    if digests is None or not isinstance(digests.content, Digests):
        return False
    if exhibit.capture.outcome == NOT_MODIFIED:  # the content is that of the capture it refers to
        return False
    return exhibit.capture.revisit is None or exhibit.referred is not None


def _named(exhibit: Exhibit, number: str) -> Exhibit:
    capture = exhibit.capture
    original = capture.filename or str((capture.asserted or {}).get("file", ""))
    if not has_content(exhibit):
        return replace(exhibit, original_name=original, file=None)
    name = _plain(safe_name(original or None, capture.url))
    if name == urlsplit(capture.url).netloc or not _SUFFIX.fullmatch(PurePosixPath(name).suffix):
        name += _suffix(exhibit, capture)
    return replace(exhibit, original_name=original, file=f"{FOLDER}/{number}-{name}")


def _plain(name: str) -> str:
    """A name that every tool which reads a manifest takes as it is: no `%`, no `..`."""
    return re.sub(r"\.{2,}", ".", name.replace("%", "_"))


def _suffix(exhibit: Exhibit, capture: Capture) -> str:
    start = b"".join(islice(exhibit.answer.bytes_of("content"), 1))[:16]
    for magic, suffix in MAGIC:
        if start.startswith(magic):
            return suffix
    media = (capture.media_type or "").partition(";")[0].strip().lower()
    return _TYPES.guess_extension(media) or ""
