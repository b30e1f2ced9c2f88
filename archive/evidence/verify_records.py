"""Steps 2 and 3: the records of the excerpt are those that the leaves list, the files their content."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from archive.digest import Digests
from archive.errors import RecordError, Where
from archive.evidence.leaf import SALT
from archive.evidence.verify_files import Failure, Found, PackageError, PackageFiles, failure
from archive.evidence.verify_leaves import EXHIBITS, Exhibit, Leaf, exhibits, parse_leaf
from archive.group import STATEMENT_LIMIT
from archive.ident import ident
from archive.record import HEAD_LIMIT
from archive.warc import END, Headers, header, parse_head

EXCERPT = "data/warc/excerpt.warc"
_LINES = 4 << 20
_NATURAL = "(0|[1-9][0-9]{0,14})"
_STATEMENT = re.compile(rf"{_NATURAL} {_NATURAL}\n")
_RECORD = re.compile(rf"{_NATURAL} {_NATURAL} ([0-9a-f]{{64}}) ([a-z]+)\n")
_TEXT_LIMIT = 200


class Place(NamedTuple):
    """A record in the excerpt, as records.txt has it."""

    offset: int
    length: int
    sha256: str
    type: str


@dataclass(frozen=True, slots=True)
class Excerpted:
    """A record of the excerpt as its walk found it."""

    offset: int
    headers: Headers
    start: int
    """Bytes of its head."""
    length: int
    """Bytes of its block."""

    @property
    def end(self) -> int:
        return self.offset + self.start + self.length + len(END)

    def header(self, name: str) -> str:
        return header(self.headers, name) or ""

    @property
    def id(self) -> str:
        return self.header("WARC-Record-ID").strip("<>")


def check_records(files: PackageFiles) -> Found:
    """Step 2: how many records the exhibits have, in words; and which are not what a leaf lists."""
    listed = exhibits(files)
    failures: list[Failure] = []
    count = 0
    for exhibit in listed:
        try:
            found = places(files, exhibit)
            failures += _check_exhibit(files, exhibit, found)
            count += 1 + len(found)
        except PackageError as error:
            failures.append(failure(error, exhibit.folder))
    folders = {name.split("/")[2] for name in files.named("data/exhibits/[^/]+/.+")}
    for folder in sorted(folders - {exhibit.id for exhibit in listed}):
        failures.append(Failure(f"data/exhibits/{folder}", f"not in {EXHIBITS}"))
    try:
        failures += _check_groups(files)
    except (PackageError, RecordError) as error:
        failures.append(failure(error, EXCERPT))
    return Found(f"{count} records", failures)


def places(files: PackageFiles, exhibit: Exhibit) -> list[Place]:
    """Where the records of an exhibit lie, after its statement. Raises `PackageError`."""
    name = f"{exhibit.folder}/records.txt"
    text = files.read(name, _LINES).decode("ascii", "replace")
    matches = list(map(_RECORD.fullmatch, text.splitlines(keepends=True)))
    if not all(matches):
        what = "not lines of offset, length, SHA-256 and type"
        raise PackageError(what, where=Where(name))
    return [Place(int(m[1]), int(m[2]), m[3], m[4]) for m in matches if m]


def walk(files: PackageFiles) -> Iterator[Excerpted]:
    """The records of the excerpt, one after another to its end.

    Raises `PackageError` where there is no excerpt, `RecordError` where no record is at a place.
    """
    end = sum(map(len, files.pieces(EXCERPT)))
    at = 0
    while at < end:
        where = Where(EXCERPT, at)
        headers, start = parse_head(_head(files, at), where)
        length = header(headers, "Content-Length") or ""
        if not re.fullmatch(_NATURAL, length):
            raise RecordError(f"a record's Content-Length is {length!r}", where=where)
        record = Excerpted(at, headers, start, int(length))
        tail = b"".join(files.pieces(EXCERPT, record.end - len(END), len(END)))
        if tail != END:
            raise RecordError("a record of another length than it says", where=where)
        yield record
        at = record.end


def _head(files: PackageFiles, at: int) -> bytes:
    """The bytes of a record up to the end of its head, and some more."""
    size = 1 << 12
    while True:
        data = b"".join(files.pieces(EXCERPT, at, size))
        if END in data or size > HEAD_LIMIT:
            return data
        size *= 4


def _check_exhibit(files: PackageFiles, exhibit: Exhibit, found: list[Place]) -> Iterator[Failure]:
    leaf = Leaf(files, exhibit.folder, "", exhibit.id, "capture")
    yield from _check_statement(files, exhibit, leaf)
    listed = _listed(leaf.value, exhibit.folder)
    if [(place.length, place.sha256, place.type) for place in found] != listed:
        yield Failure(
            f"{exhibit.folder}/records.txt", "does not list the records that the leaf lists"
        )
    for place in found:
        digest = hashlib.sha256()
        length = 0
        for piece in files.pieces(EXCERPT, place.offset, place.length):
            digest.update(piece)
            length += len(piece)
        if (digest.hexdigest(), length) != (place.sha256, place.length):
            what = f"byte {place.offset}: not the record that the leaf of {exhibit.id} lists"
            yield Failure(EXCERPT, what)


def _check_statement(files: PackageFiles, exhibit: Exhibit, leaf: Leaf) -> Iterator[Failure]:
    """The metadata record: its block is the leaf, its header holds the salt."""
    name = f"{exhibit.folder}/statement.txt"
    match = _STATEMENT.fullmatch(files.read(name, _LINES).decode("ascii", "replace"))
    if match is None:
        yield Failure(name, "not an offset and a length")
        return
    offset, length = int(match[1]), int(match[2])
    if length > STATEMENT_LIMIT + HEAD_LIMIT:
        yield Failure(name, "longer than a statement can be")
        return
    record = b"".join(files.pieces(EXCERPT, offset, length))
    try:
        headers, start = parse_head(record, Where(EXCERPT, offset))
    except RecordError as error:
        yield Failure(EXCERPT, f"byte {offset}: {error.what}")
        return
    if len(record) != length or record[start:] != leaf.data + END:
        yield Failure(leaf.name, "not the block of its metadata record")
    for field, value in (
        ("WARC-Type", "metadata"),
        ("Content-Length", str(len(leaf.data))),
        (SALT, leaf.salt.hex()),
    ):
        if header(headers, field) != value:
            yield Failure(EXCERPT, f"byte {offset}: no line '{field}: {value}'")
    if ident((header(headers, "WARC-Record-ID") or "").strip("<>")) != exhibit.id:
        yield Failure(EXCERPT, f"byte {offset}: not the metadata record of {exhibit.id}")


def _check_groups(files: PackageFiles) -> Iterator[Failure]:
    """Every record of the excerpt, of no exhibit too, stands where a statement before it lists it."""
    left: list[Any] = []
    for number, record in enumerate(walk(files)):
        kind = record.header("WARC-Type")
        if number == 0 and kind == "warcinfo":
            continue
        if left:
            listed = left.pop(0)
            found = _plain(files, record)
            if (found.length, found.sha256.hex(), found.blake3.hex()) != listed:
                what = f"byte {record.offset}: not the record that the statement before it lists"
                yield Failure(EXCERPT, what)
        elif kind == "metadata" and record.length <= STATEMENT_LIMIT:
            at = record.offset + record.start
            block = b"".join(files.pieces(EXCERPT, at, record.length))
            left = _digests(parse_leaf(block), EXCERPT)
        else:
            yield Failure(EXCERPT, f"byte {record.offset}: no statement lists this record")
    if left:
        yield Failure(EXCERPT, "ends within a group")


def _plain(files: PackageFiles, record: Excerpted) -> Digests:
    return Digests.of_all(files.pieces(EXCERPT, record.offset, record.end - record.offset))


def _listed(value: dict[str, Any], folder: str) -> list[tuple[int, str, str]]:
    try:
        return [
            (each["record"]["length"], each["record"]["sha256"], each["type"])
            for each in value["records"]
        ]
    except (KeyError, TypeError) as error:
        raise PackageError("no list of records", where=Where(f"{folder}/leaf.json")) from error


def _digests(value: dict[str, Any], file: str) -> list[Any]:
    try:
        plain = [each["record"] for each in value["records"]]
        return [(each["length"], each["sha256"], each["blake3"]) for each in plain]
    except (KeyError, TypeError) as error:
        raise PackageError("a statement without a list of records", where=Where(file)) from error
