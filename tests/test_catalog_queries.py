"""What was ingested is found again."""

from __future__ import annotations

from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from archive.digest import Absent, Digest, Digests
from archive.errors import NotFoundError, UsageError
from archive.expected import expected_in
from archive.fixity import Depth, check_all
from archive.group import Group
from archive.held import HeldCapture
from archive.ident import ident, printed
from archive.layout import ArchiveRoot
from archive.statement import Capture, Event, Layers, RefersTo
from archive.verdict import Verdict
from catalog.documents import versions_of
from catalog.fixity import due, expected_records, file_checks, record_referred_to, records_of
from catalog.held import CatalogHeld
from catalog.holdings import CODED, NO_VERSION
from catalog.ingest import ingest, sealed
from catalog.keys import document_id
from catalog.overviews import crawl_by_id, crawls, documents, outcomes
from catalog.queries import (
    Filter,
    by_digest,
    capture_by_id,
    captures_of,
    latest,
    list_captures,
    nearest,
)
from tests.catalogs import fresh_sqlite
from tests.groups import NOW
from tests.sealed import SECOND, URL, crawl_groups, not_modified, page, store


@pytest.fixture
def root(tmp_path: Path) -> ArchiveRoot:
    return ArchiveRoot.create(tmp_path / "archive")


def held(engine: Engine, root: ArchiveRoot, *groups: Group, prefix: str = "test") -> None:
    ingest(engine, [store(root, *groups, prefix=prefix)], root)


def last_held(engine: Engine, url: str) -> HeldCapture | None:
    with closing(CatalogHeld(engine)) as held:
        return held.last(url)


def test_a_capture_is_found_by_the_beginning_of_its_id(engine: Engine, root: ArchiveRoot) -> None:
    group = page()
    held(engine, root, group)
    id_ = ident(group.id)
    for typed in (id_, printed(id_), id_[:4], id_.upper()[:9]):
        assert capture_by_id(engine, typed).url == URL
    other = "0" if id_[0] != "0" else "1"
    with pytest.raises(NotFoundError):
        capture_by_id(engine, other * 5)


def test_an_ambiguous_beginning_names_the_candidates(engine: Engine, root: ArchiveRoot) -> None:
    groups = [page(f"http://x.example/{number}") for number in range(99)]
    held(engine, root, *groups)
    first = sorted(ident(group.id) for group in groups)
    letter = next(one[0] for one, two in pairwise(first) if one[0] == two[0])
    with pytest.raises(UsageError) as raised:
        capture_by_id(engine, letter)
    assert printed(next(id_ for id_ in first if id_[0] == letter)) in str(raised.value)


def test_captures_of_a_url_are_of_exactly_it_before_those_of_its_key(
    engine: Engine, root: ArchiveRoot
) -> None:
    plain, secure = "http://www.ministry.example/a", "https://ministry.example/a"
    held(engine, root, page(plain, at=1), page(plain, at=3), page(secure, at=2))
    assert [each.url for each in captures_of(engine, secure)] == [secure]
    assert [each.time for each in captures_of(engine, plain)] == [NOW + 3 * SECOND, NOW + SECOND]
    by_key = captures_of(engine, "http://ministry.example/a/")
    assert [each.time - NOW for each in by_key] == [3 * SECOND, 2 * SECOND, SECOND]
    assert captures_of(engine, "http://ministry.example/b") == []


def test_long_urls_of_one_cut_key_are_told_apart(engine: Engine, root: ArchiveRoot) -> None:
    first, second = (f"http://x.example/{'长' * 3000}{end}" for end in "ab")
    held(engine, root, page(first, at=1), page(second, at=2))
    assert [each.url for each in captures_of(engine, first)] == [first]
    assert [each.url for each in captures_of(engine, f"https{first[4:]}")] == [first]
    found = latest(engine, f"https{first[4:]}")
    assert found is not None
    assert found.url == first
    assert captures_of(engine, first + "c") == []


