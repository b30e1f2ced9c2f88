"""Events: what was done or decided, written as records before the catalog hears of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened, before it is known when it was written down, by whom and by which software."""

    type: str
    outcome: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    objects: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()


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
    """Keep one event durably, and ingest it; returns its id."""
    happening = Happening(kind, outcome, dict(detail or {}), tuple(objects), tuple(attachments))
    return record_events(archive, operator, [happening])[0]


def record_events(archive: Archive, operator: str, happenings: Iterable[Happening]) -> list[str]:
    """Keep events durably in one sealed `events-….warc.gz`, and ingest them; returns their ids."""
    info = {"software": software(), "operator": operator}
    ids = []
    with WarcWriter(archive.root.warc, "events", info, archive.clock) as writer:
        for happening in happenings:
            group = _group(archive, operator, happening)
            writer.append(group)
            ids.append(ident(group.id))
    archive.ingest(writer.sealed)
    archive.unlogged = True
    return ids


def _group(archive: Archive, operator: str, happening: Happening) -> Group:
    event = Event(
        type=happening.type,
        time=archive.clock(),
        operator=operator,
        software=software(),
        outcome=happening.outcome,
        detail=dict(happening.detail),
        objects=happening.objects,
    )
    records = tuple(
        resource(part.uri, event.time, part.data, part.media_type) for part in happening.attachments
    )
    return Group(event, records, new_record_id())
