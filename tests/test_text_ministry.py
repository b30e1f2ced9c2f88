"""Every file of real ministries gets its text or a reason, twice the same, without a crash or a hang."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.text.reading import Reading, read
from catalog.text.worker import Job, Readers
from catalog.text.worker_wire import WireError, reading_from_json, reading_to_json, unframe
from tests.shared import shared

CODES = {"no-text", "encrypted", "damaged", "over-limit", "unsupported"}
"""Reasons that a file of a ministry may have; a crash or a hang is ours."""
ENCODINGS = {"gb2312": "gb18030", "big5": "big5hkscs", "ascii": "utf-8"}


def all_readings(count: int) -> dict[Path, Reading]:
    files = [path for path in sorted(shared("data/ministry").rglob("*")) if path.is_file()]
    with Readers(count) as readers:
        return dict(readers.read((path, Job(path, None, path.name)) for path in files))


def test_every_file_of_a_ministry_gets_its_text_or_a_reason() -> None:
    readings = all_readings(2)
    for path, reading in readings.items():
        extraction = reading.extraction
        assert extraction.code is None or extraction.code in CODES, (path, extraction.detail)
        assert extraction.passages or extraction.detail, path
    assert all_readings(1) == readings


def test_chinese_is_read_right_whatever_encoding_it_is_in() -> None:
    manifest = json.loads(shared("data/ministry/manifest.json").read_text())
    checked = 0
    for told in manifest:
        if not told["file"].startswith("Ousret+char-dataset/") or "detected" not in told:
            continue
        extraction = read(shared(f"data/ministry/{told['file']}"), None, told["file"]).extraction
        assert extraction.encoding is not None
        found, replaced = extraction.encoding.name, extraction.encoding.replaced
        assert (found, replaced) == (ENCODINGS.get(told["detected"], told["detected"]), 0), told
        checked += 1
    assert checked >= 25


STARTS = (
    b"",
    b"<html>",
    b"%PDF-1.4\n",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"{\\rtf1 ",
    b"<?xml version='1.0'?><rss>",
    b'{"a":',
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.sampled_from(STARTS),
    rest=st.binary(max_size=500),
    header=st.none() | st.text(max_size=30),
    name=st.none() | st.sampled_from(["a.pdf", "a.csv", "a.doc", "a.json", "a.xml"]),
)
def test_all_bytes_end_in_a_reading_that_survives_the_wire(
    tmp_path: Path, start: bytes, rest: bytes, header: str | None, name: str | None
) -> None:
    path = tmp_path / "content"
    path.write_bytes(start + rest)
    reading = read(path, header, name)
    assert reading.extraction.passages or reading.extraction.detail
    reading.extraction.text.encode()
    assert reading_from_json(json.loads(json.dumps(reading_to_json(reading)))) == reading


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.data())
def test_no_answer_but_a_reading_is_taken_for_one(data: st.DataObject) -> None:
    true = {
        "kind": {"declared": None, "real": "text/plain", "agrees": True},
        "outcome": "content",
        "outcome_reason": None,
        "tool": "t",
        "recipe": "r/1",
        "code": None,
        "detail": None,
        "ocr": False,
        "encoding": None,
        "properties": [],
        "links": [],
        "passages": [["甲", {"page": 1}]],
    }
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(true)), JSON, max_size=2))
    try:
        reading = reading_from_json({**true, **changed})
    except WireError:
        return
    assert json.loads(json.dumps(reading_to_json(reading))) == {**true, **changed}


@pytest.mark.parametrize(
    "passage",
    [["x"], ["x", {"page": "1"}], ["x", {"box": [1, 2, 3, 4]}], ["x", {"evil": 1}], [1, {}]],
)
def test_a_place_is_of_its_own_kind(passage: list[object]) -> None:
    kind = {"declared": None, "real": "x", "agrees": True}
    told: dict[str, object] = {"kind": kind, "passages": [passage]}
    told |= {"outcome": "content", "tool": "t", "recipe": "r", "ocr": False}
    with pytest.raises(WireError):
        reading_from_json({**told, "properties": [], "links": []})


@given(st.binary(max_size=40))
def test_no_bytes_break_the_pipe(received: bytes) -> None:
    buffer = bytearray(received)
    try:
        while unframe(buffer) is not None:
            pass
    except WireError:
        return
    assert len(buffer) <= len(received)
