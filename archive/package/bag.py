"""Bags: BagIt 1.0 (RFC 8493) with SHA-256 and SHA-512, and BLAKE3 of the payload beside them.

Every digest is computed while the bytes are written, so a file of any size passes once and nothing
is held. What does not go into a manifest is only what signs one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from blake3 import blake3

from archive.errors import storage
from archive.warc import CHUNK

PAYLOAD = "data/"
DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
ALGORITHMS = ("sha256", "sha512")
MANIFEST, TAG_MANIFEST = "manifest-{}.txt", "tagmanifest-{}.txt"
B3SUMS = "b3sums.txt"

_ENCODED = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
"""Those characters of a path that a manifest cannot carry, and only those (RFC 8493, 2.1.3)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the manifests say of a file: its length in bytes, and its digests in hex."""

    length: int
    sha256: str
    sha512: str
    blake3: str


class BagFile:
    """A file of a bag that is being written."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self.position = 0
        self._write = write
        self._hashers = (hashlib.sha256(), hashlib.sha512(), blake3())

    def write(self, data: bytes) -> None:
        for hasher in self._hashers:
            hasher.update(data)
        self._write(data)
        self.position += len(data)

    @property
    def entry(self) -> Entry:
        return Entry(self.position, *(hasher.hexdigest() for hasher in self._hashers))


class Bag:
    """A bag that is being filled, in a folder that is there and empty.

    Everything raises `StorageError` where the disk refuses, and `ValueError` for a path that a bag
    must not have.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: dict[str, Entry] = {}

    @contextmanager
    def open(self, path: str) -> Iterator[BagFile]:
        """Write a file piece by piece; it is listed once it is whole."""
        with storage(self.folder), self._place(path).open("xb") as stream:
            file = BagFile(stream.write)
            yield file
        self.entries[path] = file.entry

    def add(self, path: str, data: bytes | str | Iterable[bytes]) -> Entry:
        """Write a file; text becomes UTF-8."""
        with self.open(path) as file:
            for piece in _pieces(data):
                file.write(piece)
        return self.entries[path]

    @contextmanager
    def elsewhere(self, path: str) -> Iterator[Path]:
        """Let something else write a file of the bag, which is read once more for its digests."""
        place = self._place(path)
        yield place
        file = BagFile(lambda _: None)
        with storage(self.folder), place.open("rb") as stream:
            while piece := stream.read(CHUNK):
                file.write(piece)
        self.entries[path] = file.entry

    def close(self, info: Mapping[str, str]) -> None:
        """Write the declaration, the bag's information and the manifests."""
        payload = self._listed(payload=True)
        length = sum(entry.length for entry in payload.values())
        told = {**info, "Payload-Oxum": f"{length}.{len(payload)}"}
        self.add("bagit.txt", DECLARATION)
        self.add("bag-info.txt", "".join(f"{name}: {_line(told[name])}\n" for name in told))
        for algorithm in ALGORITHMS:
            self.add(MANIFEST.format(algorithm), _manifest(payload, algorithm))
        self.add(B3SUMS, _manifest(payload, "blake3"))
        self._write_tag_manifests()

    def replace(self, path: str, data: str) -> None:
        """Let a tag file of a closed bag say something else."""
        del self.entries[path]
        self._place(path).unlink()
        self.add(path, data)
        self._write_tag_manifests()

    def add_unlisted(self, path: str, data: bytes) -> None:
        """Write what signs a manifest, and so can be in none."""
        with storage(self.folder):
            self._place(path).write_bytes(data)

    def _write_tag_manifests(self) -> None:
        tags = self._listed(payload=False)
        for algorithm in ALGORITHMS:
            self.add_unlisted(TAG_MANIFEST.format(algorithm), _manifest(tags, algorithm).encode())

    def _listed(self, *, payload: bool) -> dict[str, Entry]:
        """The files of one kind, by path in the order of its bytes."""
        wanted = (path for path in self.entries if path.startswith(PAYLOAD) is payload)
        return {path: self.entries[path] for path in sorted(wanted, key=str.encode)}

    def _place(self, path: str) -> Path:
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or "\0" in path or {"..", "."} & {*path.split("/")}:
            raise ValueError(f"not a path within a bag: {path!r}")
        place = self.folder.joinpath(*parts)
        with storage(self.folder):
            place.parent.mkdir(parents=True, exist_ok=True)
        return place


def _pieces(data: bytes | str | Iterable[bytes]) -> Iterable[bytes]:
    if isinstance(data, str):
        return (data.encode(),)
    return (data,) if isinstance(data, bytes) else data


def _manifest(entries: Mapping[str, Entry], algorithm: str) -> str:
    lines = (
        f"{getattr(entry, algorithm)}  {path.translate(_ENCODED)}\n"
        for path, entry in entries.items()
    )
    return "".join(lines)


def _line(value: str) -> str:
    """A value that ends no line of its own (2.2.2)."""
    return " ".join(value.split())
