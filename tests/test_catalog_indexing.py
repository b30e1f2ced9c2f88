"""Every content that is held is read once, and read again it comes to the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from archive.layout import ArchiveRoot
from catalog import text_rows
from catalog.indexing import index
from catalog.ingest import ingest, rebuild, sealed
from catalog.texts import Posting, Stated, Text
from tests.catalogs import dump, rows
from tests.hostile_reader import install
from tests.sealed import page, store

HTML = "<html><title>通知</title><body><p>商务部关于研修班的通知</p><p>名额25人</p></body></html>"


def test_a_page_is_read_once(engine: Engine, tmp_path: Path) -> None:
    root = ArchiveRoot.create(tmp_path / "archive")
    url = "http://ministry.example/notice"
    store(root, page(url, body=HTML.encode(), at=1), page(url, body=HTML.encode(), at=2))
    ingest(engine, sealed(root), root)
    assert index(engine, root).texts == 1
    assert rows(engine, "SELECT body, real_type, agrees FROM text") == [
        ("商务部关于研修班的通知\n名额25人", "text/html", True)
    ]
    assert index(engine, root).texts == 0


@pytest.mark.parametrize("late", [False, True], ids=["after each file", "once for all"])
def test_a_content_is_read_as_its_first_capture_declares_it_whichever_comes_first(
    engine: Engine, tmp_path: Path, *, late: bool
) -> None:
    root = ArchiveRoot.create(tmp_path / "archive")
    store(root, page(body=HTML.encode(), at=5), prefix="b")
    store(root, page("http://elsewhere.example/", body=HTML.encode(), at=1), prefix="a")
    for path in reversed(sealed(root)):
        files = ingest(engine, [path], root).files
        index(engine, root, () if late else files)
    index(engine, root, None if late else ())
    before = dump(engine)
    rebuild(engine, root)
    index(engine, root)
    assert dump(engine) == before


def test_contents_that_end_their_process_cost_themselves_alone(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    monkeypatch.setenv("PYTHONPATH", install(tmp_path / "site"))
    root = ArchiveRoot.create(tmp_path / "archive")
    words = ["甲", "abort", "乙", "exit", "丙", "poison", "丁", "戊"]
    told = [
        page(f"http://ministry.example/{n}.txt", word.encode(), n) for n, word in enumerate(words)
    ]
    store(root, *told)
    ingest(engine, sealed(root), root)
    report = index(engine, root)
    assert (report.texts, report.reasons) == (6, {"crashed": 2})
    assert rows(engine, "SELECT count(*) FROM text WHERE code = 'crashed'") == [(2,)]
    before = dump(engine)
    rebuild(engine, root)
    index(engine, root)
    assert dump(engine) == before


def test_rows_made_in_another_process_are_the_same(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = ArchiveRoot.create(tmp_path / "archive")
    told = [
        page(f"http://ministry.example/{n}", HTML.replace("25", str(n)).encode(), at=n)
        for n in range(1, 6)
    ]
    store(root, *told)
    ingest(engine, sealed(root), root)
    here = index(engine, root)
    before = dump(engine)
    rebuild(engine, root)
    monkeypatch.setattr(text_rows, "MANY", 2)
    assert index(engine, root) == here
    assert dump(engine) == before


def test_a_content_whose_file_is_missing_is_told_of_by_either_process(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = ArchiveRoot.create(tmp_path / "archive")
    store(root, page(body=HTML.encode(), at=1), prefix="a")
    store(root, page("http://ministry.example/b", HTML.replace("25", "30").encode(), 2), prefix="b")
    ingest(engine, sealed(root), root)
    sealed(root)[0].unlink()
    for many in (400, 1):
        monkeypatch.setattr(text_rows, "MANY", many)
        (damaged,) = index(engine, root).damaged
        assert "the file is missing" in str(damaged)
    assert len(rows(engine, "SELECT body FROM text")) == 1


def test_tables_of_texts_are_cleared_by_a_rebuild(engine: Engine, tmp_path: Path) -> None:
    root = ArchiveRoot.create(tmp_path / "archive")
    store(root, page(body=HTML.encode()))
    ingest(engine, sealed(root), root)
    index(engine, root)
    rebuild(engine, root)
    for model in (Text, Posting, Stated):
        assert dump(engine)[str(model.__tablename__)] == []
