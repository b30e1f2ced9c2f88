"""The files of an evidence package, in a folder or a ZIP, however hostile.

Nothing is ever unpacked under a name that a package gives. Links, devices and names that lead
elsewhere are refused; so are ZIPs that would grow without measure.
"""

from __future__ import annotations

import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from archive.errors import DamagedError, Where
from archive.group import STATEMENT_LIMIT

MOST_FILES = 100_000
"""Files of a ZIP; a package has some dozens for each exhibit."""
MOST_BYTES = 1 << 40
"""Bytes that a ZIP may hold unpacked."""
RATIO = 250
"""Growth beyond which a ZIP is a bomb, once it holds more than `RATIO_FLOOR` bytes."""
RATIO_FLOOR = 64 << 20
CHUNK = 1 << 20

_LEADS_OUT = re.compile(r"(^|/)\.{0,2}(/|$)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ENCRYPTED = 0x1
_BROKEN = (
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
)
"""What a damaged or odd ZIP, and a disk, make `zipfile` raise."""


class PackageError(DamagedError):
    """A package, or a file of one, is missing or cannot be read."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What failed a step: a file of the package, and the reason."""

    file: str
    reason: str


def failure(error: DamagedError, file: str) -> Failure:
    """What an error says of the file that it names, else of `file`."""
    where = error.where
    place = str(where.file) if where and where.file else file
    at = where.offset if where else None
    return Failure(place, error.what if at is None else f"byte {at}: {error.what}")


class Found(NamedTuple):
    """What a step came to: failed if anything failed it, else not checked if `unchecked` says why."""

    detail: str
    """What was found, in words."""
    failures: Sequence[Failure] = ()
    unchecked: str | None = None


@dataclass(frozen=True, slots=True)
class PackageFiles:
    """What a package holds, by names with `/` between folders, and what it may not hold."""

    places: Mapping[str, Path]
    refused: tuple[Failure, ...]

    def __contains__(self, name: str) -> bool:
        return name in self.places

    def named(self, pattern: str) -> list[str]:
        """The names that match a regular expression as a whole, sorted."""
        return sorted(filter(re.compile(pattern).fullmatch, self.places))

    def open(self, name: str) -> IO[bytes]:
        """Raises `PackageError`."""
        if name not in self.places:
            raise PackageError("missing", where=Where(name))
        with _reading(name):
            return self.places[name].open("rb")

    def read(self, name: str, limit: int = STATEMENT_LIMIT) -> bytes:
        """A small file as a whole. Raises `PackageError`."""
        with self.open(name) as file, _reading(name):
            data = file.read(limit + 1)
        if len(data) > limit:
            raise PackageError(f"more than {limit} bytes", where=Where(name))
        return data

    def pieces(self, name: str, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes of a file from `offset` on, at most `length` of them. Raises `PackageError`."""
        with self.open(name) as file, _reading(name):
            file.seek(offset)
            while length is None or length > 0:
                piece = file.read(CHUNK if length is None else min(CHUNK, length))
                if not piece:
                    return
                if length is not None:
                    length -= len(piece)
                yield piece


@contextmanager
def opened(path: Path) -> Iterator[PackageFiles]:
    """The files of the package at `path`: a folder, or a ZIP with one folder at its top.

    A ZIP is unpacked into a temporary folder under numbers. Raises `PackageError` where there is no
    such thing.
    """
    if path.is_dir():
        with _reading(path.name):
            found = list(_walk(path, ""))
        yield _files((name, place if plain else None) for name, place, plain in found)
        return
    with tempfile.TemporaryDirectory() as scratch, _reading(path.name):
        with zipfile.ZipFile(path) as archive:
            found_in_zip = list(_unpacked(archive, path, Path(scratch)))
        yield _files(found_in_zip)


def why_unsafe(name: str) -> str | None:
    """Why this cannot be the name of a file in a package; `None` where it can."""
    if _LEADS_OUT.search(name):
        return "a path that leads out of the package"
    if _CONTROL.search(name):
        return "a name with control characters or backslashes"
    if _SURROGATE.search(name):
        return "a name that is not UTF-8"
    return None


def _files(found: Iterable[tuple[str, Path | None]]) -> PackageFiles:
    """A name without a place is of something that is no plain, readable file."""
    places: dict[str, Path] = {}
    refused = []
    seen: set[str] = set()
    for name, place in found:
        unsafe = why_unsafe(name)
        if unsafe is None and place is None:
            unsafe = "a link or a device, where only files may be"
        if unsafe is None and name.casefold() in seen:
            unsafe = "two names that some systems take for one"
        if unsafe:
            refused.append(Failure(name, unsafe))
        elif place is not None:
            places.setdefault(name, place)
        seen.add(name.casefold())
    return PackageFiles(places, tuple(refused))


def _walk(folder: Path, inside: str) -> Iterator[tuple[str, Path, bool]]:
    """The names below a folder, and whether each is a plain file; no link is followed."""
    for path in sorted(folder.iterdir()):
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            yield from _walk(path, f"{inside}{path.name}/")
        else:
            yield inside + path.name, path, stat.S_ISREG(mode)


def _unpacked(
    archive: zipfile.ZipFile, path: Path, scratch: Path
) -> Iterator[tuple[str, Path | None]]:
    infos = [info for info in archive.infolist() if not info.is_dir()]
    _refuse_bomb(infos, path)
    if len({info.filename.partition("/")[0] for info in infos}) != 1:
        raise PackageError("not one folder at the top of the ZIP", where=Where(path.name))
    for number, info in enumerate(infos):
        name = info.filename.partition("/")[2]
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in {0, stat.S_IFREG} or info.flag_bits & _ENCRYPTED:
            yield name, None
            continue
        place = scratch / str(number)
        with _reading(name), archive.open(info) as packed, place.open("wb") as plain:
            shutil.copyfileobj(packed, plain, CHUNK)
        yield name, place


def _refuse_bomb(infos: list[zipfile.ZipInfo], path: Path) -> None:
    total = sum(info.file_size for info in infos)
    if len(infos) > MOST_FILES or total > MOST_BYTES:
        raise PackageError("over-limit: too many files or bytes", where=Where(path.name))
    if total > RATIO_FLOOR and total > RATIO * path.stat().st_size:
        raise PackageError("over-limit: grows like a decompression bomb", where=Where(path.name))


@contextmanager
def _reading(name: str) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise PackageError(f"cannot be read: {error}", where=Where(name)) from error
