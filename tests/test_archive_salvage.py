"""One bad group must not hide those behind it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.errors import RecordError
from archive.group import Group
from archive.layout import ArchiveRoot
from archive.reader import StoredGroup, groups
from archive.record import ReadRecord, read_record
from archive.salvage import salvage
from archive.statement import Event
from archive.store import WarcWriter
from archive.warc import RawRecord
from tests.groups import INFO, NOW, capture, ticking

Stored = tuple[Path, list[StoredGroup]]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Stored:
    root = ArchiveRoot.create(tmp_path_factory.mktemp("salvage") / "archive")
    with WarcWriter(root.warc, "test", INFO, ticking()) as store:
        found = [store.append(capture(number)) for number in range(5)]
    store.sealed[0].chmod(0o644)
    return store.sealed[0], found


def test_a_whole_file_is_read_as_ever(stored: Stored) -> None:
    path, found = stored
    assert list(salvage(path)) == found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_a_damaged_statement_costs_its_own_group_alone(
    stored: Stored, tmp_path: Path, data: st.DataObject
) -> None:
    path, found = stored
    number = data.draw(st.integers(0, len(found) - 1))
    statement = found[number].metadata
    place = data.draw(st.integers(statement.offset, statement.offset + statement.length - 1))
    broken = bytearray(path.read_bytes())
    broken[place] ^= 1 << data.draw(st.integers(0, 7))
    copy = tmp_path / path.name
    copy.write_bytes(broken)
    read = list(salvage(copy))
    kept = [group for group in read if isinstance(group, StoredGroup)]
    if len(kept) < len(found):  # a flip in the gzip header's spare fields harms nothing
        assert kept == found[:number] + found[number + 1 :]
        (damage,) = (error for error in read if isinstance(error, RecordError))
        assert damage.where is not None
        assert damage.where.offset == statement.offset


def test_a_damaged_warcinfo_record_hides_no_group(stored: Stored, tmp_path: Path) -> None:
    path, found = stored
    copy = tmp_path / path.name
    copy.write_bytes(b"\0" * 40 + path.read_bytes()[40:])
    damage, *kept = salvage(copy)
    assert isinstance(damage, RecordError)
    assert kept == found


def test_a_foreign_statement_is_not_taken_for_a_group_of_this_file(
    stored: Stored, tmp_path: Path
) -> None:
    path, found = stored
    foreign = [read_record(path, record.offset, record.length) for record in found[0].records]
    root = ArchiveRoot.create(tmp_path / "other")
    raw = tuple(
        RawRecord(stored_.type, stored_.id, stored_.uri, _head(read), read.block)
        for stored_, read in zip(found[0].records, foreign, strict=True)
    )
    received = Event(type="import", time=NOW, operator="a", software="b")
    with WarcWriter(root.warc, "test", INFO, ticking()) as store:
        first = store.append(Group(received, raw))
        second = store.append(capture(9))
    copy = tmp_path / store.sealed[0].name
    broken = bytearray(store.sealed[0].read_bytes())
    broken[first.offset + 30] ^= 0xFF
    copy.write_bytes(broken)
    damage, kept = salvage(copy)
    assert isinstance(damage, RecordError)
    assert isinstance(kept, StoredGroup)
    assert kept.id == second.id
    assert [group.id for group in groups(store.sealed[0])] == [first.id, second.id]


def _head(record: ReadRecord) -> bytes:
    return "\r\n".join(
        ["WARC/1.1", *(f"{name}: {value}" for name, value in record.headers), "", ""]
    ).encode()
