"""The list of a backup: where each file lies in it, and its SHA-256, as `sha256sum -c` reads it.

    warc/…          sealed WARC files, at the place that they have in the archive
    state/N/…       everything else, as it was at the N-th backup; a file that did not change since
                    stays where it was
    backup.sha256   the list; it alone says which files are the backup, and is written last

Nothing that a list names is ever written over, so the former backup stands until the new list is
there. A backup is no archive: nobody can write in it, or sign its log, by mistake.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from archive.errors import DamagedError, Where

MANIFEST = "backup.sha256"
STATE = "state"

_LINE = re.compile(r"(\\?)([0-9a-f]{64}) [ *](.+)", re.DOTALL)
_STATE = re.compile(rf"{STATE}/[1-9][0-9]*/(.+)", re.DOTALL)
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True)
class Manifest:
    """The SHA-256 of each file by its place in the backup."""

    digests: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def parse(cls, data: bytes, where: Where) -> Manifest:
        """Raises `DamagedError` for what is no such list, or names a file outside the backup."""
        digests: dict[str, bytes] = {}
        *lines, rest = data.decode("utf-8", "surrogateescape").split("\n")
        for line in lines:
            found = _LINE.fullmatch(line)
            place = _unescaped(found[3]) if found and found[1] else found[3] if found else ""
            if found is None or not _leads_inside(place) or place in digests:
                raise _malformed(f"{line[:200]!r}", where)
            digests[place] = bytes.fromhex(found[2])
        manifest = cls(digests)
        if rest or not digests or len(manifest.places) != len(digests):
            raise _malformed("it is cut off, or names a file twice", where)
        return manifest

    def to_bytes(self) -> bytes:
        lines = (_line(place, self.digests[place]) for place in sorted(self.digests))
        return "".join(lines).encode("utf-8", "surrogateescape")

    @cached_property
    def places(self) -> dict[str, str]:
        """Where each file of the archive, by its path there, lies in the backup."""
        return {path_of(place): place for place in self.digests}

    def digest_of(self, path: str) -> bytes | None:
        """The SHA-256 of a file of the archive; `None` where the backup has no such file."""
        place = self.places.get(path)
        return self.digests[place] if place else None


def path_of(place: str) -> str:
    """The path in the archive of what lies at a place in the backup."""
    found = _STATE.fullmatch(place)
    return found[1] if found else place


def _leads_inside(place: str) -> bool:
    path = PurePosixPath(place)
    plain = not path.is_absolute() and ".." not in path.parts and "\0" not in place
    return plain and place == str(path) and bool(path.name)


def _line(place: str, digest: bytes) -> str:
    """As sha256sum writes it: a name that would break the line is escaped, and marked in front."""
    name = "".join(_ESCAPES.get(char, char) for char in place)
    return f"{'' if name == place else chr(92)}{digest.hex()}  {name}\n"


def _unescaped(name: str) -> str:
    plain = {escape[1]: char for char, escape in _ESCAPES.items()}
    return _ESCAPED.sub(lambda found: plain.get(found[1], found[0]), name)


def _malformed(what: str, where: Where) -> DamagedError:
    return DamagedError(
        f"the list of the backup is damaged: {what}",
        where=where,
        advice="take another backup, or begin a new one in a new folder",
    )
