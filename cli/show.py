"""`muniment show`: one capture in full."""

from __future__ import annotations

from collections.abc import Iterator

import click

from archive.answer import Answer
from archive.digest import Digests, Layer
from archive.ident import printed
from archive.statement import Capture
from catalog.citations.cited import cited
from catalog.holdings import Capture as CaptureRow
from catalog.keys import document_id
from catalog.overviews import versions_of
from cli import telling
from cli.context import Archive, with_archive
from cli.find import capture_json, find_capture, open_answer
from cli.output import json_option, moment, number, size, write_fields, write_json
from cli.proofs import Proofs, proofs_of

Field = tuple[str, str]


@click.command("show")
@click.argument("name", metavar="ID|URL")
@json_option
@with_archive
def command(archive: Archive, name: str, as_json: bool) -> None:
    """Show one capture: what came, when, from where, why, and what its digests are.

    ID may be the beginning of an id. For a URL it is the latest capture.

    \b
    Example:
      muniment show 9q2v
    """
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
            *_cited(archive, found),
        ]
    )


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
    """Which contents this document has shown, and when, the latest first."""
    content = answer.capture.digests.content if answer.capture.digests else None
    name = "versions"
    for seen in reversed(versions_of(archive.engine, document_id(answer.capture.url))):
        version = seen.version
        here = isinstance(content, Digests) and content.sha256 == version.sha256
        told = moment(seen.first)
        if seen.sightings > 1:
            told += f" to {moment(seen.last)}, {number(seen.sightings, 'sighting')}"
        bytes_ = f"{size(version.length)}, sha256 {version.sha256.hex()[:16]}…"
        yield name, f"{told}: {bytes_}{', this one' if here else ''}"
        name = ""


def _cited(archive: Archive, capture: CaptureRow) -> Iterator[Field]:
    """How often what was seen has been cited from here."""
    found = cited(archive.engine, capture.version_id) if capture.version_id else None
    if found and found.last:
        yield "cited", f"{number(found.times, 'time')}, last on {moment(found.last)}"
