"""Captures made without a network: answers as a server would have sent them, stored as a crawl would."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive.digest import Digests
from archive.group import Group
from archive.http1 import header
from archive.measure import measure
from archive.statement import Capture, Layers
from archive.store import WarcWriter
from archive.warc import request, resource, response

TIME = datetime(2026, 11, 23, 8, 0, 0, 123456, UTC)


def answer(body: bytes, media_type: str = "text/html", status: str = "200 OK") -> bytes:
    """The bytes of a plain HTTP answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def wire_group(url: str, block: bytes, **fields: Any) -> Group:
    """A capture from the wire: statement, request, response."""
    measured = measure(block)
    assert measured.head is not None
    media = header(measured.head.fields, b"content-type")
    plain = Capture(
        url=url,
        time=TIME,
        outcome="content",
        status=measured.head.status,
        reason=measured.head.reason.decode("latin-1"),
        media_type=media.decode("latin-1") if media else None,
        digests=measured.layers,
    )
    capture = replace(plain, **fields)
    payload = measured.layers.payload
    sha256 = payload.sha256 if isinstance(payload, Digests) else None
    got = response(url, capture.time, block, payload=sha256)
    sent = request(url, capture.time, b"GET / HTTP/1.1\r\n\r\n", concurrent_to=[got.id])
    return Group(capture, (sent, got))


def failed_group(url: str, code: str, **fields: Any) -> Group:
    """An attempt that brought nothing."""
    capture = Capture(url=url, time=TIME, outcome="error", code=code, **fields)
    return Group(capture, (request(url, capture.time, b"GET / HTTP/1.1\r\n\r\n"),))


def asserted_group(url: str, data: bytes, import_id: str) -> Group:
    """A file received from somebody."""
    layer = Digests.of(data)
    capture = Capture(
        url=url,
        time=TIME,
        outcome="content",
        fidelity="asserted",
        cause="import",
        media_type="application/pdf",
        digests=Layers(block=layer, body=layer, payload=layer, content=layer),
        import_=import_id,
        asserted={"obtained_by": "A. Giver", "obtained_on": "2021-11-30"},
    )
    return Group(capture, (resource(url, TIME, data, "application/pdf"),))


def store(root: Path, *groups: Group, prefix: str = "test") -> Path:
    """Write groups into one sealed file of the archive at `root`."""
    with WarcWriter(root / "warc", prefix, {"software": "test"}, lambda: TIME) as writer:
        for group in groups:
            writer.append(group)
        sealed = writer.seal()
    assert sealed is not None
    return sealed
