"""Statements and groups: what is written is read again, and what is malformed is said to be."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import replace
from datetime import UTC
from typing import Any

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from archive.digest import ABSENT, Absent, Digests, Layer
from archive.errors import RecordError, Where
from archive.evidence.leaf import LARGEST_INTEGER, SALT, entry
from archive.group import STATEMENT_LIMIT, Encoded, Group, encode_group, from_json, to_json
from archive.ident import ident
from archive.statement import (
    Capture,
    Crawl,
    CrawlClose,
    Event,
    Layers,
    RefersTo,
    Statement,
    Tls,
)
from archive.warc import Record
from tests.groups import NOW, capture, file_group

texts = st.text(max_size=20)
counts = st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
floats = st.floats(-1e9, 1e9)
instants = st.datetimes(timezones=st.just(UTC))
hashes = st.binary(min_size=32, max_size=32)
json = st.recursive(
    st.one_of(st.none(), st.booleans(), counts, floats, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=5,
)
objects = st.dictionaries(texts, json, max_size=3)
layers: st.SearchStrategy[Layer] = st.one_of(
    st.builds(Digests, st.integers(0, LARGEST_INTEGER), hashes, hashes),
    st.builds(Absent, st.sampled_from(sorted(ABSENT))),
)


def statements() -> st.SearchStrategy[Statement]:
    several = st.lists(texts, max_size=3).map(tuple)
    tls = st.builds(Tls, version=texts, cipher=texts, chain=several, verdict=several)
    layered = st.builds(
        Layers,
        block=layers,
        body=st.none() | layers,
        payload=st.none() | layers,
        content=st.none() | layers,
    )
    refers = st.builds(RefersTo, record=texts, url=texts, time=instants)
    captures = st.builds(
        Capture,
        url=texts,
        time=instants,
        outcome=texts,
        import_=st.none() | texts,
        attempt=counts,
        via=st.none() | texts,
        status=st.none() | counts,
        digests=st.none() | layered,
        flags=several,
        timings=st.dictionaries(texts, counts, max_size=3),
        reused=st.booleans(),
        tls=st.none() | tls,
        revisit=st.none() | refers,
        asserted=st.none() | objects,
    )
    crawls = st.builds(
        Crawl,
        source=texts,
        time=instants,
        operator=texts,
        software=texts,
        configuration=texts,
        settings=objects,
    )
    closes = st.builds(
        CrawlClose,
        crawl=texts,
        time=instants,
        end=texts,
        counts=st.dictionaries(texts, counts, max_size=3),
        not_requested=st.dictionaries(texts, counts, max_size=3),
        queued=counts,
        complete=st.booleans(),
        shortfall=several,
    )
    events = st.builds(
        Event,
        type=texts,
        time=instants,
        operator=texts,
        software=texts,
        outcome=st.none() | texts,
        detail=objects,
        objects=several,
    )
    return st.one_of(captures, crawls, closes, events)


CAPTURE = Capture(url="http://x/", time=NOW, outcome="content")


def written(statement: Statement) -> dict[str, Any]:
    return block_of(encode_group(Group(statement)))


def block_of(encoded: Encoded) -> dict[str, Any]:
    """The statement as it lies in the file."""
    block = encoded.members[0].record.block
    assert isinstance(block, bytes)
    found: dict[str, Any] = orjson.loads(block)
    return found


@given(statements())
def test_a_statement_is_read_as_it_was_written(statement: Statement) -> None:
    assert from_json(written(statement)) == statement


@given(json)
def test_whatever_is_no_statement_is_a_record_error(value: Any) -> None:
    with pytest.raises(RecordError):
        from_json(value)


@given(statements(), st.data())
def test_a_field_of_another_type_is_a_record_error_or_a_statement(
    statement: Statement, data: st.DataObject
) -> None:
    raw = written(statement)
    raw[data.draw(st.sampled_from(sorted(raw)))] = data.draw(json)
    with suppress(RecordError):
        from_json(raw)


def test_fields_that_say_nothing_are_left_out_and_the_others_written() -> None:
    assert to_json(CAPTURE) == {
        "url": "http://x/",
        "time": "2026-11-23T12:00:00.123456Z",
        "outcome": "content",
        "fidelity": "wire",
        "method": "GET",
        "attempt": 1,
        "cause": "seed",
        "depth": 0,
        "reused": False,
    }
    assert (
        to_json(replace(CAPTURE, import_="i", asserted={})).items()
        >= {
            "import": "i",
            "asserted": {},
        }.items()
    )


def test_a_field_from_a_later_release_is_passed_over() -> None:
    assert from_json({**written(CAPTURE), "later": [1]}) == CAPTURE


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "dream"}, "kind we do not know: 'dream'"),
        ({"format": 2}, "format we do not know: 2"),
        ({"time": "yesterday"}, "yesterday"),
        ({"time": "2026-11-23T12:00:00"}, "zone"),
        ({"status": "200"}, "'200' is not a int"),
        ({"status": True}, "True is not a int"),
        ({"url": None}, "None is not a str"),
        ({"digests": {}}, "block"),
        ({"digests": {"block": {"absent": "lost"}}}, "lost"),
        ({"digests": {"block": {"length": 1, "sha256": "xy", "blake3": ""}}}, "hexadecimal"),
        ({"tls": {"version": "1.3"}}, "cipher"),
        ({"timings": {"dns": 1.5}}, "1.5 is not a int"),
        ({"flags": "x"}, "'x' is not a list"),
    ],
)
def test_a_malformed_statement_says_what_is_wrong(change: dict[str, Any], says: str) -> None:
    with pytest.raises(RecordError, match=says) as caught:
        from_json({**written(CAPTURE), **change}, Where("file", 7))
    assert caught.value.where == Where("file", 7)


def test_a_group_starts_with_its_statement_and_lists_what_follows() -> None:
    group = capture(1)
    encoded = encode_group(group, "urn:uuid:info")
    first, asked, answer = encoded.members
    raw = block_of(encoded)
    assert raw == encoded.raw
    assert (raw["kind"], raw["format"], raw["id"]) == ("capture", 1, ident(group.id))
    assert [entry["type"] for entry in raw["records"]] == ["request", "response"]
    assert raw["records"][1] == {
        "type": "response",
        "id": group.records[1].id,
        "uri": "http://ministry.example/page/1",
        "stored": Digests.of(answer.data or b"").to_json(),
        "record": answer.plain.to_json(),
    }
    assert b"".join(encoded.packed()) == b"".join(m.data or b"" for m in (first, asked, answer))
    assert isinstance(first.record, Record)
    assert ("WARC-Concurrent-To", f"<{group.records[1].id}>") in first.record.headers
    assert first.record.uri == f"urn:muniment:capture:{raw['id']}"


def test_a_file_received_today_is_recorded_today_whatever_is_asserted() -> None:
    group = file_group(1, b"data")
    later = group.statement.time.replace(year=2030)
    now, then = (
        encode_group(each).members[0].record for each in (group, replace(group, date=later))
    )
    assert isinstance(now, Record)
    assert isinstance(then, Record)
    assert (now.date, then.date) == (group.statement.time, later)


def test_a_lone_surrogate_shows_as_its_escape() -> None:
    statement = replace(CAPTURE, url="http://x/\ud800", asserted={"\udcff": ["\udcff"]})
    encoded = encode_group(Group(statement))
    assert from_json(encoded.raw) == replace(
        CAPTURE, url="http://x/\\ud800", asserted={"\\udcff": ["\\udcff"]}
    )
    assert encoded.raw == block_of(encoded)


def test_what_json_cannot_say_exactly_is_said_in_words() -> None:
    statement = replace(CAPTURE, asserted={"n": 2**60, "x": float("nan"), "s": [-(2**53)]})
    encoded = encode_group(Group(statement))
    said = {"n": str(2**60), "x": "nan", "s": [str(-(2**53))]}
    assert from_json(block_of(encoded)) == replace(CAPTURE, asserted=said)


@given(statements(), hashes)
def test_every_leaf_is_canonical_json_and_its_entry_follows_from_it_and_its_salt(
    statement: Statement, salt: bytes
) -> None:
    encoded = encode_group(Group(statement, salt=salt))
    record = encoded.members[0].record
    assert isinstance(record, Record)
    assert record.block == encoded.leaf == rfc8785.dumps(orjson.loads(encoded.leaf))
    assert dict(record.headers)[SALT] == salt.hex()
    assert entry(salt, encoded.leaf) == hashlib.sha256(salt + encoded.leaf).digest()


def test_a_salt_of_another_length_makes_no_entry() -> None:
    with pytest.raises(ValueError, match="31 bytes"):
        entry(bytes(31), b"{}")


def test_a_statement_that_no_reader_would_take_is_not_written() -> None:
    with pytest.raises(ValueError, match="cannot be read again"):
        encode_group(Group(replace(CAPTURE, detail="x" * STATEMENT_LIMIT)))
