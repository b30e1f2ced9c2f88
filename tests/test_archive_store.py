"""Writing: what was synced stands, what was refused left no trace, what is sealed stays."""

from __future__ import annotations

import errno
import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from archive.durable import Files, OverwriteError
from archive.errors import StorageError
from archive.layout import ArchiveRoot
from archive.reader import groups, read_record
from archive.recover import recover
from archive.statement import Capture
from archive.store import WarcWriter
from archive.warc import Spool
from tests.checks import check_archive
from tests.groups import INFO, NOW, capture, ticking
from tests.storage import FailingFiles


@pytest.fixture
def root(tmp_path: Path) -> ArchiveRoot:
    return ArchiveRoot.create(tmp_path / "archive")


def writer(root: ArchiveRoot, files: Files | None = None, limit: int = 1 << 30) -> WarcWriter:
    return WarcWriter(root.warc, "test", INFO, ticking(), limit=limit, files=files)


def test_what_was_appended_is_read_again(root: ArchiveRoot) -> None:
    with writer(root) as store:
        stored = [store.append(capture(number)) for number in range(5)]
        assert [path.suffix for path in root.warc.iterdir()] == [".open"]
    (path,) = store.sealed
    assert path.name == "test-20261123120000123456-00000.warc.gz"
    assert list(groups(path)) == stored == check_archive(root)
    assert [group.statement for group in stored] == [capture(n).statement for n in range(5)]
    assert list(groups(path, stored[3].offset)) == stored[3:]


def test_the_warcinfo_record_says_what_made_the_file(root: ArchiveRoot) -> None:
    with writer(root) as store:
        first = store.append(capture(0))
    record = read_record(store.sealed[0], 0, first.offset)
    assert record.header("WARC-Filename") == store.sealed[0].name
    assert isinstance(record.block, bytes)
    fields = dict(line.split(": ", 1) for line in record.block.decode().splitlines())
    assert fields["format"] == "WARC File Format 1.1"
    assert fields["operator"] == "门卫"
    named = read_record(store.sealed[0], first.offset, first.metadata.length)
    assert named.header("WARC-Warcinfo-ID") == record.header("WARC-Record-ID")


def test_a_file_that_is_full_is_sealed_and_the_next_one_begun(root: ArchiveRoot) -> None:
    with writer(root, limit=3000) as store:
        stored = [store.append(capture(number)) for number in range(7)]
    assert len(store.sealed) == len({group.file for group in stored}) > 1
    assert check_archive(root) == stored


def test_a_file_that_lies_idle_is_sealed(root: ArchiveRoot) -> None:
    clock = ticking(by=timedelta(minutes=20))
    store = WarcWriter(root.warc, "test", INFO, clock)
    assert store.rotate_if_idle() is None
    store.append(capture(0))
    assert store.rotate_if_idle() is None
    assert store.rotate_if_idle() is None
    assert store.rotate_if_idle() == root.warc / "test-20261123120000123456-00000.warc.gz"
    store.append(capture(1))
    store.close()
    assert len(store.sealed) == 2
    check_archive(root)


def test_a_writer_without_a_group_makes_no_file(root: ArchiveRoot) -> None:
    with writer(root) as store:
        store.sync()
    assert store.sealed == list(root.warc.iterdir()) == []


def test_two_writers_of_one_name_and_moment_take_different_files(root: ArchiveRoot) -> None:
    with writer(root) as one, writer(root) as other:
        one.append(capture(1))
        other.append(capture(2))
    with writer(root) as third:
        third.append(capture(3))
    assert len(list(root.warc.iterdir())) == 3
    check_archive(root)


def test_sealing_never_writes_over_a_file(root: ArchiveRoot) -> None:
    store = writer(root)
    name = store.append(capture(0)).file
    (root.warc / name).write_bytes(b"somebody else's")
    with pytest.raises(OverwriteError), store:
        pass
    assert (root.warc / name).read_bytes() == b"somebody else's"
    assert len(list(groups(root.warc / f"{name}.open"))) == 1


def test_a_new_file_that_another_recovery_takes_away_is_begun_again(root: ArchiveRoot) -> None:
    class Hasty(Files):
        def __init__(self) -> None:
            self.left = 2

        def create(self, path: Path, mode: int = 0o644) -> int:
            fd = super().create(path)
            if self.left:
                self.left -= 1
                path.unlink()
            return fd

    with writer(root, Hasty()) as store:
        stored = store.append(capture(0))
    assert stored.file.endswith("-00002.warc.gz")
    assert check_archive(root) == [stored]


def test_a_prefix_stays_in_the_folder(root: ArchiveRoot) -> None:
    for prefix in ("", "..", "../x", "a/b", ".hidden"):
        with pytest.raises(ValueError, match="file name"):
            WarcWriter(root.warc, prefix, INFO, ticking())


