"""What was stored is compared with what was recorded, and every flipped bit is found."""

from __future__ import annotations

import gc
import gzip
import random
import weakref
import zlib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.digest import Absent, Digests
from archive.expected import expected_layers, expected_record
from archive.fixity import (
    Checked,
    Depth,
    Expected,
    FixityResult,
    check_all,
    check_record,
    expected_in,
    expected_of,
)
from archive.group import Group
from archive.layers import PlainRecord
from archive.measure import measure
from archive.reader import groups, mapped
from archive.statement import Capture, Layers
from archive.store import WarcWriter
from archive.warc import request, resource, response

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ANSWERS = {
    "plain": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloEXTRA",
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    "gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"hello"),
    "cut": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
    "bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfive\r\nhello\r\n",
    "bad gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nhello",
    "interim": b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
    "large": b"HTTP/1.1 200 OK\r\n\r\n" + random.Random(1).randbytes(300_000),
}


def archive_file(folder: Path, answers: Iterable[bytes] = tuple(ANSWERS.values())) -> Path:
    """A sealed file with a capture for each answer, and one of a file that was handed over."""
    with WarcWriter(folder, "a", {"software": "test"}, lambda: NOW) as writer:
        for number, block in enumerate(answers):
            url = f"http://example.org/{number}"
            asked = request(url, NOW, b"GET / HTTP/1.1\r\n\r\n")
            capture = Capture(url=url, time=NOW, outcome="content", digests=measure(block).layers)
            writer.append(Group(capture, (asked, response(url, NOW, block))))
        given = Layers(
            block=Digests.of(b"file"), payload=Digests.of(b"file"), content=Absent("truncated")
        )
        capture = Capture(url="http://example.org/f", time=NOW, outcome="content", digests=given)
        writer.append(Group(capture, (resource(capture.url, NOW, b"file", "text/plain"),)))
        writer.seal()
        return writer.sealed[0]


def catalogued(path: Path) -> list[Expected]:
    """What a catalog knows: all that the statements say, and the statements' own digests."""
    first, *_ = expected_in(path)
    with mapped(path) as view:
        own = Digests.of(view[: first.length])
    known = [first._replace(stored_sha256=own.sha256, stored_blake3=own.blake3)]
    for group in groups(path):
        known.append(expected_record(group.metadata))
        known += list(expected_of(group))[1:]
    return known


def checked(
    path: Path, expected: Iterable[Expected], depth: Depth = Depth.STORED, processes: int = 1
) -> list[Checked]:
    return list(check_all(path.parent, expected, depth, processes=processes))


def results(found: Iterable[Checked]) -> list[FixityResult]:
    return [result for batch in found for result in batch.results]


def damaged(path: Path, offset: int, mask: int = 1) -> Path:
    data = bytearray(path.read_bytes())
    data[offset] ^= mask
    path.chmod(0o644)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("depth", Depth)
def test_a_whole_file_passes_at_every_depth(tmp_path: Path, depth: Depth, processes: int) -> None:
    path = archive_file(tmp_path)
    expected = catalogued(path)[1:] if depth is not Depth.STORED else catalogued(path)
    found = checked(path, expected, depth, processes)
    failed = [result for result in results(found) if result.verdict == "failed"]
    assert [result.layer for result in failed] == ([] if depth is Depth.STORED else ["gap"])
    assert sum(batch.records for batch in found) == len(expected)
    assert sum(batch.failed for batch in found) == 0


