"""The statement of a capture that others made: what its record and their digests say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urljoin

import orjson

from archive.asserting import ImportOrder
from archive.claims import is_http
from archive.digest import Absent, Digests
from archive.foreign import ForeignRecord, instant
from archive.http1 import Head, header
from archive.ident import ident
from archive.judge import RecordVerdict
from archive.measure import Measured, measure
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
    method = _method(others)
    answer = measure(record.block, method) if is_http(record) else None
    head = answer.head if answer else _revisit_head(record)
    status = head.status if head else _har_status(record)
    refers = _refers(record)
    truncated = record.get("WARC-Truncated") or _cut(record, answer)
    outcome, code = ("content", None)
    if answer or status is not None:
        outcome, code = order.classify(status, truncated=truncated, conditional=refers is not None)
    stated = instant(record.date) or order.obtained_on
    return Capture(
        url=record.uri or f"urn:muniment:foreign-record:{ident(record.file, str(record.offset))}",
        time=stated or order.clock(),
        outcome=outcome,
        fidelity="asserted",
        import_=order.event,
        operator=order.operator,
        software=order.software,
        method=method,
        cause="import",
        code=code,
        status=status,
        truncated=truncated,
        flags=() if stated else ("date-unknown",),
        revisit=refers,
        ip=record.get("WARC-IP-Address") or record.get("IP-Address"),
        digests=answer.layers if answer else _layers(record),
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


def _revisit_head(record: ForeignRecord) -> Head | None:
    if record.type != "revisit" or not begins_http(record):
        return None
    return measure(record.block, "HEAD").head


def _har_status(record: ForeignRecord) -> int | None:
    if not record.format.startswith("HAR"):
        return None
    status = orjson.loads(record.head)["response"].get("status")
    return status if isinstance(status, int) and 100 <= status < 1000 else None


def _cut(record: ForeignRecord, answer: Measured | None) -> str | None:
    short = any(fault.layer == "content-length" for fault in record.faults)
    return "length" if short or (answer and answer.layers.body == Absent("truncated")) else None


def _layers(record: ForeignRecord) -> Layers | None:
    """What a block without an HTTP head shows: a revisit holds none, a HAR content is decoded."""
    if record.type == "entry":
        return None
    block = Digests.of_all(chunks(record.block))
    if record.type == "revisit":
        return Layers(block=block)
    payload = None if record.format.startswith("HAR") else block
    return Layers(block=block, payload=payload, content=block)


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
