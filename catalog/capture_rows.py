"""The rows of one capture, as tuples in the order of the tables' columns."""

from __future__ import annotations

from typing import Any

from archive.digest import Absent, Digests, Layer
from archive.statement import Capture, Layers
from archive.stored import StoredGroup, StoredRecord
from catalog.keys import document_id, url_key, version_id

ANSWER = "answer"
"""Role of the record that holds what came back, or was handed over."""
LAYERS = ("block", "body", "payload", "content")
_ANSWERS = frozenset({"response", "revisit", "resource"})
_RESOURCES = {"dns:": "dns", "urn:muniment:tls-chain:": "tls-chain"}

Row = tuple[Any, ...]
Seen = tuple[Row, Row]
"""Rows of a document and of the version that was seen there."""


def role(record: StoredRecord, group: StoredGroup) -> str:
    """What a record is in its capture's group: the statement is the first one, the answer the last.

    An imported group holds records of others too, of any type.
    """
    if record is group.metadata:
        return "statement"
    if record.type == "resource":
        for start, name in _RESOURCES.items():
            if (record.uri or "").startswith(start):
                return name
    if record is group.records[-1] and record.type in _ANSWERS:
        return ANSWER
    return "request" if record.type == "request" else "attachment"


def seen(capture: Capture) -> Seen | None:
    """What the capture shows, where it holds content."""
    content = capture.digests.content if capture.digests else None
    if capture.outcome != "content" or not isinstance(content, Digests):
        return None
    return (
        (document_id(capture.url), capture.url),
        (version_id(content.sha256), content.sha256, content.blake3, content.length),
    )


def capture_row(group: StoredGroup, capture: Capture, found: Seen | None) -> Row:
    block, body, payload, content = layers = _layers(capture.digests)
    last = group.records[-1]
    revisit = capture.revisit
    return (
        group.id,
        capture.crawl,
        capture.import_,
        found[0][0] if found else None,
        found[1][0] if found else None,
        capture.url,
        url_key(capture.url),
        capture.time,
        capture.method,
        capture.outcome,
        capture.code,
        capture.status,
        capture.fidelity,
        capture.media_type,
        capture.filename,
        capture.cause,
        capture.via,
        capture.link_text,
        capture.depth,
        capture.attempt,
        capture.truncated,
        " ".join(capture.flags),
        *_digests(block),
        *_digests(body),
        *_digests(payload),
        *_digests(content),
        _absences(layers),
        capture.etag,
        capture.last_modified,
        capture.location,
        capture.ip,
        " ".join(capture.tls.verdict) if capture.tls else None,
        last.id if role(last, group) == ANSWER else None,
        revisit.record if revisit else None,
        revisit.url if revisit else None,
        revisit.time if revisit else None,
        group.file,
        group.offset,
        group.length,
    )


def _layers(layers: Layers | None) -> tuple[Layer | None, ...]:
    if layers is None:
        return (None, None, None, None)
    return (layers.block, layers.body, layers.payload, layers.content)


def _digests(layer: Layer | None) -> tuple[int | None, bytes | None, bytes | None]:
    if isinstance(layer, Digests):
        return (layer.length, layer.sha256, layer.blake3)
    return (None, None, None)


def _absences(layers: tuple[Layer | None, ...]) -> str:
    named = zip(LAYERS, layers, strict=True)
    return " ".join(f"{name}={layer.reason}" for name, layer in named if isinstance(layer, Absent))
