"""Step 1 of verifying a package: it is complete (BagIt 1.0, RFC 8493), and nothing was added."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from blake3 import blake3

from archive.evidence.verify_files import Failure, Found, PackageError, PackageFiles, why_unsafe

DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
SEAL = "signatures/tagmanifest-sha256.txt.p7s"
UNLISTED = frozenset({"tagmanifest-sha256.txt", "tagmanifest-sha512.txt", SEAL, f"{SEAL}.tsr"})
"""Files that stand in no manifest, for they are made after them."""
MANIFEST_LIMIT = 64 << 20

MANIFESTS = {
    "manifest-sha256.txt": ("sha256", "manifest-sha256.txt"),
    "manifest-sha512.txt": ("sha512", "manifest-sha256.txt"),
    "b3sums.txt": ("blake3", "manifest-sha256.txt"),
    "tagmanifest-sha256.txt": ("sha256", "tagmanifest-sha256.txt"),
    "tagmanifest-sha512.txt": ("sha512", "tagmanifest-sha256.txt"),
}
"""The algorithm of each list of digests, and the list of the same files."""

_HASHERS: dict[str, Callable[[], Any]] = {
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
    "blake3": blake3,
}
_DIGITS = {"sha256": 64, "sha512": 128, "blake3": 64}
_TAGS_NEVER = re.compile(r"(data|signatures)/|tagmanifest-")

Manifest = dict[str, str]
"""Digests in hex, by path."""


def check_complete(files: PackageFiles) -> Found:
    """How many files the manifests list, in words; and what is missing, changed, added or odd."""
    failures = list(files.refused)
    try:
        declared = files.read("bagit.txt") == DECLARATION
    except PackageError:
        declared = False
    if not declared:
        failures.append(Failure("bagit.txt", "does not say that this is BagIt 1.0"))
    manifests: dict[str, Manifest] = {}
    for name, (algorithm, _) in MANIFESTS.items():
        try:
            data = files.read(name, MANIFEST_LIMIT)
            manifests[name] = manifest(data, name, algorithm)
        except PackageError as error:
            manifests[name] = {}
            failures.append(Failure(name, error.what))
    for name, (_, other) in MANIFESTS.items():
        if manifests[name].keys() != manifests[other].keys():
            failures.append(Failure(name, f"does not list the files that {other} lists"))
    listed = {path for one in manifests.values() for path in one}
    failures += [Failure(path, "missing") for path in sorted(listed - files.places.keys())]
    extra = files.places.keys() - listed - UNLISTED
    failures += [Failure(path, "no manifest lists it") for path in sorted(extra)]
    for path in sorted(listed & files.places.keys()):
        failures += _changed(files, path, manifests)
    counted = len(manifests["manifest-sha256.txt"]) + len(manifests["tagmanifest-sha256.txt"])
    return Found(f"{counted} files", failures)


def manifest(data: bytes, name: str, algorithm: str) -> Manifest:
    """Read lines of a digest, two spaces and a path. Raises `PackageError` for any other form."""
    line = re.compile(rf"([0-9a-f]{{{_DIGITS[algorithm]}}})  ([^/].*)")
    found: Manifest = {}
    try:
        *lines, rest = data.decode().split("\n")
    except UnicodeDecodeError:
        raise PackageError("not UTF-8") from None
    matches = [line.fullmatch(text) for text in lines]
    if rest or not lines or not all(matches):
        raise PackageError("not lines of a digest, two spaces and a path")
    for match in filter(None, matches):
        digest, path = match.groups()
        unsafe = why_unsafe(path)
        if unsafe:
            raise PackageError(unsafe)
        if name.startswith("tagmanifest-") == path.startswith("data/") or (
            name.startswith("tagmanifest-") and _TAGS_NEVER.match(path)
        ):
            raise PackageError("a path that does not belong into this manifest")
        if path in found:
            raise PackageError("a path that stands in it twice")
        found[path] = digest
    return found


def _changed(files: PackageFiles, path: str, manifests: dict[str, Manifest]) -> Iterator[Failure]:
    """The lists that say another digest of a file; it is read once for all of them."""
    listed = {name: digests[path] for name, digests in manifests.items() if path in digests}
    hashers = {algorithm: _HASHERS[algorithm]() for algorithm in _HASHERS}
    wanted = {MANIFESTS[name][0] for name in listed}
    try:
        for piece in files.pieces(path):
            for algorithm in wanted:
                hashers[algorithm].update(piece)
    except PackageError as error:
        yield Failure(path, error.what)
        return
    for name, digest in listed.items():
        if hashers[MANIFESTS[name][0]].hexdigest() != digest:
            yield Failure(path, f"not the bytes that {name} lists")
