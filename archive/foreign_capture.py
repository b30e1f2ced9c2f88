"""The statement of a capture that others made: what its record and their digests say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urljoin

import orjson

from archive.asserting import ImportOrder
from archive.claims import is_http
from archive.digest import Layer
from archive.foreign import ForeignRecord, instant
from archive.http1 import Head, header
from archive.ident import ident
from archive.judge import RecordVerdict
from archive.layers import Message
from archive.statement import Capture, Layers, RefersTo
from archive.verdict import Verdict
from archive.warc import chunks

METHOD = re.compile(rb"([A-Z]{3,10}) ")


def capture_of(
    record: ForeignRecord,
    judged: RecordVerdict,
    others: Iterable[ForeignRecord],
    file: str,
    order: ImportOrder,
) -> Capture:
    """What a foreign answer is: its own date and digests as asserted, its layers as recomputed."""
    message = Message(
        lambda: iter(chunks(record.block)), _method(others) if is_http(record) else ""
    )
    head = _head(record)
    status = head.status if head else _har_status(record)
    refers = _refers(record)
    truncated = record.get("WARC-Truncated") or _cut(record, message)
    outcome, code = ("content", None)
    if is_http(record) or status is not None:
        outcome, code = order.classify(status, truncated=truncated, conditional=refers is not None)
    stated = instant(record.date) or order.obtained_on
    return Capture(
        url=record.uri or f"urn:muniment:foreign-record:{ident(record.file, str(record.offset))}",
        time=stated or order.clock(),
        outcome=outcome,
        fidelity="asserted",
        import_=order.event,
        method=message.method or "GET",
        cause="import",
        code=code,
        status=status,
        truncated=truncated,
        flags=() if stated else ("date-unknown",),
        revisit=refers,
        ip=record.get("WARC-IP-Address") or record.get("IP-Address"),
        digests=_layers(record, message),
        asserted=order.asserted(file, **_said(record, judged)),
        **_facts(record, head),
    )


def begins_http(record: ForeignRecord) -> bool:
    return next(iter(chunks(record.block)), b"").startswith(b"HTTP/")


def _method(others: Iterable[ForeignRecord]) -> str:
    for other in others:
        if other.type == "request" and isinstance(other.block, bytes):
            found = METHOD.match(other.block)
            if found:
                return found[1].decode()
    return "GET"


def _head(record: ForeignRecord) -> Head | None:
    if not begins_http(record) or record.type not in {"response", "revisit"}:
        return None
    return Message(lambda: iter(chunks(record.block)), "HEAD").reader.head


def _har_status(record: ForeignRecord) -> int | None:
    if not record.format.startswith("HAR"):
        return None
    status = orjson.loads(record.head)["response"].get("status")
    return status if isinstance(status, int) and 100 <= status < 1000 else None


def _cut(record: ForeignRecord, message: Message) -> str | None:
    short = any(fault.layer == "content-length" for fault in record.faults)
    return "length" if short or (message.method and not message.reader.complete) else None


def _layers(record: ForeignRecord, message: Message) -> Layers | None:
    """What the block itself shows: a revisit's is a head, a HAR's content is decoded already."""
    if record.type == "entry":
        return None
    found = message.layers()
    if record.type == "revisit":
        return Layers(block=found.block)
    if record.format.startswith("HAR"):
        content: Layer = found.block
        return Layers(block=found.block, content=content)
    return found


def _refers(record: ForeignRecord) -> RefersTo | None:
    """Whom a revisit stands for, where it says so in full (WARC 1.1, 6.7)."""
    date = instant(record.get("WARC-Refers-To-Date") or "")
    if record.type != "revisit" or date is None:
        return None
    return RefersTo(
        record=(record.get("WARC-Refers-To") or "").strip("<> "),
        url=(record.get("WARC-Refers-To-Target-URI") or record.uri).strip("<> "),
        time=date,
    )


def _facts(record: ForeignRecord, head: Head | None) -> dict[str, Any]:
    if head is None:
        return {"media_type": record.get("Content-Type")}
    found = {
        name: _latin(header(head.fields, field))
        for name, field in (
            ("media_type", b"content-type"),
            ("etag", b"etag"),
            ("last_modified", b"last-modified"),
            ("location", b"location"),
        )
    }
    if found["location"]:
        found["location"] = _joined(record.uri, found["location"])
    return {**found, "reason": _latin(head.reason) or None}


def _latin(value: bytes | None) -> str | None:
    return value.decode("latin-1") if value is not None else None


def _joined(base: str, target: str) -> str:
    try:
        return urljoin(base, target)
    except ValueError:
        return target


def _said(record: ForeignRecord, judged: RecordVerdict) -> dict[str, Any]:
    """What the record asserts of itself, and which of it did not hold."""
    claimed = record.claimed()
    digests = {
        check.layer: {"claimed": claimed[check.layer], "verdict": str(check.verdict)}
        | ({"remark": check.reason} if check.reason else {})
        for check in judged.checks
        if check.layer in claimed
    }
    failed = {c.layer: c.reason for c in judged.checks if c.verdict is Verdict.FAILED}
    return {
        "record": record.id,
        "version": record.format,
        "type": record.type,
        "offset": record.offset,
        "date": record.date,
        "digests": digests,
        "verdict": str(judged.verdict),
        "failed": failed,
    }