def test_a_spooled_block_is_stored_exactly(root: ArchiveRoot, tmp_path: Path) -> None:
    blocks = [
        b"HTTP/1.1 200 OK\r\n\r\n" + body for body in (b"text " * 5_000_000, os.urandom(9 << 20))
    ]
    with writer(root) as store:
        for number, block in enumerate(blocks):
            spool = tmp_path / f"spool-{number}"
            spool.write_bytes(block + b"not of the block")
            stored = store.append(capture(number, Spool(spool, len(block))))
            in_memory = store.append(capture(number, block[19:]))
            assert stored.records[-1].plain_length == in_memory.records[-1].plain_length
    found = check_archive(root)
    for group, block in zip(found[::2], blocks, strict=True):
        last = group.records[-1]
        read = read_record(store.sealed[0], last.offset, last.length).block
        assert (read if isinstance(read, bytes) else b"".join(read.chunks())) == block


def test_a_spool_that_changes_while_it_is_stored_leaves_no_group(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    spool = tmp_path / "spool"
    spool.write_bytes(b"a" * 100)

    class Meddling(Files):
        def write(self, fd: int, data: bytes) -> None:
            super().write(fd, data)
            spool.write_bytes(b"b" * 100)

    with writer(root) as store:
        kept = store.append(capture(0))
        group = capture(1, Spool(spool, 100))
        store._files = Meddling()
        with pytest.raises(StorageError, match="changed while it was stored"):
            store.append(group)
        store._files = Files()
        after = store.append(capture(2))
    assert check_archive(root) == [kept, after]


def test_sync_runs_beside_append(root: ArchiveRoot) -> None:
    done = threading.Event()
    failed: list[BaseException] = []

    def syncing() -> None:
        try:
            while not done.is_set():
                store.sync()
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            failed.append(error)

    with writer(root, limit=20_000) as store:
        threads = [threading.Thread(target=syncing) for _ in range(2)]
        for thread in threads:
            thread.start()
        stored = [store.append(capture(number)) for number in range(300)]
        done.set()
        for thread in threads:
            thread.join()
    assert not failed
    assert check_archive(root) == stored


def store_six(root: ArchiveRoot, files: Files, durable: list[str]) -> None:
    """The life of a writer: `durable` gets the ids of the groups whose sync has returned."""
    with writer(root, files, limit=4500) as store:
        for number in range(6):
            group = store.append(capture(number))
            if number % 2:
                store.sync()
                durable[:] = [*durable, group.id] if group.id not in durable else durable


@pytest.mark.parametrize(
    ("number", "effect", "lasting"),
    [
        (errno.ENOSPC, "none", True),
        (errno.ENOSPC, "part", False),
        (errno.EIO, "part", True),
        (errno.EIO, "none", False),
        (errno.EIO, "all", False),
    ],
)
def test_a_disk_that_refuses_any_step_loses_nothing_durable(
    tmp_path: Path, number: int, effect: str, lasting: bool
) -> None:
    at = 0
    while True:
        at += 1
        root = ArchiveRoot.create(tmp_path / str(at))
        files = FailingFiles(at, number, effect=effect, lasting=lasting)
        durable: list[str] = []
        try:
            store_six(root, files, durable)
            break
        except StorageError:
            pass
        recover(root, ticking())
        found = [group.id for group in check_archive(root)]
        assert set(durable) <= set(found)
        store_six(root, Files(), durable)
        check_archive(root)
    assert at > 15
    assert files.steps < at


def test_a_refused_group_leaves_no_trace_and_the_next_one_is_taken(root: ArchiveRoot) -> None:
    files = FailingFiles(4, errno.ENOSPC, effect="part")  # create, folder, warcinfo, the group
    with writer(root, files) as store:
        with pytest.raises(StorageError, match="No space left"):
            store.append(capture(0))
        stored = [store.append(capture(number)) for number in (1, 2)]
    assert check_archive(root) == stored
    statement = stored[0].statement
    assert isinstance(statement, Capture)
    assert statement.time == NOW


def test_a_file_whose_only_group_was_refused_is_removed(root: ArchiveRoot) -> None:
    files = FailingFiles(4, errno.ENOSPC, effect="part")
    with writer(root, files) as store, pytest.raises(StorageError, match="No space left"):
        store.append(capture(0))
    assert list(root.warc.iterdir()) == []


def test_a_writer_whose_storage_failed_takes_nothing_more(root: ArchiveRoot) -> None:
    with writer(root, FailingFiles(5, errno.EIO)) as store:  # the first fsync
        kept = store.append(capture(0))
        for act in (store.sync, store.sync, store.seal, lambda: store.append(capture(1))):
            with pytest.raises(StorageError):
                act()
    (done,) = recover(root, ticking())
    assert (done.kept_groups, done.cut_bytes, done.quarantine) == (1, 0, None)
    assert check_archive(root) == [kept]
