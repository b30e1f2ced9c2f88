"""Sealed files with what a catalog test needs in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from archive.digest import Digests
from archive.group import Group
from archive.ident import ident
from archive.layout import ArchiveRoot
from archive.statement import Capture, Crawl, CrawlClose, Layers, RefersTo
from archive.store import WarcWriter
from archive.warc import NOT_MODIFIED, request, resource, response, revisit
from tests.groups import INFO, NOW, ticking

URL = "http://ministry.example/附件.doc"
SECOND = timedelta(seconds=1)


def page(url: str = URL, body: bytes = b"<p>", at: int = 0, **told: Any) -> Group:
    """A page captured `at` seconds after NOW."""
    time = NOW + at * SECOND
    block = b"HTTP/1.1 200 OK\r\nETag: x\r\n\r\n" + body
    layer = Digests.of(body)
    layers = Layers(block=Digests.of(block), body=layer, payload=layer, content=layer)
    statement = Capture(url=url, time=time, outcome="content", status=200, digests=layers)
    answer = response(url, time, block, ip="127.0.0.1")
    asked = request(url, time, b"GET / HTTP/1.1\r\n\r\n", concurrent_to=(answer.id,))
    return Group(replace(statement, **told), (asked, answer))


def not_modified(of: Group, at: int) -> Group:
    assert isinstance(of.statement, Capture)
    time, url = NOW + at * SECOND, of.statement.url
    refers_to = RefersTo(record=of.records[-1].id, url=url, time=of.statement.time)
    head = b"HTTP/1.1 304 Not Modified\r\n\r\n"
    statement = Capture(
        url=url,
        time=time,
        outcome="not-modified",
        status=304,
        digests=Layers(block=Digests.of(head), body=Digests.of(b"")),
        revisit=refers_to,
    )
    return Group(statement, (revisit(url, time, head, NOT_MODIFIED, refers_to),))


def store(root: ArchiveRoot, *groups: Group, prefix: str = "test") -> Path:
    with WarcWriter(root.warc, prefix, INFO, ticking()) as writer:
        for group in groups:
            writer.append(group)
    return writer.sealed[0]


def crawl_groups() -> tuple[Group, Group, Group]:
    """A crawl's plan and two closings of it, for it was stopped and resumed."""
    settings = {"agency": {"name": "商务部", "parent": None}, "robots": "obey"}
    plan = Group(
        Crawl(
            source="mofcom",
            time=NOW,
            operator="王芳",
            software="muniment 0.1",
            configuration="sha256:00",
            settings=settings,
        ),
        (resource("urn:muniment:source:mofcom", NOW, b"name = 'mofcom'\n", "text/toml"),),
    )
    stopped = CrawlClose(
        crawl=ident(plan.id),
        time=NOW + 9 * SECOND,
        end="stopped",
        counts={"content": 1},
        not_requested={"robots": 2},
        queued=7,
        complete=False,
        shortfall=("the list promised 8, held are 1",),
    )
    finished = replace(stopped, time=NOW + 99 * SECOND, end="finished", queued=0, complete=True)
    return plan, Group(stopped), Group(finished)
