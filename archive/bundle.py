"""Any archive file: which format it is, its records, and the checks of the file as a whole.

WARC and ARC are read by `foreign`; here are the two that hold more than one thing: WACZ (a zip of
WARC files with a list of hashes) and HAR (one JSON object). Nothing is ever unpacked under a name
that the archive gives, so such names can do no harm.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from archive.digest import Digest
from archive.errors import DamagedError, Error, RecordError, UncheckedError, UsageError, Where
from archive.foreign import Fault, ForeignRecord, begins_as, stream_records
from archive.plain import BOMB_FLOOR, BOMB_RATIO, PlainReader
from archive.verdict import Check, Verdict

HAR_LIMIT = 512 << 20
"""A HAR is one JSON text, so it is read whole; longer ones are refused."""
LIST = "datapackage.json"
LIST_DIGEST = "datapackage-digest.json"


def archive_format(path: Path) -> str | None:
    """`WARC`, `ARC`, `WACZ` or `HAR`, by how the file begins; `None` for anything else.

    A zip without `archive/` or a list, as office documents are, is no WACZ.
    """
    kind = _kind(path)
    if kind == "WACZ":
        try:
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
        except (zipfile.BadZipFile, OSError, ValueError):
            return None
        return kind if any(n == LIST or n.startswith("archive/") for n in names) else None
    if kind == "HAR":
        return kind
    with path.open("rb") as file:
        return begins_as(PlainReader(file, path.name))


def records(path: Path, spool: Path) -> Iterator[ForeignRecord]:
    """The records of an archive file of any kind, in order; long blocks lie in the folder `spool`.

    Raises `UncheckedError` where it is no archive that we read. Damage (`RecordError`, with file and
    offset) is raised at the end, when all that could be read has been given.
    """
    kind = _kind(path)
    if kind == "WACZ":
        yield from _wacz_records(path, spool)
    elif kind == "HAR":
        yield from _har_records(path)
    else:
        with path.open("rb") as file:
            yield from stream_records(PlainReader(file, path.name), spool)


def file_checks(path: Path) -> Iterator[Check]:
    """The checks of the file as a whole: the hashes that a WACZ lists. None for other formats."""
    if _kind(path) != "WACZ":
        return
    with _zip(path) as archive:
        names = {info.filename for info in archive.infolist() if not info.is_dir()}
        if LIST not in names:
            yield Check("datapackage", Verdict.FAILED, f"there is no {LIST}")
            return
        listed = set()
        for resource in _listed(archive, path):
            listed.add(resource["path"])
            yield _resource_check(archive, names, resource, "datapackage")
        for name in sorted(names - listed):
            if name.startswith("archive/"):
                yield Check("datapackage", Verdict.FAILED, f"{name} is not listed")
        if LIST_DIGEST in names:
            yield _resource_check(archive, names, _object(archive, LIST_DIGEST, path), "list")
            yield Check(
                "signature", Verdict.NOT_CHECKED, "signatures of WACZ files are not verified"
            )


def _kind(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"PK\x03\x04"):
        return "WACZ"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and b'"log"' in head:
        return "HAR"
    return "stream"


@contextmanager
def _zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip whose every failure is a `RecordError`."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise RecordError(f"damaged zip: {error}", where=Where(path.name)) from error


def _wacz_records(path: Path, spool: Path) -> Iterator[ForeignRecord]:
    damage: Error | None = None
    with _zip(path) as archive:
        inner = [i for i in archive.infolist() if i.filename.startswith("archive/") and i.file_size]
        if not inner and LIST not in archive.namelist():
            raise UncheckedError("not an archive format we read", where=Where(path.name))
        for info in inner:
            name = f"{path.name}!{info.filename}"
            try:
                _refuse_bomb(info, name)
                with archive.open(info) as file:
                    yield from stream_records(PlainReader(file, name), spool)
            except (DamagedError, UncheckedError) as error:
                damage = damage or error
    if damage:
        raise damage


def _refuse_bomb(info: zipfile.ZipInfo, name: str) -> None:
    if info.file_size > BOMB_FLOOR and info.file_size > BOMB_RATIO * info.compress_size:
        raise RecordError("over-limit: grows like a decompression bomb", where=Where(name))


def _listed(archive: zipfile.ZipFile, path: Path) -> Iterator[dict[str, Any]]:
    for resource in _object(archive, LIST, path).get("resources") or ():
        if not isinstance(resource, dict) or not isinstance(resource.get("path"), str):
            raise RecordError(f"{LIST} lists what is no resource", where=Where(path.name))
        yield resource


def _object(archive: zipfile.ZipFile, name: str, path: Path) -> dict[str, Any]:
    info = archive.getinfo(name)
    if info.file_size > HAR_LIMIT:
        raise RecordError(f"over-limit: {name}", where=Where(path.name))
    try:
        value = orjson.loads(archive.read(info))
    except orjson.JSONDecodeError as error:
        raise RecordError(f"{name} is not JSON: {error}", where=Where(path.name)) from error
    if not isinstance(value, dict):
        raise RecordError(f"{name} is not a JSON object", where=Where(path.name))
    return value


def _resource_check(
    archive: zipfile.ZipFile, names: set[str], resource: dict[str, Any], layer: str
) -> Check:
    name, stated = str(resource.get("path")), str(resource.get("hash"))
    if name not in names:
        return Check(layer, Verdict.FAILED, f"{name} is missing")
    try:
        expected = Digest.parse(stated)
        hasher = hashlib.new(expected.algorithm)
    except (UsageError, ValueError):
        return Check(layer, Verdict.NOT_CHECKED, f"{name}: not a digest we can check: {stated!r}")
    with archive.open(name) as file:
        while piece := file.read(1 << 20):
            hasher.update(piece)
    found = Digest(expected.algorithm, hasher.digest())
    verdict = Verdict.PASSED if found == expected else Verdict.FAILED
    return Check(layer, verdict, name, str(expected), str(found))


def _har_records(path: Path) -> Iterator[ForeignRecord]:
    where = Where(path.name)
    if path.stat().st_size > HAR_LIMIT:
        raise RecordError("over-limit: a HAR of more than 512 MiB", where=where)
    try:
        log = orjson.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))["log"]
        entries, version = list(log["entries"]), str(log.get("version", ""))
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError) as error:
        raise RecordError(f"not a whole HAR: {error}", where=where) from error
    damage: RecordError | None = None
    for number, entry in enumerate(entries, 1):
        try:
            yield _har_entry(f"{path.name}#{number}", version, entry)
        except (LookupError, TypeError, AttributeError) as error:
            damage = damage or RecordError(f"HAR entry {number}: no {error}", where=where)
    if damage:
        raise damage


def _har_entry(name: str, version: str, entry: dict[str, Any]) -> ForeignRecord:
    """One exchange as a browser kept it: the content, and the entry's JSON in place of a header.

    An entry without content, which browsers leave out at will, is of the type `entry`.
    """
    response = entry["response"]
    content = response.get("content") or {}
    faults: list[Fault] = []
    text = content.get("text")
    block = (text or "").encode("utf-8", "surrogatepass")
    if content.get("encoding") == "base64":
        try:
            block = base64.b64decode(block, validate=True)
        except binascii.Error as error:
            faults.append(Fault("structure", f"content that is no base64: {error}"))
    fields = [("Content-Type", str(content.get("mimeType", "")))]
    fields += [(str(field["name"]), str(field["value"])) for field in response.get("headers", ())]
    return ForeignRecord(
        file=name,
        offset=0,
        format=f"HAR/{version}",
        type="entry" if text is None else "resource",
        id="",
        uri=str(entry["request"]["url"]),
        date=str(entry.get("startedDateTime", "")),
        head=orjson.dumps(entry),
        headers=tuple(fields),
        block=block,
        faults=tuple(faults),
    )
