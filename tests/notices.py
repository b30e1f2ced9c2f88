"""Notices of a ministry as tests of documents post them, and archives that hold them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from archive.group import Group
from archive.ident import printed
from archive.layout import ArchiveRoot
from catalog.indexing import index
from catalog.ingest import ingest, sealed
from catalog.keys import document_id
from tests.captures import answer, store
from tests.muniment import muniment

PAGE = "https://www.example.gov/notice.html"
DAY = timedelta(days=1)
CLAUSE = "根据商务部2021年援外培训计划，现定于2021年6月1日至21日举办跨境电子商务研修班，名额{}人，请各单位组织推荐符合条件的人员参加。"
CHALLENGE = answer(b"<html><script>document.cookie='__jsl_clearance_s=1|0|x';</script></html>")
"""What a shield against crawlers sends in a page's place, with status 200."""


def notice(places: int = 25, reads: int = 1, links: str = "") -> bytes:
    """A page's answer; `reads` is its click counter."""
    text = CLAUSE.format(places)
    page = f"<html><title>通知</title><p>{text}</p><p>浏览次数：{reads}次</p>{links}</html>"
    return answer(page.encode(), "text/html; charset=utf-8")


def held(engine: Engine, folder: Path, *groups: Group) -> ArchiveRoot:
    """An archive of these captures in `folder`, ingested and indexed."""
    path = folder / "archive"
    root = ArchiveRoot.open(path) if path.exists() else ArchiveRoot.create(path)
    store(path, *groups)
    ingest(engine, sealed(root), root)
    index(engine, root)
    return root


def new_archive(folder: Path) -> Path:
    muniment("init", folder / "a", "--operator", "Ada")
    return folder / "a"


def shown(root: Path, url: str) -> dict[str, Any]:
    """What `show` says of the document at a URL."""
    told = muniment("show", printed(document_id(url)), "--json", archive=root)
    assert told.code == 0, told.err
    [row] = told.rows
    return row