def test_the_latest_capture_up_to_an_instant(engine: Engine, root: ArchiveRoot) -> None:
    gone = page(at=9, outcome="not-found", status=404)
    held(engine, root, page(at=1), page(at=5, body=b"2"), gone)

    def at(second: float, *, holding: bool = False) -> float | None:
        found = latest(engine, URL, NOW + second * SECOND, holding=holding)
        return None if found is None else (found.time - NOW) / SECOND

    assert [at(second) for second in (0, 1, 4.9, 5, 8, 9, 99)] == [None, 1, 1, 5, 5, 9, 9]
    assert at(99, holding=True) == 5
    assert latest(engine, URL) is not None


@pytest.mark.parametrize(("second", "nearest_to"), [(0, 1), (2.9, 1), (3, 1), (3.1, 5), (99, 5)])
def test_the_nearest_capture_is_one_that_holds_content(
    engine: Engine, root: ArchiveRoot, second: float, nearest_to: float
) -> None:
    gone = page(at=90, outcome="not-found", status=404)
    held(engine, root, page(at=1), page(at=5, body=b"2"), gone)
    found = nearest(engine, URL, NOW + second * SECOND)
    assert found is not None
    assert (found.time - NOW) / SECOND == nearest_to
    assert nearest(engine, "http://never.example/", NOW) is None


def _coded() -> Group:
    """A page whose payload is coded, so that its three layers differ."""
    told = page(at=7).statement
    assert isinstance(told, Capture)
    layers = [Digests.of(name) for name in (b"block", b"body", b"payload", b"content")]
    block, body, payload, content = layers
    digests = Layers(block=block, body=body, payload=payload, content=content)
    return page(at=7, digests=digests)


@pytest.mark.parametrize("algorithm", ["sha256", "blake3"])
@pytest.mark.parametrize("layer", ["content", "payload", "block"])
def test_a_digest_of_any_layer_finds_its_capture(
    engine: Engine, root: ArchiveRoot, algorithm: str, layer: str
) -> None:
    held(engine, root, page(at=1), _coded())
    digest = Digest(algorithm, getattr(Digests.of(layer.encode()), algorithm))
    (match,) = by_digest(engine, digest)
    assert (match.layer, match.capture.time) == (layer, NOW + 7 * SECOND)
    assert by_digest(engine, Digest(algorithm, bytes(32))) == []


def test_a_digest_finds_all_captures_once_the_latest_first(
    engine: Engine, root: ArchiveRoot
) -> None:
    first = page(at=1)
    refused = page("http://x.example/", at=9, outcome="blocked", status=403)
    undecodable = page(
        at=4,
        digests=Layers(
            block=Digests.of(b"b"), payload=Digests.of(b"<p>"), content=Absent("undecodable")
        ),
    )
    held(engine, root, first, page(at=3), not_modified(first, at=5), refused, undecodable)
    matches = by_digest(engine, Digest("sha256", Digests.of(b"<p>").sha256))
    assert [((m.capture.time - NOW) / SECOND, m.layer) for m in matches] == [
        (5, "content"),
        (3, "content"),
        (1, "content"),
        (9, "content"),
        (4, "payload"),
    ]
    assert len(by_digest(engine, Digest("sha256", Digests.of(b"<p>").sha256), limit=2)) == 2


def test_an_algorithm_that_the_catalog_does_not_keep_is_refused(engine: Engine) -> None:
    with pytest.raises(UsageError, match="sha1"):
        by_digest(engine, Digest("sha1", bytes(20)))


