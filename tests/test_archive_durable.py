"""Files that are written whole or not at all, and never over others; and the archive's folders."""

from __future__ import annotations

import errno
import itertools
from pathlib import Path

import pytest

from archive.durable import Files, OverwriteError, write_new
from archive.errors import NotFoundError, StorageError, UsageError
from archive.layout import ArchiveRoot
from tests.storage import Crash, FailingFiles, LossyFiles


def test_the_same_bytes_again_are_fine_and_others_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_new(path, b"bytes")
    write_new(path, [b"by", b"tes"])
    with pytest.raises(OverwriteError):
        write_new(path, b"other")
    assert path.read_bytes() == b"bytes"
    assert list(tmp_path.iterdir()) == [path]


def test_a_rename_never_writes_over_a_file(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"old")
    new.write_bytes(b"new")
    with pytest.raises(OverwriteError) as caught:
        Files().rename(old, new)
    assert str(new) in str(caught.value)
    assert (old.read_bytes(), new.read_bytes()) == (b"old", b"new")


def test_a_rename_that_a_crash_cut_in_two_is_carried_through(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"bytes")
    new.hardlink_to(old)
    Files().rename(old, new)
    assert list(tmp_path.iterdir()) == [new]


@pytest.mark.parametrize("survives", ["nothing", "part", "zeros"])
def test_after_a_crash_at_any_step_the_file_is_whole_or_absent(
    tmp_path: Path, survives: str
) -> None:
    for at in itertools.count(1):
        folder = tmp_path / str(at)
        folder.mkdir()
        files = LossyFiles(folder, at)
        returned = False
        try:
            write_new(folder / "file", b"all of it", files)
            returned = True
        except Crash:
            pass
        files.crash(survives)
        path = folder / "file"
        assert path.read_bytes() == b"all of it" if path.exists() else not returned
        write_new(path, b"all of it")
        if returned:
            break
    assert at > 4


@pytest.mark.parametrize("effect", ["none", "part", "all"])
def test_a_disk_that_refuses_any_step_is_said_and_the_next_try_succeeds(
    tmp_path: Path, effect: str
) -> None:
    for at in itertools.count(1):
        path = tmp_path / str(at)
        files = FailingFiles(at, errno.ENOSPC, effect=effect)
        if at > 5:
            break
        with pytest.raises(StorageError) as caught:
            write_new(path, b"all of it", files)
        assert caught.value.advice
        assert not path.exists() or path.read_bytes() == b"all of it"
        write_new(path, b"all of it")
    write_new(path, b"all of it", files)
    assert files.steps == 5


def test_an_error_that_is_no_want_of_space_stays_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(PermissionError):
        write_new(tmp_path / "file", b"", FailingFiles(1, errno.EACCES))


def test_a_folder_is_entered_durably_with_those_above_it(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    files = LossyFiles(disk)
    files.mkdir(disk / "a" / "b")
    files.mkdir(disk / "a" / "b")
    files.crash()
    assert (disk / "a" / "b").is_dir()


def test_an_archive_is_made_once_and_opened_by_its_configuration(tmp_path: Path) -> None:
    path = tmp_path / "new" / "archive"
    with pytest.raises(NotFoundError, match="no archive here"):
        ArchiveRoot.open(path)
    root = ArchiveRoot.create(path, 'operator = "门卫"\n')
    assert ArchiveRoot.open(path) == root
    assert root.config.read_text(encoding="utf-8") == 'operator = "门卫"\n'
    for folder in (root.warc, root.sources, root.crawls, root.quarantine):
        assert folder.is_dir()
    with pytest.raises(UsageError, match="already"):
        ArchiveRoot.create(path)


def test_an_archive_half_made_is_none_and_is_made_again(tmp_path: Path) -> None:
    for at in itertools.count(1):
        path = tmp_path / str(at)
        path.mkdir()
        files = LossyFiles(path, at)
        try:
            ArchiveRoot.create(path, "x = 1\n", files)
            break
        except Crash:
            files.crash()
        if not (path / "muniment.toml").exists():
            ArchiveRoot.create(path, "x = 1\n")
        assert ArchiveRoot.open(path).warc.is_dir()
    assert at > 5
