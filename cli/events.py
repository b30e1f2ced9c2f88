"""Events: what was done or decided, written as a record before the catalog hears of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from archive.group import Group
from archive.ident import ident, new_record_id
from archive.statement import Event
from archive.store import WarcWriter
from archive.warc import resource
from cli.clock import software
from cli.context import Archive


class Attachment(NamedTuple):
    """Bytes that an event speaks of, kept beside it."""

    uri: str
    data: bytes
    media_type: str


def record_event(
    archive: Archive,
    kind: str,
    operator: str,
    *,
    outcome: str | None = None,
    detail: Mapping[str, Any] | None = None,
    objects: Iterable[str] = (),
    attachments: Iterable[Attachment] = (),
) -> str:
    """Keep an event durably in a sealed `events-….warc.gz`, and ingest it; returns its id."""
    event = Event(
        type=kind,
        time=archive.clock(),
        operator=operator,
        software=software(),
        outcome=outcome,
        detail=dict(detail or {}),
        objects=tuple(objects),
    )
    records = tuple(
        resource(part.uri, event.time, part.data, part.media_type) for part in attachments
    )
    group = Group(event, records, new_record_id())
    info = {"software": event.software, "operator": operator}
    with WarcWriter(archive.root.warc, "events", info, archive.clock) as writer:
        writer.append(group)
    archive.ingest(writer.sealed)
    return ident(group.id)
