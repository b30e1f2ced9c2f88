"""Recovery: after any crash, every synced group is there, and nothing half is."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import pytest

from archive.durable import Files
from archive.layout import ArchiveRoot
from archive.reader import StoredGroup
from archive.recover import recover
from archive.store import WarcWriter
from tests.checks import check_archive
from tests.groups import INFO, capture, file_group, ticking
from tests.storage import Crash, LossyFiles

SURVIVES = ["nothing", "part", "zeros"]


def write_some(root: ArchiveRoot, files: Files, synced: list[StoredGroup]) -> None:
    """Open, append with syncs between, rotate, seal; `synced` gets what must survive."""
    waiting: list[StoredGroup] = []
    with WarcWriter(root.warc, "test", INFO, ticking(), limit=4500, files=files) as store:
        for number in range(6):
            waiting.append(store.append(capture(number)))
            if number % 2:
                store.sync()
                synced += waiting
                waiting.clear()
    synced += waiting


def crashed(folder: Path, at: int, survives: str) -> tuple[ArchiveRoot, list[StoredGroup], bool]:
    """An archive whose writer lost its power before step `at`, and what it had synced."""
    root = ArchiveRoot.create(folder)
    files = LossyFiles(root.path, at)
    synced: list[StoredGroup] = []
    try:
        write_some(root, files, synced)
    except Crash:
        files.crash(survives)
        return root, synced, True
    files.crash(survives)
    return root, synced, False


@pytest.mark.parametrize("survives", SURVIVES)
def test_a_crash_at_any_step_loses_no_synced_group(tmp_path: Path, survives: str) -> None:
    for at in itertools.count(1):
        root, synced, in_time = crashed(tmp_path / str(at), at, survives)
        recover(root, ticking())
        found = check_archive(root)
        assert found[: len(synced)] == synced
        assert recover(root, ticking()) == []
        if not in_time:
            break
    assert at > 15
    assert len(synced) == 6


@pytest.mark.parametrize("survives", SURVIVES)
def test_a_crash_during_recovery_is_repaired_by_the_next(tmp_path: Path, survives: str) -> None:
    serial = itertools.count()
    for at in (8, 10, 14, 20):
        for step in itertools.count(1):
            root, synced, _ = crashed(tmp_path / str(next(serial)), at, "part")
            files = LossyFiles(root.path, step)
            try:
                recover(root, ticking(), files)
                break
            except Crash:
                files.crash(survives)
            recover(root, ticking())
            assert check_archive(root)[: len(synced)] == synced
        assert step > 3


def test_a_file_cut_at_any_byte_keeps_its_whole_groups_and_quarantines_the_rest(
    tmp_path: Path,
) -> None:
    origin = ArchiveRoot.create(tmp_path / "origin")
    with WarcWriter(origin.warc, "test", INFO, ticking()) as store:
        stored = [store.append(file_group(n, b"data") if n % 2 else capture(n)) for n in range(4)]
    data = store.sealed[0].read_bytes()
    ends = [group.end for group in stored]
    root = ArchiveRoot.create(tmp_path / "archive")
    edges = [edge + by for edge in [stored[0].offset, *ends] for by in (-1, 0, 1)]
    for cut in sorted({*range(0, len(data), 61), *edges[:-1]}):
        (root.warc / f"{stored[0].file}.open").write_bytes(data[:cut])
        (done,) = recover(root, ticking())
        kept = [end for end in ends if end <= cut]
        assert done.kept_groups == len(kept)
        assert done.file == stored[0].file
        assert check_archive(root) == stored[: len(kept)]
        rest = done.quarantine.read_bytes() if done.quarantine else b""
        if kept:
            assert rest == data[kept[-1] : cut]
            (root.warc / stored[0].file).unlink()
        else:
            assert rest == data[:cut] or rest == data[stored[0].offset : cut]
        assert done.cut_bytes == len(rest)


def test_a_flipped_bit_cuts_at_its_group(tmp_path: Path) -> None:
    origin = ArchiveRoot.create(tmp_path / "origin")
    with WarcWriter(origin.warc, "test", INFO, ticking()) as store:
        stored = [store.append(capture(number)) for number in range(3)]
    data = store.sealed[0].read_bytes()
    for at in range(stored[1].offset, stored[1].end, 47):
        root = ArchiveRoot.create(tmp_path / str(at))
        flipped = bytearray(data)
        flipped[at] ^= 4
        (root.warc / f"{stored[0].file}.open").write_bytes(flipped)
        (done,) = recover(root, ticking())
        if (
            done.quarantine is None
        ):  # gzip itself has bits that say nothing, in a member's last byte
            assert gzip.decompress(flipped) == gzip.decompress(data)
            continue
        assert check_archive(root) == stored[:1]
        assert done.quarantine.read_bytes() == flipped[stored[1].offset :]


def test_a_file_that_a_living_writer_holds_is_passed_over(tmp_path: Path) -> None:
    root = ArchiveRoot.create(tmp_path / "archive")
    with WarcWriter(root.warc, "test", INFO, ticking()) as store:
        store.append(capture(0))
        assert recover(root, ticking()) == []
        stored = store.append(capture(1))
    assert check_archive(root)[-1] == stored


def test_a_file_that_another_recovery_has_just_sealed_is_passed_over(tmp_path: Path) -> None:
    class Late(Files):
        def open(self, path: Path) -> int:
            path.unlink()
            return super().open(path)

    root = ArchiveRoot.create(tmp_path / "archive")
    (root.warc / "x.warc.gz.open").write_bytes(b"")
    assert recover(root, ticking(), Late()) == []


def test_quarantined_bytes_are_never_written_over(tmp_path: Path) -> None:
    root = ArchiveRoot.create(tmp_path / "archive")
    for tail in (b"first", b"second", b"first"):
        (root.warc / "x.warc.gz.open").write_bytes(tail)
        (done,) = recover(root, ticking())
        assert done.quarantine is not None
        assert done.quarantine.read_bytes() == tail
        assert done.quarantine.name.startswith("x.warc.gz.open@0.")
    assert {path.read_bytes() for path in root.quarantine.iterdir()} == {b"first", b"second"}
