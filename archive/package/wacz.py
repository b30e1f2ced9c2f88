"""The groups of a package as a WACZ (1.1.1), for replay in a browser.

The records lie in it as they lie in the archive, each its own gzip member; only their place is new.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from archive.cdxj import CdxjLine, cdxj_line
from archive.digest import Hasher
from archive.errors import RecordError, Where
from archive.member import encode
from archive.package.facts import Exhibit, GroupAt, PackageFacts
from archive.record import packed_bytes
from archive.times import to_text
from archive.warc import Record

VERSION = "1.1.1"
WARC, INDEX, PAGES = "archive/data.warc.gz", "indexes/index.cdx", "pages/pages.jsonl"
LIST, LIST_DIGEST = "datapackage.json", "datapackage-digest.json"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a ZIP of ours: what happened when stands in the files themselves."""
LARGE = 1 << 31
"""Bytes from which a file in a ZIP needs the larger fields."""


@dataclass
class _Parts:
    """The files of a WACZ as they are written."""

    archive: zipfile.ZipFile
    resources: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def open(self, name: str, size: int = 0) -> Iterator[Callable[[bytes], int]]:
        """Write a file of about `size` bytes, and list it; gives a function that tells its length."""
        hasher, length = hashlib.sha256(), 0
        with self.archive.open(zip_info(name), "w", force_zip64=size >= LARGE) as stream:

            def write(data: bytes) -> int:
                nonlocal length
                hasher.update(data)
                length += stream.write(data)
                return length

            yield write
        self.resources.append(
            {
                "name": name.rpartition("/")[2],
                "path": name,
                "hash": f"sha256:{hasher.hexdigest()}",
                "bytes": length,
            }
        )

    def add(self, name: str, data: bytes) -> None:
        with self.open(name) as write:
            write(data)


def zip_info(name: str) -> zipfile.ZipInfo:
    """A file to be stored in a ZIP as it is: nothing to unpack, so nothing that could explode."""
    info = zipfile.ZipInfo(name, EPOCH)
    info.create_system = 3  # Unix, whatever made it, or the same facts would give other bytes
    info.external_attr = 0o100644 << 16
    return info


def write_wacz(path: Path, facts: PackageFacts, groups: Sequence[GroupAt], info: Record) -> None:
    """Write the WACZ of the groups of a package; its exhibits are what a reader is offered first.

    Raises `RecordError` where a record's stored bytes have changed.
    """
    with zipfile.ZipFile(path, "x", zipfile.ZIP_STORED) as archive:
        parts = _Parts(archive)
        lines = sorted(_write_warc(parts, groups, info))
        parts.add(INDEX, "".join(f"{line}\n" for line in lines).encode())
        parts.add(PAGES, b"".join(_pages(facts.exhibits)))
        package = {
            "profile": "data-package",
            "wacz_version": VERSION,
            "title": "Exhibits of an evidence package",
            "software": facts.software,
            "created": to_text(facts.made),
            "resources": parts.resources,
        }
        listed = orjson.dumps(package, option=orjson.OPT_INDENT_2)
        digest = {"path": LIST, "hash": f"sha256:{hashlib.sha256(listed).hexdigest()}"}
        archive.writestr(zip_info(LIST), listed)
        archive.writestr(zip_info(LIST_DIGEST), orjson.dumps(digest, option=orjson.OPT_INDENT_2))


def _write_warc(parts: _Parts, groups: Sequence[GroupAt], info: Record) -> Iterator[CdxjLine]:
    head = encode(info).data
    assert head is not None, "a warcinfo record is never spooled"
    size = len(head) + sum(at.group.length for at in groups)
    with parts.open(WARC, size) as write:
        position = write(head)
        for at in groups:
            line = cdxj_line(at.group)
            for record in at.group.records:
                if line and record.offset == line.offset:
                    yield replace(line, offset=position, filename=WARC.rpartition("/")[2])
                    line = None
                hasher = Hasher()
                for piece in packed_bytes(at.path, record.offset, record.length):
                    hasher.update(piece)
                    position = write(piece)
                if hasher.digests() != record.stored:
                    where = Where(at.path, record.offset)
                    raise RecordError("the stored bytes of a record have changed", where=where)


def _pages(exhibits: Iterable[Exhibit]) -> Iterator[bytes]:
    """The list of pages: a line about itself, and one for each (WACZ 1.1.1, "pages.jsonl")."""
    yield orjson.dumps({"format": "json-pages-1.0", "id": "pages", "title": "Exhibits"}) + b"\n"
    for exhibit in exhibits:
        capture = exhibit.capture
        page = {"id": exhibit.id, "url": capture.url, "ts": to_text(capture.time)}
        yield orjson.dumps(page) + b"\n"