def test_captures_are_listed_by_what_is_asked(engine: Engine, root: ArchiveRoot) -> None:
    plan, *_ = crawl_groups()
    crawl = ident(plan.id)
    held(
        engine,
        root,
        plan,
        page("http://x.example/Notice/1%.doc", at=1, crawl=crawl),
        page("http://x.example/notice/2_.doc", at=2, crawl=crawl, outcome="not-found"),
        page("http://y.example/附件", at=3),
    )

    def seconds(**wanted: object) -> list[float]:
        found = list_captures(engine, Filter(**wanted))  # type: ignore[arg-type]  # by name
        return [(each.time - NOW) / SECOND for each in found]

    assert seconds() == [3, 2, 1]
    assert seconds(limit=2) == [3, 2]
    assert seconds(source="mofcom") == seconds(crawl=crawl) == [2, 1]
    assert seconds(source="other") == []
    assert seconds(outcome="not-found") == [2]
    assert seconds(prefix="http://x.example/N") == [1]
    assert seconds(containing="NOTICE") == [2, 1]
    assert seconds(containing="%.") == [1]
    assert seconds(containing="_.") == [2]
    assert seconds(containing="附件") == [3]
    assert seconds(since=NOW + 2 * SECOND) == [3, 2]
    assert seconds(until=NOW + 2 * SECOND) == [1]


def test_crawls_tell_what_they_hold(engine: Engine, root: ArchiveRoot) -> None:
    plan, stopped, _ = crawl_groups()
    crawl = ident(plan.id)
    held(engine, root, plan, page(crawl=crawl), page(crawl=crawl, outcome="error", at=1), stopped)
    (found,) = crawls(engine)
    assert crawls(engine, "mofcom") == [found]
    assert crawls(engine, "other") == []
    assert (found.id, found.end, found.queued) == (crawl, "stopped", 7)
    assert outcomes(engine, found) == {"content": 1, "error": 1}
    assert crawl_by_id(engine, crawl[:6]) == found
    with pytest.raises(NotFoundError):
        crawl_by_id(engine, ("0" if crawl[0] != "0" else "1") * 8)


def test_a_document_tells_its_versions_over_time(engine: Engine, root: ArchiveRoot) -> None:
    groups = [page(at=1), page(at=2, body=b"edited"), page(at=3), page("http://x.example/", at=9)]
    held(engine, root, *groups)
    assert [
        (each.document.url, each.versions, each.first - NOW, each.last - NOW)
        for each in documents(engine)
    ] == [("http://x.example/", 1, 9 * SECOND, 9 * SECOND), (URL, 2, SECOND, 3 * SECOND)]
    assert len(list(documents(engine, limit=1))) == 1
    found = versions_of(engine, document_id(URL))
    assert [(each.latest.version.length, each.first - NOW, each.last - NOW, each.sightings) for each in found] == [
        (3, SECOND, 3 * SECOND, 2),
        (6, 2 * SECOND, 2 * SECOND, 1),
    ]  # fmt: skip


def test_the_catalog_expects_of_records_what_their_file_says(
    engine: Engine, root: ArchiveRoot
) -> None:
    first = page(at=1)
    failed = Group(Capture(url=URL, time=NOW, outcome="error", code="dns-nxdomain"))
    cut = page(at=3, digests=Layers(block=Digests.of(b"x"), payload=Absent("truncated")))
    held(engine, root, first, failed, cut, not_modified(first, at=5))
    (path,) = sealed(root)
    told = list(expected_in(path))
    found = list(expected_records(engine))
    assert [each.layers for each in found] == [each.layers for each in told]
    assert [each.method for each in found] == [each.method for each in told]
    assert [each[:4] for each in found[1:]] == [each[:4] for each in told[1:]]
    one = captures_of(engine, URL)[1]
    assert [each.record_id for each in records_of(engine, one)] == [
        each.record for each in expected_records(engine, capture=one)
    ]
    assert list(expected_records(engine, files=[])) == []
    assert list(expected_records(engine, files=[path.name])) == found
    without = [each._replace(layers=(), method="") for each in found]
    assert list(expected_records(engine, layers=False)) == without


