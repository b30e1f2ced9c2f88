"""`muniment show`: one capture in full."""

from __future__ import annotations

from collections.abc import Iterator

import click

from archive.answer import Answer
from archive.digest import Digests, Layer
from archive.ident import printed
from archive.statement import Capture
from catalog.documents import versions_of
from catalog.keys import document_id
from catalog.resolve import CAPTURE, DOCUMENT, VERSION, Named
from cli import telling
from cli.context import Archive, with_archive
from cli.find import capture_json, find_capture, is_url, open_answer
from cli.naming import named_thing
from cli.output import json_option, moment, size, write_fields, write_json
from cli.proofs import Proofs, proofs_of
from cli.show_document import (
    cited_fields,
    document_fields,
    document_json,
    version_fields,
    version_json,
    version_line,
)

Field = tuple[str, str]


@click.command("show")
@click.argument("name", metavar="ID|URL|FILE|DIGEST")
@json_option
@with_archive
def command(archive: Archive, name: str, as_json: bool) -> None:
    """Show one capture: what came, when, from where, why, and what its digests are.

    ID may be the beginning of an id; of a document, its versions, attachments and copies are shown,
    of a version what was read of it. For a URL it is the latest capture, for a FILE or its digest
    the version with these bytes.

    \b
    Example:
      muniment show 9q2v
    """
    if not is_url(name) and _shown(archive, named_thing(archive, name), as_json=as_json):
        return
    found = find_capture(archive, name)
    answer = open_answer(archive, found)
    if as_json:
        write_json({**capture_json(archive, found), "statement": answer.group.raw})
        return
    proofs = proofs_of(archive, found)
    write_fields(
        [
            *_what(answer, proofs),
            *_where(answer),
            *_bytes(answer),
            *_versions(archive, answer),
            *cited_fields(archive, found.version_id),
        ]
    )


def _shown(archive: Archive, named: Named, *, as_json: bool) -> bool:
    """Show a document or version; whether it was one."""
    if named.kind == DOCUMENT:
        if as_json:
            write_json(document_json(archive, named.row))
        else:
            write_fields(document_fields(archive, named.row))
    elif named.kind == VERSION:
        if as_json:
            write_json(version_json(archive, named.row))
        else:
            write_fields(version_fields(archive, named.row))
    return named.kind != CAPTURE


def _what(answer: Answer, proofs: Proofs) -> Iterator[Field]:
    capture = answer.capture
    yield "capture", printed(answer.group.id)
    yield "url", capture.url
    asserted = telling.origin(capture.asserted)
    if asserted:
        yield "origin", asserted
        yield "time", f"{moment(capture.time)}, as asserted"
    yield "time" if not asserted else "", proofs.recorded
    for check in filter(None, (proofs.logged, proofs.calendars)):
        told = check.verdict.value
        yield check.layer, f"{told} ({check.reason})" if check.reason else told
    yield "outcome", telling.outcome(capture)
    if capture.status is not None:
        yield "status", f"{capture.status} {capture.reason or ''}".strip()
    for name, value in (
        ("type", capture.media_type),
        ("file name", capture.filename),
        ("leads to", capture.location),
        ("truncated", capture.truncated),
        ("flags", " ".join(capture.flags)),
        ("redacted", " ".join(capture.redacted)),
    ):
        if value:
            yield name, value


def _where(answer: Answer) -> Iterator[Field]:
    capture = answer.capture
    if capture.asserted is None:
        yield "from", telling.far_side(capture)
        if capture.url.startswith("https:"):
            yield "TLS", telling.tls(capture.tls)
        yield "because", telling.cause(capture)
        if capture.attempt > 1:
            yield "attempt", str(capture.attempt)
    if capture.crawl:
        yield "crawl", printed(capture.crawl)
    if capture.import_:
        yield "import", printed(capture.import_)


def _bytes(answer: Answer) -> Iterator[Field]:
    capture = answer.capture
    seen: dict[Digests, str] = {}
    for name, layer in _layers(capture):
        if isinstance(layer, Digests) and layer in seen:
            yield name, f"the same bytes as the {seen[layer]}"
            continue
        if isinstance(layer, Digests):
            seen[layer] = name
        for line in telling.digests(layer):
            yield name, line
            name = ""  # noqa: PLW2901 -- the name stands on the first line alone
    if capture.revisit:
        yield "bytes in", f"the capture of {moment(capture.revisit.time)}: the answer was the same"
    yield "stored in", f"{answer.path.name} at byte {answer.group.offset}"
    for record in answer.group.records:
        yield "", f"{record.type} {record.id}, {size(record.length)} at byte {record.offset}"


def _layers(capture: Capture) -> list[tuple[str, Layer | None]]:
    told = capture.digests
    if told is None:
        return []
    return [("content", told.content), ("payload", told.payload), ("block", told.block)]


def _versions(archive: Archive, answer: Answer) -> Iterator[Field]:
    """Which document this is a capture of, and which versions of it were seen, the latest first."""
    content = answer.capture.digests.content if answer.capture.digests else None
    document = document_id(answer.capture.url)
    versions = versions_of(archive.engine, document)
    if versions:
        yield "document", printed(document)
    name = "versions"
    for version in reversed(versions):
        here = isinstance(content, Digests) and any(
            seen.version.sha256 == content.sha256 for seen in version.contents
        )
        yield name, f"{version_line(version)}{', this one' if here else ''}"
        name = ""
