"""Backup and restore as orders: what they say, what they record, and what they leave to a person."""

from __future__ import annotations

import shutil
import stat
import threading
import time
from pathlib import Path

import pytest

from archive.evidence.log import Signed, current_log
from archive.layout import ArchiveRoot
from archive.manifest import MANIFEST
from archive.reader import groups
from archive.restore import verify_backup
from archive.statement import Event
from tests.captures import answer, store, wire_group
from tests.checks import check_archive
from tests.logs import check_logs
from tests.muniment import Told, muniment
from tests.program import muniment as program
from tests.small_site import Answers, Page, html, serve

PAGE = "https://www.example.gov/notice.html"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive with a capture, which publishes its checkpoints in two places."""
    root = tmp_path / "a"
    muniment("init", root, "--operator", "Ada", "--origin", "example.gov/log")
    config = root / "muniment.toml"
    text = config.read_text().replace("[log]", '[log]\npublish = ["../one", "../two"]', 1)
    config.write_text(text)
    store(root, wire_group(PAGE, answer(b"<p>notice</p>")))
    muniment("rebuild", archive=root)
    muniment("log", "checkpoint", archive=root)
    return root


def events(root: Path, kind: str) -> list[Event]:
    told = [
        group.statement
        for path in sorted((root / "warc").glob("events-*.warc.gz"))
        for group in groups(path)
    ]
    return [event for event in told if isinstance(event, Event) and event.type == kind]


def restored(folder: Path, target: Path, *options: str, code: int = 0) -> Told:
    done = muniment("restore", folder, target, *options)
    assert done.code == code, done.err
    return done


def test_a_backup_is_recorded_and_holds_its_own_record(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    done = muniment("backup", folder, "--label", "disk 3", "--json", archive=archive)
    assert (done.code, done.err) == (0, "")
    (row,) = done.rows
    assert (row["kept"], row["damaged"], row["private_keys"]) == (0, [], 1)
    (event,) = events(archive, "backup")
    assert event.outcome == "passed"
    assert event.detail["destination"] == "disk 3"
    assert (event.detail["copied"], event.detail["bytes"]) == (row["copied"], row["length"])
    head = current_log(ArchiveRoot(archive)).head
    assert head is not None
    state = folder.glob("state/*/log/head")
    assert [path.read_bytes() for path in state] == [head.to_bytes()]
    check_logs(ArchiveRoot(archive))
    check_archive(ArchiveRoot(archive))


def test_the_next_backup_copies_what_came_since(archive: Path, tmp_path: Path) -> None:
    muniment("backup", tmp_path / "d", archive=archive)
    (again,) = muniment("backup", tmp_path / "d", "--json", archive=archive).rows
    assert again["copied"] == 0
    store(archive, wire_group(PAGE + "?2", answer(b"<p>two</p>")), prefix="new")
    muniment("rebuild", archive=archive)
    (third,) = muniment("backup", tmp_path / "d", "--json", archive=archive).rows
    listed = verify_backup(tmp_path / "d").places
    assert third["copied"] >= 1
    assert any(path.startswith("warc/new-") for path in listed)
    assert third["kept"] >= again["kept"] - 4  # the log's own files change with each entry


def test_a_restored_archive_holds_the_same_and_its_log_waits(archive: Path, tmp_path: Path) -> None:
    muniment("backup", tmp_path / "d", "--with-keys", archive=archive)
    target = tmp_path / "r"
    done = restored(tmp_path / "d", target)
    assert "the log takes no entries" in done.err
    assert "muniment log succeed" in done.err
    assert "intact (stored): passed" in done.out
    for path in (archive / "warc").iterdir():
        assert (target / "warc" / path.name).read_bytes() == path.read_bytes()
    listed = muniment("list", "--json", archive=target).rows
    assert listed == muniment("list", "--json", archive=archive).rows
    (event,) = events(target, "restore")
    assert event.detail["backup"]["operator"] == "Ada"
    (key,) = (target / "keys").glob("*.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600

    with serve({"/": html()}) as site:
        taken = muniment("capture", site.url + "/", archive=target)
    assert taken.code == 0
    assert "the log takes no entries: it was restored from a backup" in taken.err
    assert "muniment log succeed" in taken.err
    before = current_log(ArchiveRoot(target)).size
    assert before == current_log(ArchiveRoot(archive)).size

    assert muniment("log", "succeed", "--reason", "a lost disk", archive=target).code == 0
    logs = check_logs(ArchiveRoot(target))
    assert [signed.checkpoint.origin for signed in logs] == ["example.gov/log", "example.gov/log/2"]
    check_archive(ArchiveRoot(target))


def test_a_log_goes_on_only_where_every_published_checkpoint_agrees_and_somebody_vouches(
    archive: Path, tmp_path: Path
) -> None:
    muniment("backup", tmp_path / "d", "--with-keys", archive=archive)
    done = restored(tmp_path / "d", tmp_path / "r1")
    assert "restore with --nothing-lost" in done.err
    (row,) = muniment(
        "restore", tmp_path / "d", tmp_path / "r2", "--nothing-lost", "--no-check", "--json"
    ).rows
    assert row["log_waits"] is False
    assert not (tmp_path / "r2/log/restored").exists()
    published = Signed.parse((tmp_path / "one/example.gov_log.checkpoint").read_bytes())
    after = current_log(ArchiveRoot(tmp_path / "r2"))
    assert published.checkpoint.size == after.size
    check_logs(ArchiveRoot(tmp_path / "r2"))
    # The log went on there: from now on the same backup is behind it.
    told = restored(tmp_path / "d", tmp_path / "r3", "--nothing-lost").err
    assert "entries were signed since" in told
    shutil.rmtree(tmp_path / "two")
    told = restored(tmp_path / "d", tmp_path / "r4", "--nothing-lost").err
    assert "does not hold one that can be read" in told


def test_a_log_that_waited_when_it_was_backed_up_waits_again(archive: Path, tmp_path: Path) -> None:
    muniment("backup", tmp_path / "d", archive=archive)
    restored(tmp_path / "d", tmp_path / "r")
    again = muniment("backup", tmp_path / "d2", archive=tmp_path / "r")
    assert again.code == 0
    assert again.err.count("the log takes no entries") == 1
    done = restored(tmp_path / "d2", tmp_path / "r2", "--nothing-lost")
    assert "it waited already" in done.err


def test_a_damaged_file_ends_with_7_and_names_both_digests(archive: Path, tmp_path: Path) -> None:
    muniment("backup", tmp_path / "d", archive=archive)
    (path,) = (archive / "warc").glob("test-*")
    data = bytearray(path.read_bytes())
    path.chmod(0o644)
    path.write_bytes(data[:-1])
    done = muniment("backup", tmp_path / "d", archive=archive)
    assert done.code == 7
    assert (
        f"expected sha256 {verify_backup(tmp_path / 'd').digests[f'warc/{path.name}'].hex()}"
        in (done.err)
    )
    assert [event.outcome for event in events(archive, "backup")] == ["passed", "failed"]
    restored(tmp_path / "d", tmp_path / "r")
    assert (tmp_path / "r/warc" / path.name).read_bytes() == data


def test_a_file_with_a_leaf_is_compared_with_it(archive: Path, tmp_path: Path) -> None:
    (path,) = (archive / "warc").glob("test-*")
    assert events(archive, "seal")
    data = bytearray(path.read_bytes())
    data[20] ^= 1  # in the warcinfo record, of which no statement tells
    path.chmod(0o644)
    path.write_bytes(data)
    path.chmod(0o444)
    done = muniment("backup", tmp_path / "d", archive=archive)
    assert done.code == 7
    assert "expected sha256" in done.err
    assert not list((tmp_path / "d/warc").glob("test-*"))


def test_a_damaged_backup_is_not_restored(archive: Path, tmp_path: Path) -> None:
    muniment("backup", tmp_path / "d", archive=archive)
    copy = next((tmp_path / "d").glob("state/*/muniment.toml"))
    copy.write_text(copy.read_text() + "#")
    done = restored(tmp_path / "d", tmp_path / "r", code=7)
    assert "expected sha256" in done.err
    assert not (tmp_path / "r").exists()
    assert muniment("backup", tmp_path / "d", "--check", archive=archive).code == 0
    restored(tmp_path / "d", tmp_path / "r")


def test_what_is_no_backup_or_no_place_for_one_is_one_line(archive: Path, tmp_path: Path) -> None:
    done = muniment("restore", archive, tmp_path / "r")
    assert (done.code, done.err.count("\n")) == (4, 1)
    assert f"no backup here: {MANIFEST} is missing" in done.err
    muniment("backup", tmp_path / "d", archive=archive)
    assert muniment("restore", tmp_path / "d", archive).code == 2
    assert muniment("backup", tmp_path, archive=archive).code == 2


def test_a_catalog_outside_the_archive_is_left_to_whoever_uses_it(
    archive: Path, tmp_path: Path
) -> None:
    live = tmp_path / "live.sqlite"
    config = archive / "muniment.toml"
    config.write_text(
        config.read_text().replace("[log]", f'catalog = "sqlite:///{live}"\n[log]', 1)
    )
    muniment("rebuild", archive=archive)
    muniment("backup", tmp_path / "d", archive=archive)
    before = live.read_bytes()
    done = restored(tmp_path / "d", tmp_path / "r", code=3)
    assert "a catalog outside the archive, which is left as it is" in done.err
    assert live.read_bytes() == before
    assert not (tmp_path / "r/catalog.sqlite").exists()


def test_a_crawl_that_runs_meanwhile_is_backed_up_as_far_as_it_is(tmp_path: Path) -> None:
    """Backups while pages come in; each of them restores, and its crawl can go on."""
    root = ArchiveRoot(tmp_path / "a")
    muniment("init", root.path, "--operator", "Ada")
    pages: Answers = {
        f"/{number}": Page(html(f"/{number + 1}").body, before=slow) for number in range(60)
    }
    with serve(pages) as site:
        muniment("source", "add", "site", site.url + "/0", archive=root.path)
        crawl = threading.Thread(target=program, args=(root.path, "crawl", "site"))
        crawl.start()
        while len(site.asked) < 10:
            time.sleep(0.01)
        (row,) = muniment("backup", tmp_path / "d", "--json", archive=root.path).rows
        assert crawl.is_alive()
        assert row["damaged"] == []
        assert row["open_groups"] > 3
        crawl.join()
        target = tmp_path / "r"
        restored(tmp_path / "d", target)
        check_archive(ArchiveRoot(target))
        (waiting,) = muniment("crawls", "--json", archive=target).rows
        assert waiting["outcome"] == "unfinished"
        asked = len(site.asked)
        done = muniment("crawl", "site", "--resume", archive=target)
        assert done.code == 0, done.err
        assert len(site.asked) < asked + 60
    assert muniment("log", "succeed", "--reason", "a drill", archive=target).code == 0
    check_archive(ArchiveRoot(target))
    check_logs(ArchiveRoot(target))
    (row,) = muniment("backup", tmp_path / "d", "--json", archive=root.path).rows
    assert (row["damaged"], row["open_groups"]) == ([], 0)
    check_logs(root)


def slow() -> None:
    time.sleep(0.05)
