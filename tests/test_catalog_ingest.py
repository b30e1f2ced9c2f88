"""Sealed files become rows: whole or not at all, the same in any order."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text
from sqlmodel import SQLModel

from archive.digest import Absent, Digests
from archive.errors import StoppedError, StorageError
from archive.group import Group
from archive.ident import ident
from archive.layout import ArchiveRoot
from archive.reader import groups
from archive.statement import Capture, Event, RefersTo, Tls
from catalog import reading
from catalog.database import writing
from catalog.indexes import leave_indexes_for_last
from catalog.ingest import ingest, not_ingested, rebuild, sealed
from catalog.keys import document_id, version_id
from tests.catalogs import dump, fresh_sqlite, rows
from tests.groups import NOW
from tests.sealed import SECOND, URL, crawl_groups, not_modified, page, store


@pytest.fixture
def root(tmp_path: Path) -> ArchiveRoot:
    return ArchiveRoot.create(tmp_path / "archive")


def test_a_capture_becomes_a_document_a_version_and_a_sighting(
    engine: Engine, root: ArchiveRoot
) -> None:
    group = page(via="http://ministry.example/", link_text="关于研修班的通知", cause="link")
    path = store(root, group)
    report = ingest(engine, [path], root)
    assert (report.files, report.groups, report.records) == ([path.name], 1, 4)
    version = version_id(Digests.of(b"<p>").sha256)
    found = dump(engine)
    assert found["document"] == [(document_id(URL), URL)]
    assert found["version"] == [(version, Digests.of(b"<p>").sha256, Digests.of(b"<p>").blake3, 3)]
    assert rows(engine, "SELECT document_id, capture_id, version_id FROM sighting") == [
        (document_id(URL), ident(group.id), version)
    ]
    assert rows(engine, "SELECT via, url, kind, text FROM link") == [
        ("http://ministry.example/", URL, "link", "关于研修班的通知")
    ]
    assert [row[2:4] for row in sorted(found["record"])] == [
        ("warcinfo", "warcinfo"),
        ("metadata", "statement"),
        ("request", "request"),
        ("response", "answer"),
    ]


def test_every_field_of_a_capture_comes_out_as_it_went_in(
    engine: Engine, root: ArchiveRoot
) -> None:
    told = page().statement
    assert isinstance(told, Capture)
    assert told.digests is not None
    full = replace(
        told,
        crawl="c" * 16,
        import_="d" * 16,
        attempt=3,
        cause="retry",
        via="http://via.example/",
        link_text="附件",
        depth=4,
        code="http-500",
        media_type="text/html",
        filename="通知.doc",
        location="http://ministry.example/to",
        etag='W/"x"',
        last_modified="Mon",
        digests=replace(told.digests, content=Absent("undecodable")),
        flags=("trailing-bytes", "undecodable"),
        truncated="length",
        ip="::1",
        tls=Tls(version="TLSv1.3", cipher="x", chain=("00",), verdict=("expired", "wrong-name")),
        revisit=RefersTo(record="urn:uuid:1", url="http://original.example/", time=NOW - SECOND),
    )
    group = Group(full, page().records)
    path = store(root, group)
    ingest(engine, [path], root)
    with engine.connect() as connection:
        row = connection.execute(SQLModel.metadata.tables["capture"].select()).one()
    same = [
        "url",
        "time",
        "outcome",
        "fidelity",
        "method",
        "attempt",
        "cause",
        "via",
        "link_text",
        "depth",
        "code",
        "status",
    ]
    same += ["media_type", "filename", "location", "etag", "last_modified", "truncated", "ip"]
    for name in same:
        assert getattr(row, name) == getattr(full, name), name
    assert (row.crawl_id, row.import_id, row.id) == (full.crawl, full.import_, ident(group.id))
    assert row.flags == "trailing-bytes undecodable"
    assert row.tls == "expired wrong-name"
    assert row.absent == "content=undecodable"
    assert (row.content_length, row.content_sha256, row.content_blake3) == (None, None, None)
    for name in ("block", "body", "payload"):
        layer = getattr(full.digests, name)
        assert getattr(row, f"{name}_length") == layer.length
        assert getattr(row, f"{name}_sha256") == layer.sha256
        assert getattr(row, f"{name}_blake3") == layer.blake3
    assert full.revisit is not None
    assert (row.revisit_of, row.revisit_url, row.revisit_time) == (
        full.revisit.record,
        full.revisit.url,
        full.revisit.time,
    )
    assert row.record_id == group.records[-1].id
    assert row.url_key == "example,ministry)/%e9%99%84%e4%bb%b6.doc"
    assert (row.file, row.offset + row.length) == (path.name, path.stat().st_size)
    assert (row.document_id, row.version_id) == (None, None)


def test_only_content_is_held(engine: Engine, root: ArchiveRoot) -> None:
    refused = page(outcome="not-found", status=404)
    failed = Group(Capture(url=URL, time=NOW, outcome="error", code="dns-nxdomain"))
    ingest(engine, [store(root, refused, failed)], root)
    found = dump(engine)
    assert len(found["capture"]) == 2
    assert found["document"] == found["version"] == rows(engine, "SELECT * FROM sighting") == []


def test_a_crawl_tells_its_plan_and_its_last_closing(engine: Engine, root: ArchiveRoot) -> None:
    plan, stopped, finished = crawl_groups()
    paths = [store(root, group, prefix=name) for group, name in ((finished, "a"), (plan, "b"), (stopped, "c"))]  # fmt: skip
    ingest(engine, paths, root)
    assert rows(engine, 'SELECT source, "end", complete, queued, counts FROM crawl') == [
        ("mofcom", "finished", True, 0, '{"content":1}')
    ]
    assert rows(engine, "SELECT kind, outcome FROM run") == [("crawl", "finished")]
    assert rows(engine, "SELECT name FROM agency") == [("商务部",)]
    assert rows(engine, "SELECT kind, name FROM agent ORDER BY kind") == [
        ("operator", "王芳"),
        ("software", "muniment 0.1"),
    ]


def test_an_event_tells_its_agents_and_objects(engine: Engine, root: ArchiveRoot) -> None:
    event = Event(
        type="fixity check",
        time=NOW,
        operator="王芳",
        software="muniment 0.1",
        outcome="passed",
        detail={"records": 4},
        objects=("a.warc.gz", "长" * 5000),
    )
    ingest(engine, [store(root, Group(event), prefix="events")], root)
    found = dump(engine)
    assert [row[1:3] for row in found["event"]] == [("fixity check", NOW)]
    assert [row[0] for row in found["event_object"]] == ["a.warc.gz", "长" * 400]


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_files_changes_no_row(engine: Engine, root: ArchiveRoot, seed: int) -> None:
    first = page(at=1)
    plan, stopped, finished = crawl_groups()
    again = not_modified(first, at=2)
    paths = [
        store(root, first, page(body=b"2", at=5), prefix="z"),
        store(root, again, prefix="b"),
        store(root, plan, page(at=3), prefix="c"),
        store(root, stopped, prefix="d"),
        store(root, finished, page("http://other.example/", at=3), prefix="e"),
    ]
    paths.append(Path(shutil.copy(paths[0], root.warc / "copy-of-z.warc.gz")))
    random.Random(seed).shuffle(paths)
    for path in paths:
        ingest(engine, [path], root)
    found = dump(engine)
    assert {
        row[-3] for row in found["capture"] if row[5] == URL and row[7] != NOW + 2 * SECOND
    } == {
        "copy-of-z.warc.gz",
        next(path.name for path in paths if path.name.startswith("c-")),
    }
    rebuild(engine, root)
    assert dump(engine) == found


def test_a_not_modified_answer_sees_the_version_again(engine: Engine, root: ArchiveRoot) -> None:
    first = page(at=1)
    path, later = store(root, first), store(root, not_modified(first, at=2), prefix="later")
    ingest(engine, [later], root)
    assert rows(engine, "SELECT version_id FROM capture") == [(None,)]
    ingest(engine, [path], root)
    assert len(rows(engine, "SELECT DISTINCT version_id FROM capture")) == 1
    assert len(rows(engine, "SELECT * FROM sighting")) == 2


def test_what_is_ingested_already_is_passed_over(engine: Engine, root: ArchiveRoot) -> None:
    path = store(root, page())
    assert not_ingested(engine, root) == [path]
    ingest(engine, [path], root)
    before = dump(engine)
    report = ingest(engine, sealed(root), root)
    assert (report.files, report.known) == ([], 1)
    assert dump(engine) == before
    assert not_ingested(engine, root) == []


def test_damage_costs_its_own_group_alone_and_is_told_until_it_is_repaired(
    engine: Engine, root: ArchiveRoot
) -> None:
    damaged = store(root, *(page(at=number) for number in range(20)), prefix="a")
    whole = store(root, page("http://other.example/"), prefix="b")
    lost = list(groups(damaged))[7]
    data = damaged.read_bytes()
    damaged.chmod(0o644)
    damaged.write_bytes(data[: lost.offset] + b"\0" * 64 + data[lost.offset + 64 :])
    for known in ([whole.name], []):
        report = ingest(engine, sealed(root), root)
        assert report.files == known
        (error,) = report.damaged
        assert error.where is not None
        assert (error.where.file, error.where.offset) == (damaged, lost.offset)
        assert [row[0] for row in dump(engine)["warc_file"]] == [whole.name]
        assert len(dump(engine)["capture"]) == 20
        assert lost.id not in {row[0] for row in dump(engine)["capture"]}
    damaged.write_bytes(data)
    assert ingest(engine, sealed(root), root).files == [damaged.name]
    assert len(dump(engine)["capture"]) == 21


def test_of_a_file_that_was_cut_short_what_is_left_goes_in(
    engine: Engine, root: ArchiveRoot
) -> None:
    path = store(root, *(page(at=number) for number in range(20)))
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-200])
    report = ingest(engine, [path], root)
    assert report.files == []
    (error,) = report.damaged
    assert path.name in str(error)
    assert len(dump(engine)["capture"]) == 19


def test_a_sealed_file_that_changed_its_length_is_told(engine: Engine, root: ArchiveRoot) -> None:
    path = store(root, page())
    ingest(engine, [path], root)
    path.chmod(0o644)
    with path.open("ab") as file:
        file.write(b"x")
    (error,) = ingest(engine, [path], root).damaged
    assert "has" in error.what
    assert path.name in str(error)


def test_two_things_under_one_id_are_refused(engine: Engine, root: ArchiveRoot) -> None:
    group = page()
    other = replace(group, statement=replace(group.statement, url="http://other.example/"))  # type: ignore[arg-type]  # a capture's
    paths = [store(root, group, prefix="a"), store(root, other, page(at=3), prefix="b")]
    report = ingest(engine, paths, root)
    assert report.files == [paths[0].name]
    assert "two different things" in report.damaged[0].what


def test_large_input_is_read_by_a_process_of_its_own_to_the_same_rows(
    engine: Engine, root: ArchiveRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "BATCH_GROUPS", 7)
    paths = [
        store(root, *(page(f"http://x.example/{n}") for n in range(50)), prefix=name)
        for name in "abc"
    ]
    paths[1].chmod(0o644)
    paths[1].write_bytes(paths[1].read_bytes()[:-9])
    here = ingest(engine, paths, root)
    before = dump(engine)
    with engine.begin() as connection:
        for table in before:
            connection.execute(text(f'DELETE FROM "{table}"'))
    monkeypatch.setattr(reading, "LARGE", 0)
    there = ingest(engine, paths, root)
    assert dump(engine) == before
    assert (there.files, there.groups) == (here.files, here.groups) == ([paths[0].name, paths[2].name], 149)  # fmt: skip
    assert [error.where for error in there.damaged] == [error.where for error in here.damaged]
    assert inspect(engine).get_indexes("capture") != []


def test_indexes_that_a_crash_left_out_are_made_by_the_next_ingest(
    engine: Engine, root: ArchiveRoot
) -> None:
    def names() -> set[str | None]:
        return {index["name"] for index in inspect(engine).get_indexes("capture")}

    before = names()
    with writing(engine) as connection:
        leave_indexes_for_last(connection)
    assert names() == set()
    ingest(engine, [], root)
    assert names() == before


def test_a_reading_process_that_dies_is_told(
    root: ArchiveRoot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LARGE", 0)
    paths = [store(root, page(), prefix=name) for name in ("a", "b")]
    with reading.rounds(paths, "no-such-dialect") as together:
        (round_,) = together
        with pytest.raises(StoppedError, match="ended"):
            list(round_.pieces)


def test_a_full_disk_is_told_and_nothing_half_stays(tmp_path: Path, root: ArchiveRoot) -> None:
    path = store(root, *(page(f"http://x.example/{n}") for n in range(300)))
    with fresh_sqlite(tmp_path) as engine:
        with engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StorageError, match="full"):
            ingest(engine, [path], root)
        assert dump(engine)["capture"] == dump(engine)["warc_file"] == []
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        assert ingest(engine, [path], root).files == [path.name]
