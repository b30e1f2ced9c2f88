"""Delete the catalog, make it again: the same rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine

from archive.group import Group
from archive.layout import ArchiveRoot
from archive.statement import Event
from catalog.indexing import index
from catalog.ingest import ingest, rebuild, sealed
from tests.catalogs import dump, fresh_postgres, fresh_sqlite
from tests.groups import NOW
from tests.sealed import crawl_groups, not_modified, page, store

NOTICE = (
    "<html><title>关于研修班的通知</title><p>根据商务部2021年援外培训计划，现定于2021年6月1日举办研修班，"
    "名额25人，请各单位组织推荐。</p><a href='附件1.doc'>附件1</a></html>"
).encode()


def full_archive(folder: Path) -> ArchiveRoot:
    """An archive with something of each kind."""
    root = ArchiveRoot.create(folder)
    plan, stopped, finished = crawl_groups()
    first = page(at=1, via="http://ministry.example/", link_text="通知\x00", cause="link")
    failed = page("http://ministry.example/gone", at=2, outcome="not-found", status=404)
    check = Event(
        type="fixity check", time=NOW, operator="王芳", software="muniment 0.1", objects=("a", "b")
    )
    store(root, plan, first, failed, stopped, prefix="mofcom")
    store(root, not_modified(first, at=50), page(body=NOTICE, at=60), finished, prefix="again")
    listed = replace(
        check,
        type="collection",
        detail={
            "collection": "files",
            "action": "create",
            "members": [{"id": "a", "kind": "document", "document": "a"}],
        },
    )
    quoted = replace(check, type="quote check", outcome="not found", detail={"quote": "名额25人"})
    citation = {
        "file": "a.bib",
        "entry": {"key": "a", "place": "line 1"},
        "verdict": "unreadable",
        "reason": "no address",
        "quotes": ["0123456789abcdef"],
    }
    checked = {
        "publication": "report",
        "days": 7,
        "files": [],
        "counts": {"unreadable": 1},
        "citations": [citation],
    }
    cited = replace(check, type="bibliography check", detail=checked)
    events = (check, replace(check, type="import"), listed, quoted, cited)
    store(root, *map(Group, events), prefix="events")
    return root


def test_a_rebuild_makes_the_same_rows(engine: Engine, tmp_path: Path) -> None:
    root = full_archive(tmp_path / "archive")
    for path in reversed(sealed(root)):
        index(engine, root, ingest(engine, [path], root).files)
    before = dump(engine)
    empty = {name for name, rows in before.items() if not rows}
    assert empty <= {"attachment"}
    report = rebuild(engine, root)
    assert (len(report.files), report.known, report.damaged) == (3, 0, [])
    index(engine, root)
    assert dump(engine) == before


def test_both_databases_hold_the_same_rows(tmp_path: Path, postgres_server: str) -> None:
    root = full_archive(tmp_path / "archive")
    with fresh_sqlite(tmp_path) as here, fresh_postgres(postgres_server) as there:
        for engine in (here, there):
            rebuild(engine, root)
            index(engine, root)
        assert dump(here) == dump(there)


def test_a_rebuild_after_the_file_was_deleted_makes_the_same_rows(tmp_path: Path) -> None:
    root = full_archive(tmp_path / "archive")
    with fresh_sqlite(tmp_path) as engine:
        ingest(engine, sealed(root), root)
        before = dump(engine)
    for path in tmp_path.glob("catalog.sqlite*"):
        path.unlink()
    with fresh_sqlite(tmp_path) as engine:
        rebuild(engine, root)
        assert dump(engine) == before