def test_all_layers_are_recomputed_and_named(tmp_path: Path) -> None:
    path = archive_file(tmp_path)
    with mapped(path) as view:
        for expected in catalogued(path):
            if not expected.layers:
                continue
            found = check_record(view, expected, Depth.ALL)
            named = {result.layer for result in found if result.verdict == "passed"}
            wanted = {name for name, sha256, _ in expected.layers if sha256}
            assert named == {"stored", "record"} | wanted
            unknown = [result for result in found if result.verdict == "not checked"]
            assert len(unknown) == len(expected.layers) - len(wanted)


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), deep=st.booleans())
def test_a_flipped_bit_anywhere_is_reported_with_its_place_and_both_digests(
    tmp_path_factory: pytest.TempPathFactory, place: float, bit: int, deep: bool
) -> None:
    path = archive_file(tmp_path_factory.mktemp("flip"))
    expected = catalogued(path)
    offset = int(place * path.stat().st_size)
    damaged(path, offset, 1 << bit)
    hit = next(e for e in expected if e.offset <= offset < e.offset + e.length)
    if deep:
        expected = expected[1:]
    found = results(checked(path, expected, Depth.DEEP if deep else Depth.STORED))
    stored = [result for result in found if result.layer == "stored"]
    assert {(result.file, result.offset) for result in stored} == (
        {(path.name, hit.offset)} if hit in expected else set()
    )
    for result in stored:
        assert result.expected
        assert result.found
        assert result.expected != result.found


TEXT = b"".join(b"line %d\n" % n for n in range(40_000))
CODINGS = {
    "": TEXT,
    "gzip": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    "br": brotli.compress(TEXT, quality=1),
    "zstd": zstandard.compress(TEXT),
    "gzip, br": brotli.compress(gzip.compress(TEXT), quality=1),
}


def coded(coding: str, framing: str) -> tuple[bytes, bytes]:
    """Head and body of an answer; more comes after its end where that can be told."""
    sent = CODINGS[coding]
    said = b"Content-Encoding: %s\r\n" % coding.encode() if coding else b""
    if framing == "chunked":
        said += b"Transfer-Encoding: chunked\r\n"
        parts = (sent[at : at + 50_000] for at in range(0, len(sent), 50_000))
        sent = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\nEXTRA"
    elif framing == "length":
        said += b"Content-Length: %d\r\n" % len(sent)
        sent += b"EXTRA"
    return b"HTTP/1.1 200 OK\r\n" + said + b"\r\n", sent


