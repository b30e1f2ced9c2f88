"""`muniment show` of a document, and of a version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from archive.ident import printed
from catalog.attached import Attached, attachments_of, notices_of
from catalog.citations.cited import cited
from catalog.documents import (
    ContentSeen,
    InPlace,
    VersionOfDocument,
    by_last_seen,
    in_its_place,
    posting_of,
    sighting,
    text_of,
    urls_of,
    versions_of,
)
from catalog.holdings import Capture, Document, Version
from catalog.publications import Citation, Publication, cited_by
from catalog.texts import OCR, Posting, Stated, Text
from catalog.values import table_of, values
from cli.context import Archive
from cli.output import moment, number, size

if TYPE_CHECKING:
    from catalog.elsewhere import Elsewhere

Field = tuple[str, str]
POSTING = {
    "title": "title",
    "number": "number (发文字号)",
    "index_number": "index number (索引号)",
    "agency": "agency (发文机关)",
    "source": "source (来源)",
    "written": "written (成文日期)",
    "posted": "posted (发布日期)",
}
SHOWN = 10
"""Copies and near-duplicates that are listed; all are counted."""


def document_fields(archive: Archive, document: Document) -> Iterator[Field]:
    """Where a document is posted, what it says it is, its versions, and where else it is found."""
    engine = archive.engine
    yield "document", printed(document.id)
    yield from _named("at", urls_of(engine, document.id))
    versions = by_last_seen(versions_of(engine, document.id))
    shown = versions[-1].latest if versions else None
    if shown:
        yield from posting_fields(archive, shown.version.id)
    yield from _named("versions", map(version_line, reversed(versions)))
    yield from _named("in its place", map(_in_place, in_its_place(engine, document.id)))
    yield from _named("attachments", map(_attached, _files(archive, document, shown)))
    yield from _named(
        "attached to", (_linked(n.words, n.url) for n in notices_of(engine, document.id))
    )
    yield from _named("also at", map(_copy, _copies(archive, document)))
    yield from _named("alike", map(_copy, _alike(archive, document, shown)))
    yield from cited_fields(archive, document.id)
    yield from _named("cited by", map(_citing, cited_by(engine, document.id)))


def _files(archive: Archive, document: Document, shown: ContentSeen | None) -> list[Attached]:
    """The attachments of a document as it was last seen."""
    if shown is None:
        return []
    return attachments_of(archive.engine, sighting(archive.engine, document.id, shown.version.id))


def _copies(archive: Archive, document: Document) -> list[Elsewhere]:
    from catalog.elsewhere import copies_of  # noqa: PLC0415 -- numpy, which one capture needs not

    return copies_of(archive.engine, document.id)


def _alike(archive: Archive, document: Document, shown: ContentSeen | None) -> list[Elsewhere]:
    from catalog.elsewhere import near_duplicates  # noqa: PLC0415 -- as above

    return near_duplicates(archive.engine, document.id, shown.version.id) if shown else []


def version_fields(archive: Archive, version: Version) -> Iterator[Field]:
    """What a content is, what was read of it, and where it was seen."""
    yield "version", printed(version.id)
    yield "content", f"{version.length} bytes"
    yield "", f"sha256 {version.sha256.hex()}"
    yield "", f"blake3 {version.blake3.hex()}"
    text = text_of(archive.engine, version.id)
    if text is None:
        yield "text", "not read yet: `muniment index` reads it"
    else:
        yield from text_fields(text)
    scan = text_of(archive.engine, version.id, OCR)
    if scan is not None:
        yield (
            "read by machine",
            f"{scan.characters:,} characters, by {scan.tool}: no quotation is verified by it",
        )
    yield from stated_fields(archive, version.id)
    yield from _named("seen", _sightings(archive, version.id))
    yield from cited_fields(archive, version.id)


def cited_fields(archive: Archive, id_: str | None) -> Iterator[Field]:
    """How often a document or version has been cited from here."""
    found = cited(archive.engine, id_) if id_ else None
    if found and found.last:
        yield "cited", f"{number(found.times, 'time')}, last on {moment(found.last)}"


def _citing(citing: tuple[Publication, Citation]) -> str:
    """A work that cites a document, where in it, and the verdict of its last check."""
    publication, citation = citing
    return f"{publication.name}, {citation.key}: {citation.verdict}"


def text_fields(text: Text) -> Iterator[Field]:
    """What was read of a content, by which tool, and what its kind is."""
    agreed = "" if text.agrees else f", though declared {text.declared_type}"
    yield "kind", f"{text.real_type}{agreed}"
    if text.outcome != "content":
        yield "is", f"{text.outcome}: {text.outcome_reason}"
    if text.encoding:
        declared = f", declared {text.encoding_declared}" if text.encoding_declared else ""
        replaced = f", {text.replaced} characters unreadable" if text.replaced else ""
        yield "encoding", f"{text.encoding} by the rule {text.encoding_rule}{declared}{replaced}"
    if text.code:
        yield "text" if not text.characters else "text cut", f"{text.code}: {text.detail}"
    if text.characters:
        yield "text", f"{text.characters:,} characters, by {text.tool}, recipe {text.recipe}"
        yield "", f"sha256 {text.text_sha256.hex()}"


def posting_fields(archive: Archive, version_id: str) -> Iterator[Field]:
    """The chosen values of what a content says it is."""
    posting = posting_of(archive.engine, version_id)
    for column, name in POSTING.items() if posting else ():
        value = getattr(posting, column)
        if value:
            yield name, value


def stated_fields(archive: Archive, version_id: str) -> Iterator[Field]:
    """Every value that a content states, the chosen one first, each with its place and the reason."""
    stated = table_of(Stated)
    query = select(stated).where(stated.c.version_id == version_id)
    with archive.engine.connect() as connection:
        found = list(
            values(Stated, connection.execute(query.order_by(stated.c.field, stated.c.rank)))
        )
    for column, name in POSTING.items():
        of_column = [value for value in found if value.field == column]
        yield from _named(name, (f"{v.value}  ({v.place}: {v.why})" for v in of_column))


def document_json(archive: Archive, document: Document) -> dict[str, Any]:
    """A document with the keys of the reference."""
    engine = archive.engine
    versions = versions_of(engine, document.id)
    shown = by_last_seen(versions)[-1].latest if versions else None
    return {
        "id": printed(document.id),
        "urls": urls_of(engine, document.id),
        **posting_json(posting_of(engine, shown.version.id) if shown else None),
        "versions": [_version_json(version) for version in versions],
        "shown": printed(shown.version.id) if shown else None,
        "in_its_place": [
            {
                "version": printed(seen.version.id) if seen.version else None,
                "outcome": seen.outcome,
                "reason": seen.why,
                "first": seen.first,
                "last": seen.last,
                "sightings": seen.sightings,
            }
            for seen in in_its_place(engine, document.id)
        ],
        "attachments": [
            {
                "url": file.url,
                "words": file.words,
                "document": printed(file.document_id),
                "version": printed(file.version_id) if file.version_id else None,
            }
            for file in _files(archive, document, shown)
        ],
        "attached_to": [
            {"url": notice.url, "words": notice.words, "version": printed(notice.version_id)}
            for notice in notices_of(engine, document.id)
        ],
        "copies": [_copy_json(copy) for copy in _copies(archive, document)],
        "alike": [_copy_json(copy) for copy in _alike(archive, document, shown)],
    }


def version_json(archive: Archive, version: Version) -> dict[str, Any]:
    """A version with the keys of the reference."""
    text = text_of(archive.engine, version.id)
    told = dict(text._asdict()) if text is not None else {}  # type: ignore[attr-defined]
    return {
        "id": printed(version.id),
        "sha256": version.sha256,
        "blake3": version.blake3,
        "length": version.length,
        **posting_json(posting_of(archive.engine, version.id)),
        "text": {
            name: value.hex() if isinstance(value, bytes) else value
            for name, value in told.items()
            if name not in {"body", "passages", "version_id", "kind"}
        }
        or None,
        "sightings": [
            {"id": printed(seen.id), "url": seen.url, "time": seen.time}
            for seen in _seen(archive, version.id)
        ],
    }


def posting_json(posting: Posting | None) -> dict[str, Any]:
    return {column: getattr(posting, column) if posting else None for column in POSTING}


def _version_json(version: VersionOfDocument) -> dict[str, Any]:
    return {
        "id": printed(version.id),
        "first": version.first,
        "last": version.last,
        "sightings": version.sightings,
        "contents": [seen.version.sha256 for seen in version.contents],
    }


def _copy_json(copy: Elsewhere) -> dict[str, Any]:
    return {
        "url": copy.document.url,
        "version": printed(copy.version_id),
        "how": copy.how,
        "similarity": round(copy.similarity, 3),
        "first": copy.first,
        "last": copy.last,
    }


def _named(name: str, lines: Iterable[str]) -> Iterator[Field]:
    listed = list(lines)
    for line in listed[:SHOWN]:
        yield name, line
        name = ""
    if len(listed) > SHOWN:
        yield "", f"and {len(listed) - SHOWN} more: see --json"


def version_line(version: VersionOfDocument) -> str:
    told = moment(version.first)
    if version.sightings > 1:
        told += f" to {moment(version.last)}, {number(version.sightings, 'sighting')}"
    last = version.latest.version
    others = len(version.contents) - 1
    same = f", {number(others, 'other content')} with the same text" if others else ""
    return f"{printed(version.id)}  {told}: {size(last.length)}, sha256 {last.sha256.hex()[:16]}…{same}"


def _in_place(seen: InPlace) -> str:
    told = moment(seen.first)
    if seen.sightings > 1:
        told += f" to {moment(seen.last)}, {number(seen.sightings, 'time')}"
    return f"{told}: {seen.outcome}{f' ({seen.why})' if seen.why else ''}"


def _attached(file: Attached) -> str:
    return _linked(file.words, file.url, held=file.seen is not None)


def _linked(words: str, url: str, *, held: bool = True) -> str:
    named = f"“{words}” {url}" if words else url
    return named if held else f"{named} (not held)"


def _copy(copy: Elsewhere) -> str:
    share = f", {copy.similarity:.0%} of it" if copy.how == "alike" else ""
    return f"{copy.document.url}: {copy.how}{share}, {moment(copy.first)} to {moment(copy.last)}"


def _sightings(archive: Archive, version_id: str) -> Iterator[str]:
    for seen in _seen(archive, version_id):
        yield f"{printed(seen.id)}  {moment(seen.time)}  {seen.url}"


def _seen(archive: Archive, version_id: str) -> list[Capture]:
    capture = table_of(Capture)
    query = (
        select(capture)
        .where(capture.c.version_id == version_id)
        .order_by(capture.c.time, capture.c.id)
    )
    with archive.engine.connect() as connection:
        return list(values(Capture, connection.execute(query)))
