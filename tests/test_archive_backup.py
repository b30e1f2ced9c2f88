"""A backup holds every byte, survives what its disk does, and never lets damage replace what is good."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.backup import BackupReport, backup
from archive.copying import Folder
from archive.durable import Files
from archive.errors import (
    DamagedError,
    NotFoundError,
    StorageError,
    UncheckedError,
    UsageError,
    Where,
)
from archive.evidence.keys import KeyRing
from archive.evidence.log import Signed, current_log
from archive.evidence.sequencer import RefusedError
from archive.evidence.succession import close_log
from archive.layout import ArchiveRoot
from archive.manifest import MANIFEST, Manifest, path_of
from archive.recover import recover
from archive.restore import lost_since, restore, unmark, verify_backup
from archive.store import WarcWriter
from tests.captures import TIME, store
from tests.checks import check_archive
from tests.groups import capture
from tests.logs import ORIGIN, check_grown, check_logs, commit, logged_archive
from tests.storage import Crash, FailingFiles, LossyFiles, Steps

ABOUT = {"time": "2026-11-23T08:00:00.000000Z", "operator": "Ada", "software": "test"}
NOW = "2026-11-24T08:00:00.000000Z"


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Power is cut by `LossyFiles`, which keeps account of what was synced; the real disk has no part."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def fill(root: ArchiveRoot, count: int, prefix: str = "test") -> Path:
    return store(root.path, *(capture(number) for number in range(count)), prefix=prefix)


def back_up(root: ArchiveRoot, folder: Path, **options: object) -> BackupReport:
    return backup(root, folder, about=ABOUT, **options)  # type: ignore[arg-type]


def bring_back(folder: Path, target: Path, files: Files | None = None) -> ArchiveRoot:
    return restore(folder, target, time=NOW, files=files).root


@pytest.fixture
def root(tmp_path: Path) -> ArchiveRoot:
    """An archive with something in each of its folders."""
    root = logged_archive(tmp_path / "a")
    root.config.write_text('operator = "Ada"\n')
    (root.sources / "mofa.toml").write_text("name = 'mofa'\n")
    (root.quarantine / "x@12.abcd").write_bytes(b"cut off")
    (root.timestamps / "1-00").mkdir()
    (root.timestamps / "1-00/first.tsr").write_bytes(b"stamp")
    (root.timestamps / "1-00/first.attempts.jsonl").write_bytes(b"{}\n")
    (root.crawls / "c1").mkdir()
    (root.crawls / "c1/order.json").write_bytes(b"{}")
    (root.crawls / "c1/frontier.sqlite").write_bytes(b"not copied")
    root.catalog.write_bytes(b"not copied")
    fill(root, 260, "a")
    fill(root, 3, "b")
    commit(root)
    return root


LEFT_OUT = {"catalog.sqlite", "crawls/c1/frontier.sqlite", "log.lock"}


def tree(root: ArchiveRoot, *, keys: bool = True) -> dict[str, tuple[bytes, int]]:
    """Bytes and permissions of every file that a backup must hold."""
    found = {}
    for path in root.path.rglob("*"):
        name = path.relative_to(root.path).as_posix()
        if path.is_file() and name not in LEFT_OUT and (keys or not name.endswith(".key")):
            found[name] = (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
    return found


def same(root: ArchiveRoot, restored: ArchiveRoot, *, keys: bool = True) -> None:
    """Assert that what was restored is the archive, but for the mark in its log."""
    found = tree(restored)
    assert found.pop("log/restored")
    assert found == tree(root, keys=keys)
    check_archive(restored)
    check_logs(restored)


def damage(path: Path) -> bytes:
    """Flip a bit in the middle of a file; returns what it was."""
    before = path.read_bytes()
    data = bytearray(before)
    data[len(data) // 2] ^= 1
    mode = path.stat().st_mode
    path.chmod(0o644)
    path.write_bytes(data)
    path.chmod(mode)
    return before


def checked_by_sha256sum(folder: Path) -> None:
    words = ["sha256sum", "--check", "--strict", "--quiet", MANIFEST]
    subprocess.run(words, cwd=folder, check=True)


def test_what_is_restored_is_the_archive_byte_for_byte(root: ArchiveRoot, tmp_path: Path) -> None:
    report = back_up(root, tmp_path / "d")
    assert (report.damaged, report.private_keys, report.kept) == ([], 1, 0)
    assert report.copied == len(tree(root, keys=False))
    checked_by_sha256sum(tmp_path / "d")
    same(root, bring_back(tmp_path / "d", tmp_path / "r"), keys=False)


def test_a_second_backup_copies_only_what_is_new_or_changed(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    first = back_up(root, tmp_path / "d")
    again = back_up(root, tmp_path / "d")
    assert (again.copied, again.copied_bytes, again.kept) == (0, 0, first.copied)
    fill(root, 2, "c")
    (root.sources / "mofa.toml").write_text("name = 'moha'\n")
    with (root.timestamps / "1-00/first.attempts.jsonl").open("ab") as file:
        file.write(b"{}\n")
    third = back_up(root, tmp_path / "d")
    assert (third.copied, third.kept) == (3, first.copied - 2)
    commit(root)
    back_up(root, tmp_path / "d")
    checked_by_sha256sum(tmp_path / "d")
    listed = Manifest.parse((tmp_path / "d" / MANIFEST).read_bytes(), Where("list"))
    lying = {
        path.relative_to(tmp_path / "d").as_posix()
        for path in (tmp_path / "d").rglob("*")
        if path.is_file()
    }
    assert lying == {*listed.digests, MANIFEST, "backup.lock"}
    same(root, bring_back(tmp_path / "d", tmp_path / "r"), keys=False)


def test_what_was_taken_away_on_purpose_leaves_the_backup(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    back_up(root, tmp_path / "d", with_keys=True)
    (root.sources / "mofa.toml").unlink()
    shutil.rmtree(root.crawls / "c1")
    assert back_up(root, tmp_path / "d").damaged == []
    assert not list((tmp_path / "d").rglob("*.key"))
    same(root, bring_back(tmp_path / "d", tmp_path / "r"), keys=False)


def test_private_keys_are_copied_only_when_asked_for_and_stay_private(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    (root.keys / "seal.pem").write_text("-----BEGIN PRIVATE KEY-----\n")
    (root.keys / "first-roots.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    assert back_up(root, tmp_path / "d").private_keys == 2
    copies = [path.name for path in (tmp_path / "d").rglob("*/keys/*")]
    assert "first-roots.pem" in copies
    assert not {"seal.pem"} & set(copies)
    assert back_up(root, tmp_path / "d", with_keys=True).private_keys == 0
    restored = bring_back(tmp_path / "d", tmp_path / "r")
    (root.keys / "seal.pem").chmod(0o600)
    same(root, restored)
    for folder in (tmp_path / "d", restored.path):
        for path in (*folder.rglob("*.key"), *folder.rglob("seal.pem")):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    unmark(restored)
    fill(restored, 1, "c")
    commit(restored)


def test_what_is_being_written_is_in_the_backup_up_to_its_last_whole_group(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    with WarcWriter(root.warc, "live", {}, lambda: TIME) as writer:
        kept = [writer.append(capture(number)) for number in range(3)]
        commit(root)
        (path,) = root.warc.glob("*.open")
        with path.open("ab", buffering=0) as file:
            file.write(path.read_bytes()[200:260])
            assert back_up(root, tmp_path / "d").open_groups == 3
            file.truncate(path.stat().st_size - 60)
        restored = bring_back(tmp_path / "d", tmp_path / "r")
        assert [each.kept_groups for each in recover(restored, lambda: TIME)] == [3]
        assert check_archive(restored)[-3:] == kept
        check_logs(restored)
        writer.append(capture(4))
    report = back_up(root, tmp_path / "d")
    assert (report.open_groups, report.damaged) == (0, [])
    commit(root)
    back_up(root, tmp_path / "d")
    same(root, bring_back(tmp_path / "d", tmp_path / "r2"), keys=False)


def test_a_file_sealed_while_the_backup_comes_to_it_is_copied_as_sealed(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    writer = WarcWriter(root.warc, "live", {}, lambda: TIME)
    writer.append(capture(1))
    commit(root)

    class Sealing(Files):
        """Seals when the first of the copies is made."""

        def create(self, path: Path, mode: int = 0o644) -> int:
            writer.close()
            return super().create(path, mode)

    assert back_up(root, tmp_path / "d", files=Sealing()).damaged == []
    same(root, bring_back(tmp_path / "d", tmp_path / "r"), keys=False)


def test_a_backup_that_goes_away_meanwhile_is_not_taken_for_whole(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    class Unmounted(Files):
        def fsync(self, fd: int) -> None:
            shutil.rmtree(tmp_path / "d", ignore_errors=True)

    with pytest.raises(FileNotFoundError):
        back_up(root, tmp_path / "d", files=Unmounted())


def test_a_damaged_file_is_told_of_and_never_replaces_its_good_copy(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    folder = tmp_path / "d"
    back_up(root, folder)
    (sealed,) = root.warc.glob("a-*")
    tile = root.log / "tile/0/000"
    stamp = root.timestamps / "1-00/first.tsr"
    before = {path: path.read_bytes() for path in (sealed, tile, stamp)}
    sealed.chmod(0o644)
    sealed.write_bytes(before[sealed][:-10])
    damage(tile)
    damage(stamp)
    told = [str(error) for error in back_up(root, folder).damaged]
    assert len(told) == 3
    for path in before:
        (line,) = [line for line in told if str(path) in line]
        assert "expected sha256 " in line
        assert ", found " in line
    restored = bring_back(folder, tmp_path / "r")
    for path, data in before.items():
        assert (restored.path / path.relative_to(root.path)).read_bytes() == data
    check_archive(restored)
    check_logs(restored)


def test_a_file_that_is_gone_is_told_of_and_stays_in_the_backup(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    expected = tree(root, keys=False)
    back_up(root, tmp_path / "d")
    next(root.warc.glob("a-*")).unlink()
    (root.timestamps / "1-00/first.tsr").unlink()
    shutil.rmtree(root.log / "tile/0/001.p")  # a partial tile may go
    for _ in range(2):
        told = [str(error) for error in back_up(root, tmp_path / "d").damaged]
    assert len(told) == 3
    assert all("missing" in line for line in told)
    found = tree(bring_back(tmp_path / "d", tmp_path / "r"))
    del found["log/restored"]
    assert found == expected


def test_a_new_file_is_checked_by_the_leaf_of_its_seal_or_by_its_statements(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    (sealed,) = root.warc.glob("a-*")
    known = {sealed.name: bytes(32)}
    (error,) = back_up(root, tmp_path / "d", known=known).damaged
    assert "expected sha256 0000" in str(error)
    before = damage(sealed)
    (error,) = back_up(root, tmp_path / "d").damaged
    assert str(sealed) in str(error)
    assert not list((tmp_path / "d/warc").glob("a-*"))
    sealed.chmod(0o644)
    sealed.write_bytes(before)
    sealed.chmod(0o444)
    assert back_up(root, tmp_path / "d").damaged == []
    same(root, bring_back(tmp_path / "d", tmp_path / "r"), keys=False)


def test_a_damaged_log_is_told_of_and_the_copy_of_it_stays(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    back_up(root, tmp_path / "d")
    before = (root.log / "head").read_bytes()
    (root.log / "head").write_bytes(b"{}")
    fill(root, 1, "c")
    (error,) = back_up(root, tmp_path / "d").damaged
    assert "head of the log is damaged" in str(error)
    restored = bring_back(tmp_path / "d", tmp_path / "r")
    assert (restored.log / "head").read_bytes() == before
    assert len(check_archive(restored)) == 264


def test_a_damaged_copy_is_refused_by_restore_and_mended_by_a_check(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    folder = tmp_path / "d"
    back_up(root, folder)
    copy = next((folder / "warc").glob("a-*"))
    damage(copy)
    with pytest.raises(DamagedError, match="expected sha256") as caught:
        bring_back(folder, tmp_path / "r")
    assert str(copy) in str(caught.value)
    assert not (tmp_path / "r").exists()
    assert back_up(root, folder).copied == 0
    mended = back_up(root, folder, check=True)
    assert (mended.copied, mended.damaged) == (1, [])
    copy.unlink()
    assert back_up(root, folder).copied == 1
    same(root, bring_back(folder, tmp_path / "r"), keys=False)


def test_where_archive_and_copy_are_damaged_the_rest_can_be_restored(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    folder = tmp_path / "d"
    back_up(root, folder)
    (sealed,) = root.warc.glob("a-*")
    damage(folder / "warc" / sealed.name)
    damage(sealed)
    told = [str(error) for error in back_up(root, folder, check=True).damaged]
    assert len(told) == 2
    assert "the copy in the backup is damaged" in told[1]
    restored = bring_back(folder, tmp_path / "r")
    assert [path.name for path in restored.warc.iterdir()] == [next(root.warc.glob("b-*")).name]


def test_no_link_is_followed_out_of_the_archive(root: ArchiveRoot, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/file").write_text("secret")
    (root.sources / "link.toml").symlink_to(secret)
    (root.sources / "folder").symlink_to(tmp_path / "elsewhere")
    (root.warc / "z.warc.gz").symlink_to(secret)
    os.mkfifo(root.sources / "pipe")
    report = back_up(root, tmp_path / "d")
    assert len(report.damaged) == 4
    copies = [path.read_bytes() for path in (tmp_path / "d").rglob("*") if path.is_file()]
    assert b"secret" not in copies


@pytest.mark.parametrize("name", ["warc", "log", "keys"])
def test_a_folder_that_is_a_link_is_told_of(root: ArchiveRoot, tmp_path: Path, name: str) -> None:
    (root.path / name).rename(tmp_path / "moved")
    (root.path / name).symlink_to(tmp_path / "moved")
    (error,) = back_up(root, tmp_path / "d").damaged
    assert str(root.path / name) in str(error)
    assert not list((tmp_path / "d").glob(f"**/{name}"))


def test_nothing_is_written_or_read_through_a_link_in_the_backup(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    folder = tmp_path / "d"
    back_up(root, folder)
    (folder / "warc").rename(tmp_path / "moved")
    (folder / "warc").symlink_to(tmp_path / "moved")
    before = sorted((tmp_path / "moved").iterdir())
    with pytest.raises(UsageError, match="symbolic link"):
        bring_back(folder, tmp_path / "r")
    fill(root, 1, "c")
    with pytest.raises(UsageError, match="symbolic link"):
        back_up(root, folder)
    assert sorted((tmp_path / "moved").iterdir()) == before
    (folder / "warc").unlink()
    (tmp_path / "moved").rename(folder / "warc")
    copy = next((folder / "warc").glob("a-*"))
    copy.rename(tmp_path / "moved")
    copy.symlink_to(tmp_path / "moved")
    with pytest.raises(DamagedError, match="backup is damaged"):
        bring_back(folder, tmp_path / "r")
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    "place", ["../out", "/out", "state/1/../../out", "a//b", "./a", "", "a/..", "a\0b"]
)
def test_a_list_that_leads_out_of_the_backup_is_refused(place: str) -> None:
    line = f"{'0' * 64}  {place}\n".encode()
    with pytest.raises(DamagedError, match="the list of the backup is damaged"):
        Manifest.parse(line, Where("list"))


@pytest.mark.parametrize("cut", [0, 1, 10, 70])
def test_a_list_that_is_cut_off_is_refused(cut: int) -> None:
    data = Manifest({"a": bytes(32), "state/1/b": bytes(32)}).to_bytes()
    with pytest.raises(DamagedError):
        Manifest.parse(data[: len(data) - 1 - cut], Where("list"))
    with pytest.raises(DamagedError):
        Manifest.parse(data + data, Where("list"))
    twice = Manifest({"a": bytes(32), "state/1/a": bytes(32)}).to_bytes()
    with pytest.raises(DamagedError):
        Manifest.parse(twice, Where("list"))


NAMES = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20
).filter(lambda name: name not in {".", ".."})


@given(
    st.dictionaries(
        st.lists(NAMES, min_size=1, max_size=3).map("/".join),
        st.binary(min_size=32, max_size=32),
        min_size=1,
    )
)
def test_every_list_reads_back_whatever_the_names(digests: dict[str, bytes]) -> None:
    kept = {place: digest for place, digest in digests.items() if path_of(place) == place}
    manifest = Manifest(kept or {"x": bytes(32)})
    assert Manifest.parse(manifest.to_bytes(), Where("list")).digests == manifest.digests


@given(st.binary(max_size=300))
def test_whatever_a_list_holds_only_our_error_comes_out(data: bytes) -> None:
    with suppress(DamagedError):
        Manifest.parse(data, Where("list"))


def test_sha256sum_reads_names_that_need_escapes(tmp_path: Path) -> None:
    folder = Folder(tmp_path, Files())
    names = ["plain", "back\\slash", "new\nline", "字", " space "]
    digests = {name: folder.write(name, [name.encode()]) for name in names}
    (tmp_path / MANIFEST).write_bytes(Manifest(digests).to_bytes())
    checked_by_sha256sum(tmp_path)


def grown(folder: Path, template: Path) -> tuple[ArchiveRoot, Path]:
    """A copy of an archive and its backup, and a file and an edit that the backup lacks."""
    shutil.copytree(template, folder)
    return ArchiveRoot(folder / "a"), folder / "d"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    folder = tmp_path / "template"
    root = logged_archive(folder / "a")
    (root.sources / "mofa.toml").write_text("1")
    fill(root, 2, "a")
    commit(root)
    back_up(root, folder / "d")
    fill(root, 1, "b")
    (root.sources / "mofa.toml").write_text("2")
    commit(root)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    """What a backup holds, once each of its files was found as it is listed."""
    manifest = verify_backup(folder)
    found = {path: manifest.digests[place] for path, place in manifest.places.items()}
    del found["backup.json"]
    return found


@pytest.fixture
def both(tmp_path: Path, template: Path) -> tuple[dict[str, bytes], dict[str, bytes], int]:
    """What the former backup holds, what the new one must, and how many steps lead to it."""
    former = content(template / "d")
    root, place = grown(tmp_path / "count", template)
    files = Steps()
    back_up(root, place, files=files)
    same(root, bring_back(place, tmp_path / "count/r"), keys=False)
    assert former != content(place)
    return former, content(place), files.steps


Both = tuple[dict[str, bytes], dict[str, bytes], int]


@pytest.mark.parametrize("survives", ["nothing", "part", "zeros"])
def test_a_power_cut_at_any_step_leaves_the_former_backup_or_the_new_one(
    tmp_path: Path, template: Path, both: Both, survives: str
) -> None:
    former, new, steps = both
    seen = []
    for at in range(1, steps + 1):
        root, place = grown(tmp_path / str(at), template)
        files = LossyFiles(place, at)
        with pytest.raises(Crash):
            back_up(root, place, files=files)
        files.crash(survives)
        seen.append(content(place))
        assert back_up(root, place).damaged == []
        assert content(place) == new
        assert not list(place.rglob("*.part"))
        shutil.rmtree(root.path.parent)
    assert all(found in (former, new) for found in seen)
    assert former in seen
    assert new in seen


@pytest.mark.parametrize(
    ("number", "effect"),
    [(errno.ENOSPC, "none"), (errno.ENOSPC, "part"), (errno.EIO, "part"), (errno.EIO, "all")],
)
def test_a_disk_that_fails_at_any_step_leaves_the_former_backup_or_the_new_one(
    tmp_path: Path, template: Path, both: Both, number: int, effect: str
) -> None:
    former, new, steps = both
    for at in range(1, steps + 1):
        root, place = grown(tmp_path / str(at), template)
        with pytest.raises(StorageError):
            back_up(root, place, files=FailingFiles(at, number, effect=effect, lasting=True))
        assert content(place) in (former, new)
        assert back_up(root, place).damaged == []
        assert content(place) == new
        shutil.rmtree(root.path.parent)


def test_a_power_cut_in_the_first_backup_leaves_none_and_the_next_one_makes_it(
    tmp_path: Path, template: Path, both: Both
) -> None:
    _, new, steps = both
    for at in range(1, 3 * steps):
        root, place = grown(tmp_path / str(at), template)
        shutil.rmtree(place)
        place.mkdir()
        files = LossyFiles(place, at)
        try:
            back_up(root, place, files=files)
        except Crash:
            files.crash("part")
        else:
            break
        if not (place / MANIFEST).exists():
            with pytest.raises(NotFoundError, match="no backup here"):
                bring_back(place, tmp_path / "r")
        back_up(root, place)
        assert content(place) == new
        shutil.rmtree(root.path.parent)
    assert at > steps


def test_a_power_cut_during_a_restore_leaves_no_archive_that_could_sign(
    tmp_path: Path, template: Path
) -> None:
    whole = len(content(template / "d")) + 1  # the mark
    for at in range(1, 200):
        target = tmp_path / str(at)
        target.mkdir()
        files = LossyFiles(target, at)
        try:
            bring_back(template / "d", target, files)
        except Crash:
            files.crash("nothing")
        else:
            break
        restored = ArchiveRoot(target)
        assert not restored.config.exists() or len(tree(restored)) == whole
        assert not (restored.log / "head").exists() or (restored.log / "restored").exists()
    assert at > 40


def test_a_disk_that_gives_other_bytes_back_is_not_believed(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    class Lying(Files):
        def write(self, fd: int, data: bytes) -> None:
            super().write(fd, data[:-1] + bytes([data[-1] ^ 1]))

    with pytest.raises(StorageError, match="does not give back"):
        back_up(root, tmp_path / "d", files=Lying())
    assert not (tmp_path / "d" / MANIFEST).exists()


def test_two_backups_at_once_are_refused(root: ArchiveRoot, tmp_path: Path) -> None:
    back_up(root, tmp_path / "d")
    with (tmp_path / "d/backup.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UsageError, match="a backup is being written there"):
            back_up(root, tmp_path / "d")
        with pytest.raises(UsageError, match="a backup is being written there"):
            bring_back(tmp_path / "d", tmp_path / "r")
    back_up(root, tmp_path / "d")


def test_a_folder_that_is_no_place_for_a_backup_is_refused(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/letter.txt").write_text("x")
    places = [tmp_path / "home", root.path, root.path / "copy", tmp_path]
    (tmp_path / "link").symlink_to(root.warc)
    for place in (*places, tmp_path / "link", tmp_path / "home/letter.txt"):
        with pytest.raises(UsageError):
            back_up(root, place)
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["letter.txt"]
    assert not (root.path / "copy").exists()


def test_another_archive_never_takes_the_place_of_a_backup(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    back_up(root, tmp_path / "d")
    other = ArchiveRoot.create(tmp_path / "other")
    fill(other, 1)
    with pytest.raises(UsageError, match=f"another archive's backup is there: its log is {ORIGIN}"):
        back_up(other, tmp_path / "d")
    same(root, bring_back(tmp_path / "d", tmp_path / "r"), keys=False)


def test_an_archive_that_was_set_back_never_replaces_its_later_backup(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    back_up(root, tmp_path / "older", with_keys=True)
    fill(root, 1, "c")
    commit(root)
    back_up(root, tmp_path / "later", with_keys=True)
    restored = bring_back(tmp_path / "older", tmp_path / "r")
    with pytest.raises(RefusedError, match="entries that the log of the archive lacks: it has 264"):
        back_up(restored, tmp_path / "later")
    unmark(restored)
    fill(restored, 1, "d")
    commit(restored)
    with pytest.raises(RefusedError):
        back_up(restored, tmp_path / "later")
    same(root, bring_back(tmp_path / "later", tmp_path / "r2"))


def test_a_log_that_was_closed_and_succeeded_goes_into_the_same_backup(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    from archive.evidence.sequencer import Sequencer  # noqa: PLC0415

    back_up(root, tmp_path / "d")
    closed = close_log(root, ORIGIN)
    KeyRing(root.keys, closed.successor).create()
    first = fill(root, 2, "c")
    sequencer = Sequencer(root, closed.successor, succeeding=True)
    sequencer.append(first=first)
    sequencer.sign(KeyRing(root.keys, closed.successor).signers())
    assert back_up(root, tmp_path / "d").damaged == []
    same(root, bring_back(tmp_path / "d", tmp_path / "r"), keys=False)


def test_a_log_that_is_closed_while_it_is_copied_makes_no_backup(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    back_up(root, tmp_path / "d")
    before = content(tmp_path / "d")

    class Succeeding(Files):
        def create(self, path: Path, mode: int = 0o644) -> int:
            if current_log(root).head:
                close_log(root, ORIGIN)
            return super().create(path, mode)

    fill(root, 1, "c")
    with pytest.raises(UncheckedError, match="succeeded meanwhile"):
        back_up(root, tmp_path / "d", files=Succeeding())
    assert content(tmp_path / "d") == before


def test_a_restored_log_is_not_signed_until_somebody_says_how_it_goes_on(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    before = Signed.parse((root.log / "checkpoint").read_bytes())
    back_up(root, tmp_path / "d", with_keys=True)
    restored = bring_back(tmp_path / "d", tmp_path / "r")
    mark = (restored.log / "restored").read_text()
    assert ABOUT["time"] in mark
    assert NOW in mark
    assert before.data.decode().splitlines()[2] in mark
    with pytest.raises(RefusedError, match="restored from a backup"):
        commit(restored)
    unmark(restored)
    check_grown(before, commit(restored), restored)


def test_an_empty_log_that_was_restored_can_be_closed(tmp_path: Path) -> None:
    root = logged_archive(tmp_path / "a")
    back_up(root, tmp_path / "d")
    restored = bring_back(tmp_path / "d", tmp_path / "r")
    fill(restored, 1)
    with pytest.raises(RefusedError, match="restored from a backup"):
        commit(restored)
    assert close_log(restored, ORIGIN).successor == f"{ORIGIN}/2"
    assert not current_log(restored).is_restored


def test_that_nothing_was_lost_is_shown_by_every_published_checkpoint_or_not_at_all(
    root: ArchiveRoot, tmp_path: Path
) -> None:
    log = current_log(root)
    now = log.signed()
    assert now is not None
    assert lost_since(log, [now, now], 2) is None
    assert "names no place" in str(lost_since(log, [], 0))
    assert "does not hold one" in str(lost_since(log, [now], 2))
    fill(root, 1, "c")
    later = commit(root)
    assert lost_since(log, [now, later], 2) == "1 entries were signed since"
    earlier = current_log(root)
    assert "another than the one restored" in str(lost_since(earlier, [now], 1))
    forged = Signed.parse(now.data.replace(b"\n264\n", b"\n263\n").replace(b"\n263\n", b"\n262\n"))
    assert "does not verify" in str(lost_since(log, [forged], 1))
    assert "empty" in str(lost_since(current_log(logged_archive(tmp_path / "e")), [now], 1))


def test_a_restore_writes_over_nothing(root: ArchiveRoot, tmp_path: Path) -> None:
    back_up(root, tmp_path / "d")
    before = tree(root)
    for target in (root.path, tmp_path / "d/warc", tmp_path / "d/new", root.config):
        with pytest.raises(UsageError):
            bring_back(tmp_path / "d", target)
    assert tree(root) == before