@pytest.mark.parametrize("in_memory", [True, False])
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
@pytest.mark.parametrize("coding", CODINGS)
def test_a_flipped_byte_fails_each_layer_that_it_is_in_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, coding: str, framing: str, in_memory: bool
) -> None:
    if not in_memory:
        monkeypatch.setattr("archive.layers.IN_MEMORY", 1000)
    head, body = coded(coding, framing)
    wanted = measure(head + body).layers
    assert all(isinstance(layer, Digests) for layer in (wanted.body, wanted.content))
    for place in (len(head) - 3, len(head) + 30, len(head) + len(body) // 2, len(head + body) - 1):
        flipped = bytearray(head + body)
        flipped[place] ^= 1
        folder = tmp_path / str(place)
        folder.mkdir()
        path = archive_file(folder, [bytes(flipped)])
        (record,) = [each for each in catalogued(path) if each.method]
        with mapped(path) as view:
            lied = record._replace(layers=expected_layers(wanted))
            every = check_record(view, lied, Depth.ALL)
            deep = check_record(view, lied, Depth.DEEP, passed=False)
        there = measure(bytes(flipped)).layers
        for layer in ("block", "body", "payload", "content"):
            found = {(r.verdict, r.found) for r in every if r.layer == layer}
            now, then = getattr(there, layer), getattr(wanted, layer)
            if isinstance(now, Digests):
                verdict = "passed" if now == then else "failed"
                both = (f"sha256:{now.sha256.hex()}", f"blake3:{now.blake3.hex()}")
                assert found == {(verdict, digest) for digest in both}, (layer, place)
            elif layer == "content":
                assert {verdict for verdict, _ in found} == {"failed"}, (layer, place)
        assert [r.layer for r in deep] == (["payload"] if there.payload != wanted.payload else [])


@pytest.mark.parametrize("algorithm", ["sha256", "blake3"])
@pytest.mark.parametrize("layer", ["block", "body", "payload", "content"])
def test_each_digest_of_each_layer_is_compared(tmp_path: Path, layer: str, algorithm: str) -> None:
    path = archive_file(tmp_path)
    zero = bytes(32)
    for record in catalogued(path)[1:]:
        told = {name for name, sha256, _ in record.layers if name == layer and sha256}
        changed = tuple(
            (name, zero if algorithm == "sha256" else sha256, zero if algorithm == "blake3" else b3)
            if name in told
            else (name, sha256, b3)
            for name, sha256, b3 in record.layers
        )
        with mapped(path) as view:
            found = check_record(view, record._replace(layers=changed), Depth.ALL)
        failed = [result for result in found if result.verdict == "failed"]
        assert [(r.layer, r.expected) for r in failed] == [
            (name, f"{algorithm}:{zero.hex()}") for name in told
        ]


def test_a_record_leaves_memory_as_soon_as_it_is_checked(tmp_path: Path) -> None:
    path = archive_file(tmp_path)
    gc.disable()
    try:
        with mapped(path) as view:
            for expected in catalogued(path)[1:]:
                record = PlainRecord(view, expected)
                assert all(map(len, record.message().layer("block")))
                gone = weakref.ref(record)
                del record
                assert gone() is None
    finally:
        gc.enable()


def test_a_wrong_payload_digest_is_found_though_the_stored_bytes_are_right(tmp_path: Path) -> None:
    path = archive_file(tmp_path)
    wrong = []
    for expected in catalogued(path):
        lied = tuple((x[0], bytes(32) if x[1] else None, x[2]) for x in expected.layers)
        wrong.append(expected._replace(layers=lied))
    found = results(checked(path, wrong[1:], Depth.DEEP))
    payloads = [name for e in wrong for name, sha256, _ in e.layers if name == "payload" and sha256]
    assert len(payloads) == len(ANSWERS) - 1
    assert [result.layer for result in found if result.layer != "gap"] == payloads


def test_bytes_that_no_record_accounts_for_are_a_gap(tmp_path: Path) -> None:
    path = archive_file(tmp_path)
    expected = catalogued(path)
    path.chmod(0o644)
    with path.open("ab") as file:
        file.write(b"more")
    without = expected[:2] + expected[3:]
    found = results(checked(path, without))
    gaps = [(result.offset, result.found) for result in found]
    missing = expected[2]
    end = expected[-1].offset + expected[-1].length
    assert gaps == [(missing.offset, f"{missing.length} bytes"), (end, "4 bytes")]


def test_a_shorter_file_and_a_missing_one_fail(tmp_path: Path) -> None:
    path = archive_file(tmp_path)
    expected = catalogued(path)
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.truncate(expected[-1].offset + 3)
    (cut,) = results(checked(path, expected))
    assert (cut.offset, cut.found) == (expected[-1].offset, "3 bytes")
    path.unlink()
    (gone,) = results(checked(path, expected))
    assert (gone.layer, gone.verdict) == ("file", "failed")


def test_a_name_that_leads_out_of_the_folder_names_no_file(tmp_path: Path) -> None:
    path = archive_file(tmp_path)
    outside = [
        expected._replace(file=f"../{tmp_path.name}/{path.name}") for expected in catalogued(path)
    ]
    assert [result.layer for result in results(checked(path, outside))] == ["file"]


def test_without_a_catalog_a_statement_is_not_checked_and_its_damage_is_still_found(
    tmp_path: Path,
) -> None:
    path = archive_file(tmp_path)
    found = results(checked(path, expected_in(path)))
    assert {(result.layer, result.verdict) for result in found} == {("stored", "not checked")}
    statement = list(expected_in(path))[4]
    damaged(path, statement.offset + 40)
    found = results(checked(path, expected_in(path)))
    failed = [result for result in found if result.verdict == "failed"]
    assert [(result.layer, result.offset) for result in failed] == [("record", statement.offset)]


def test_a_record_too_large_for_memory_is_checked_in_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.layers.IN_MEMORY", 1000)
    path = archive_file(tmp_path)
    found = results(checked(path, catalogued(path)[1:], Depth.ALL))
    assert [result.layer for result in found if result.verdict == "failed"] == ["gap"]


def test_an_iteration_that_is_left_stops_its_workers(tmp_path: Path) -> None:
    path = archive_file(tmp_path)
    running = check_all(path.parent, catalogued(path), Depth.STORED, processes=2)
    assert next(iter(running)).records
    del running
