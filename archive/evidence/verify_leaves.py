"""What a package is about: its exhibits, and the leaves of exhibits, plans and events."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from archive.evidence.leaf import SALT_LENGTH, canonical, entry
from archive.evidence.verify_files import Failure, Found, PackageError, PackageFiles

EXHIBITS = "exhibits.txt"
ID = "[0-9a-hjkmnp-tv-z]{16}"
FACTS = "data/exhibits.json"
TOLD = ("url", "time", "outcome", "code", "status", "media_type", "fidelity", "digests", "asserted")
"""What exhibits.json repeats of a leaf."""
NO_EXHIBITS = "not lines of an id and the path of a content"

_EXHIBIT = re.compile(rf"({ID}) (-|data/files/[^/\x00-\x1f\x7f]+)")
_LINES = 4 << 20


@dataclass(frozen=True, slots=True)
class Exhibit:
    id: str
    content: str | None
    """Path of its content; `None` where it has none."""

    @property
    def folder(self) -> str:
        return f"data/exhibits/{self.id}"


@dataclass(frozen=True)
class Leaf:
    """A leaf of the log, its salt, and where its proof is."""

    files: PackageFiles
    folder: str
    proof: str
    id: str
    kind: str

    @property
    def name(self) -> str:
        return f"{self.folder}/leaf.json"

    @cached_property
    def data(self) -> bytes:
        """Raises `PackageError`."""
        return self.files.read(self.name)

    @cached_property
    def salt(self) -> bytes:
        """Raises `PackageError`, also where it is not of the one length that a salt has."""
        salt = self.files.read(f"{self.folder}/salt.bin")
        if len(salt) != SALT_LENGTH:
            raise PackageError(f"not {SALT_LENGTH} bytes")
        return salt

    @cached_property
    def value(self) -> dict[str, Any]:
        """What it says. Raises `PackageError` where it is not canonical JSON."""
        return parse_leaf(self.data)

    @cached_property
    def entry(self) -> bytes:
        """What stands for it in the log. Raises `PackageError`."""
        return entry(self.salt, self.data)

    def text(self, *keys: str) -> str | None:
        """The text or number at a path of keys, as text; `None` where there is none."""
        found: Any = self.value
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return str(found) if type(found) in {str, int} else None


def exhibits(files: PackageFiles) -> tuple[Exhibit, ...]:
    """The exhibits that `exhibits.txt` lists. Raises `PackageError`."""
    try:
        *lines, rest = files.read(EXHIBITS, _LINES).decode().split("\n")
    except UnicodeDecodeError:
        raise PackageError(NO_EXHIBITS) from None
    found = []
    for match in map(_EXHIBIT.fullmatch, lines):
        if match is None:
            raise PackageError(NO_EXHIBITS)
        found.append(Exhibit(match[1], None if match[2] == "-" else match[2]))
    if rest or not found or len({exhibit.id for exhibit in found}) != len(found):
        raise PackageError(NO_EXHIBITS)
    return tuple(found)


def leaves(files: PackageFiles) -> tuple[Leaf, ...]:
    """All leaves of the package. Raises `PackageError` where its exhibits cannot be told."""
    found = [
        Leaf(files, exhibit.folder, f"log/{exhibit.id}.tlog-proof", exhibit.id, "capture")
        for exhibit in exhibits(files)
    ]
    for parent, prefix, kind in (("data/plan", "plan-", "crawl"), ("custody/events", "", "event")):
        for id_ in sorted({name.split("/")[2] for name in files.named(f"{parent}/{ID}/.+")}):
            proof = f"log/{prefix}{id_}.tlog-proof"
            found.append(Leaf(files, f"{parent}/{id_}", proof, id_, kind))
    return tuple(found)


def check_leaves(files: PackageFiles) -> Found:
    """Step 4: each leaf is canonical JSON, is the one that it should be, and has its salt."""
    failures: list[Failure] = []
    found = leaves(files)
    plans = {_entry(leaf) for leaf in found if leaf.kind == "crawl"}
    for leaf in found:
        failures += _check(leaf)
        plan = _text(leaf, "plan") if leaf.kind == "capture" else None
        if plan and plan not in plans:
            failures.append(Failure(leaf.name, "its plan is not in data/plan"))
    failures += _check_facts(files, found)
    return Found(f"{len(found)} leaves", failures)


def parse_leaf(data: bytes) -> dict[str, Any]:
    """Read canonical JSON (RFC 8785), no key twice. Raises `PackageError`."""
    try:
        value = json.loads(data.decode(), object_pairs_hook=_once)
        same = isinstance(value, dict) and canonical(value)[0] == data
    except (ValueError, RecursionError, OverflowError) as error:
        raise PackageError(f"not canonical JSON: {error}") from error
    if not same:
        raise PackageError("not canonical JSON")
    assert isinstance(value, dict)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise PackageError("a key stands in it twice")
    return found


def _check(leaf: Leaf) -> list[Failure]:
    failures = []
    for name, part in ((leaf.name, "value"), (f"{leaf.folder}/salt.bin", "salt")):
        try:
            getattr(leaf, part)
        except PackageError as error:
            failures.append(Failure(name, error.what))
    if not failures and (leaf.text("id"), leaf.text("kind")) != (leaf.id, leaf.kind):
        failures.append(Failure(leaf.name, f"not the {leaf.kind} {leaf.id}"))
    return failures


def _check_facts(files: PackageFiles, found: tuple[Leaf, ...]) -> Iterator[Failure]:
    """What exhibits.json tells people of each exhibit is what its leaf says."""
    try:
        told = parse_leaf(files.read(FACTS)).get("exhibits")
        rows = {row["id"]: row for row in told} if isinstance(told, list) else {}
    except (PackageError, KeyError, TypeError) as error:
        yield Failure(
            FACTS, error.what if isinstance(error, PackageError) else "not a list of exhibits"
        )
        return
    captures = {leaf.id: leaf for leaf in found if leaf.kind == "capture"}
    if rows.keys() != captures.keys():
        yield Failure(FACTS, f"not the exhibits of {EXHIBITS}")
    for id_ in sorted(rows.keys() & captures.keys()):
        try:
            leaf = captures[id_].value
        except PackageError:
            continue  # told above
        for key in TOLD:
            if rows[id_].get(key) != leaf.get(key):
                yield Failure(FACTS, f"{key} of {id_} is not what its leaf says")


def _entry(leaf: Leaf) -> str | None:
    try:
        return leaf.entry.hex()
    except PackageError:
        return None


def _text(leaf: Leaf, key: str) -> str | None:
    try:
        return leaf.text(key)
    except PackageError:
        return None
