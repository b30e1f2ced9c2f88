"""Keeping a check of a publication: an event, with the files as given and the report beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from archive.errors import DamagedError
from archive.reader import groups, read_record
from archive.warc import chunks
from catalog.bibliography.report import Report, as_json
from catalog.bibliography.verdict import Judged
from catalog.custody import events_about
from catalog.documents import text_of
from catalog.holdings import Capture
from catalog.publications import CHECK, Publication, publication_id
from catalog.queries import capture_by_id
from cli.context import Archive
from cli.events import Attachment, Happening, record_events
from cli.quote_checks import Answer

URI = "urn:muniment:publication:"
FILE_TYPE = "application/octet-stream"


def keep(
    archive: Archive,
    operator: str,
    report: Report,
    *,
    about: dict[str, str | None],
    files: Sequence[Path] = (),
) -> None:
    """Keep a check: first those of its quotations, then what became of the entries.

    `about` is what is told of the work: `title author date`. A check that is repeated without the
    files has none beside it: they lie beside the one before.
    """
    assert report.publication is not None
    happenings = [
        (judged, each) for _, judged in report.judged for each in _quotes(archive, judged)
    ]
    ids = record_events(archive, operator, [each for _, each in happenings]) if happenings else []
    quotes: dict[int, list[str]] = {}
    for (judged, _), id_ in zip(happenings, ids, strict=True):
        quotes.setdefault(id(judged), []).append(id_)
    uri = URI + publication_id(report.publication)
    detail = {
        **{name: value for name, value in about.items() if value},
        **{name: value for name, value in report.head().items() if value is not None},
        "citations": [_told(file.name, judged, quotes) for file, judged in report.judged],
    }
    attachments = [Attachment(f"{uri}:report", as_json(report).encode(), "application/json")]
    attachments += (
        Attachment(f"{uri}:{checked.sha256}", path.read_bytes(), FILE_TYPE)
        for checked, path in zip(report.files, files, strict=bool(files))
    )
    outcome = report.outcome.value
    # It speaks of the work alone: the story of a document is no list of who cites it.
    objects = (publication_id(report.publication),)
    happening = Happening(CHECK, outcome, detail, objects, tuple(attachments))
    record_events(archive, operator, [happening])


def _told(file: str, judged: Judged, quotes: dict[int, list[str]]) -> dict[str, Any]:
    """One citation, as the tables are made of it (catalog.publications)."""
    cited = judged.facts.cited
    told = {
        "file": file,
        "entry": judged.entry.to_json(),
        "verdict": judged.verdict.value,
        "reason": judged.reason,
        "capture": cited.capture if cited else None,
        "version": cited.version if cited else None,
        "document": cited.document if cited else None,
        "quotes": quotes.get(id(judged)),
    }
    return {name: value for name, value in told.items() if value is not None}


def _quotes(archive: Archive, judged: Judged) -> Iterator[Happening]:
    """The checks of its quotations, each kept as `muniment quote` keeps one."""
    for quote in judged.facts.quotes:
        text = text_of(archive.engine, quote.version)
        if text is not None:
            yield Answer(
                quote.quote, quote.checked, text, _seen(archive, judged, quote.version)
            ).happening()


def _seen(archive: Archive, judged: Judged, version: str) -> Capture | None:
    held = next(
        (
            held
            for held in (judged.facts.cited, *judged.facts.held)
            if held and held.version == version
        ),
        None,
    )
    return capture_by_id(archive.engine, held.capture) if held else None


def kept_files(archive: Archive, publication: Publication) -> Iterator[tuple[str, bytes]]:
    """The files of the last check as they were given, read out of their records, each with its name.

    Raises `DamagedError` where one is missing or differs from its digest.
    """
    wanted: dict[str, list[str]] = {}
    for file in publication.files:
        wanted.setdefault(file["sha256"], []).append(file["name"])
    uri = URI + publication.id
    for event in reversed(list(events_about(archive.engine, publication.id, type=CHECK))):
        path = archive.root.warc / event.file
        for record in next(groups(path, event.offset)).records[1:]:
            sha256 = (record.uri or "").removeprefix(f"{uri}:")
            if sha256 not in wanted:
                continue
            data = b"".join(chunks(read_record(path, record.offset, record.length).block))
            if hashlib.sha256(data).hexdigest() == sha256:
                yield from ((name, data) for name in wanted.pop(sha256))
    if wanted:
        names = ", ".join(name for listed in wanted.values() for name in listed)
        raise DamagedError(
            f"of {publication.name} there is no record of {names}",
            advice="see `muniment doctor`",
        )