def test_fixity_finds_a_flipped_bit_by_the_catalog(engine: Engine, root: ArchiveRoot) -> None:
    held(engine, root, *(page(f"http://x.example/{number}", at=number) for number in range(9)))
    (path,) = sealed(root)
    checked = list(check_all(root.warc, expected_records(engine), Depth.DEEP))
    assert sum(each.failed for each in checked) == 0
    assert [result for each in checked for result in each.results if result.verdict is Verdict.FAILED] == []  # fmt: skip
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    checked = list(check_all(root.warc, expected_records(engine), Depth.STORED))
    assert sum(each.failed for each in checked) == 1


def test_a_file_is_due_that_was_not_checked_for_long(engine: Engine, root: ArchiveRoot) -> None:
    old, new, never = (store(root, page(f"http://{name}.example/"), prefix=name) for name in "abc")

    def check(at: int, *names: str) -> Group:
        time = NOW + at * SECOND
        return Group(
            Event(type="fixity check", time=time, operator="o", software="s", objects=names)
        )

    events = store(
        root, check(1, old.name), check(9, new.name, "x"), check(2, new.name), prefix="events"
    )
    ingest(engine, [old, new, never, events], root)
    last = {each.name: each.last for each in file_checks(engine)}
    assert last == {old.name: NOW + SECOND, new.name: NOW + 9 * SECOND, never.name: None, events.name: None}  # fmt: skip
    waiting = [each.name for each in due(engine, NOW + 5 * SECOND)]
    assert waiting == [never.name, events.name, old.name]


def test_the_crawler_is_told_the_last_wire_capture_that_holds_content(
    engine: Engine, root: ArchiveRoot
) -> None:
    first = page(at=1, etag='"1"', last_modified="Mon")
    body = Digests.of(b"<p>")
    refused = page(at=8, outcome="blocked", status=403)
    given = page(at=9, fidelity="asserted")
    held(engine, root, first, refused, given)
    found = last_held(engine, URL)
    assert found is not None
    assert found.record == first.records[-1].id
    assert (found.url, found.time, found.etag, found.last_modified) == (
        URL,
        NOW + SECOND,
        '"1"',
        "Mon",
    )
    assert found.body == found.payload == found.content == body
    assert last_held(engine, URL + "x") is None


def test_the_crawler_is_never_sent_to_a_revisit(engine: Engine, root: ArchiveRoot) -> None:
    first = page(at=1)
    refers_to = RefersTo(record=first.records[-1].id, url=URL, time=NOW + SECOND)
    again = page(at=5, revisit=refers_to, etag='"2"')
    held(engine, root, first, again)
    found = last_held(engine, URL)
    assert found is not None
    assert found.refers_to == refers_to
    assert found.etag == '"2"'
    (revisit,) = [each for each in captures_of(engine, URL) if each.revisit_of]
    record = record_referred_to(engine, revisit)
    assert record is not None
    assert record.record_id == first.records[-1].id


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("SELECT * FROM capture WHERE url_key = 'k' AND url = 'u' ORDER BY time DESC LIMIT 1", "capture_url"),
        ("SELECT * FROM capture WHERE crawl_id = 'c' ORDER BY time DESC LIMIT 9", "capture_crawl"),
        ("SELECT * FROM capture ORDER BY time DESC, id LIMIT 9", "capture_time"),
        (f"SELECT * FROM capture WHERE payload_sha256 = x'00' AND {CODED}", "capture_payload_sha256"),
        (f"SELECT * FROM capture WHERE content_blake3 = x'00' AND {NO_VERSION}", "capture_content_blake3"),
        ("SELECT * FROM capture WHERE block_blake3 = x'00'", "capture_block_blake3"),
        ("SELECT * FROM sighting WHERE version_id = 'v' ORDER BY time DESC", "capture_version"),
        ("SELECT * FROM sighting WHERE document_id = 'd' ORDER BY time", "capture_document"),
    ],
)  # fmt: skip
def test_look_ups_go_by_an_index(tmp_path: Path, query: str, index: str) -> None:
    with fresh_sqlite(tmp_path) as engine, engine.connect() as connection:
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {query}")).all()
    assert any(index in str(row) for row in plan), plan
