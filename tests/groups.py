"""Groups to store, as a crawl would make them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from archive.digest import Digests
from archive.group import Group
from archive.statement import Capture, Layers
from archive.warc import Block, chunks, request, resource, response

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
INFO = {"software": "muniment test", "operator": "门卫", "isPartOf": "test"}


def ticking(
    start: datetime = NOW, by: timedelta = timedelta(milliseconds=1)
) -> Callable[[], datetime]:
    """A clock that goes on by the same time at each look."""
    now = start - by

    def clock() -> datetime:
        nonlocal now
        now += by
        return now

    return clock


def capture(
    number: int, body: Block = b"<p>\xe6\xad\xa3\xe6\x96\x87</p>", time: datetime = NOW
) -> Group:
    """One page: a request and its response, whose block is `body` behind a head if it is bytes."""
    url = f"http://ministry.example/page/{number}"
    block = b"HTTP/1.1 200 OK\r\n\r\n" + body if isinstance(body, bytes) else body
    answer = response(url, time, block, ip="127.0.0.1", protocols=("http/1.1",))
    sent = f"GET /page/{number} HTTP/1.1\r\nHost: ministry.example\r\n\r\n".encode()
    asked = request(url, time, sent, ip="127.0.0.1", concurrent_to=(answer.id,))
    statement = Capture(
        url=url,
        time=time,
        outcome="content",
        status=200,
        digests=Layers(block=Digests.of_all(chunks(block))),
        timings={"dns": 500, "end": 12250},
        link_text="附件",
    )
    return Group(statement, (asked, answer))


def file_group(number: int, data: bytes) -> Group:
    """A group of one resource record."""
    url = f"http://ministry.example/file/{number}"
    statement = Capture(url=url, time=NOW, outcome="content", fidelity="asserted")
    return Group(statement, (resource(url, NOW, data, "application/octet-stream"),))
