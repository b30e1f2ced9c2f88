"""`muniment log audit` and `log cosign` as a person uses them."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from archive.evidence.keys import KeyRing
from archive.evidence.log import Signed
from archive.evidence.note import CosignatureVerifier, Verifier
from archive.evidence.seen import Seen
from archive.evidence.tiles import TileFolder
from archive.evidence.tree import Tree
from archive.layout import ArchiveRoot
from crawler.outbound.cosigning import ask_cosigner
from tests.captures import store
from tests.cosigners import LOG, ORIGIN, STRANGER, signed, tiles, tree
from tests.groups import capture
from tests.logs import commit, logged_archive
from tests.muniment import Told, muniment
from tests.test_crawler_cosigning import publish, published
from tests.tlogs import write

PASSED, FAILED, NOT_CHECKED = "passed", "failed", "not checked"
VKEY = LOG.verifier.vkey


def audit(*words: object, archive: Path | None = None) -> Told:
    return muniment("log", "audit", *words, "--json", archive=archive)


def verdicts(told: Told) -> dict[str, str]:
    assert all(row.keys() == {"check", "verdict", "found"} for row in told.rows)
    return {row["check"]: row["verdict"] for row in told.rows}


def found(told: Told, step: str) -> str:
    return next(str(row["found"]) for row in told.rows if row["check"] == step)


def own(path: Path, count: int = 300) -> ArchiveRoot:
    root = logged_archive(path)
    store(root.path, *(capture(number) for number in range(count)), prefix="a")
    commit(root)
    return root


ALL = dict.fromkeys(("signed", "head", "consistent", "tiles", "entries", "complete"), PASSED)


def test_an_own_log_passes_and_is_held_to_what_was_seen_of_it(tmp_path: Path) -> None:
    root = own(tmp_path / "a")
    first = audit(archive=root.path)
    assert (first.code, verdicts(first)) == (0, {**ALL, "consistent": NOT_CHECKED})
    seen = Seen.of(root.audits, ORIGIN).path
    assert seen.read_bytes() == (root.log / "checkpoint").read_bytes()
    assert not seen.is_relative_to(root.log)
    store(root.path, capture(1000), prefix="b")
    commit(root)
    second = audit(archive=root.path)
    assert (second.code, verdicts(second)) == (0, ALL)
    assert seen.read_bytes() == (root.log / "checkpoint").read_bytes()


def test_a_person_sees_a_table(tmp_path: Path) -> None:
    root = own(tmp_path / "a", 3)
    lines = muniment("log", "audit", archive=root.path).out.splitlines()
    assert [line.split("  ")[0].strip() for line in lines] == list(ALL)
    assert "3 entries are those of their statements" in lines[4]


def test_a_changed_statement_and_a_lost_file_fail(tmp_path: Path) -> None:
    root = own(tmp_path / "a", 3)
    next(root.warc.glob("*.gz")).unlink()
    told = audit(archive=root.path)
    assert told.code == 1
    assert verdicts(told)["entries"] == FAILED
    assert "the file is missing" in found(told, "entries")


def test_an_own_log_that_was_cut_short_with_its_files_fails(tmp_path: Path) -> None:
    root = own(tmp_path / "a", 5)
    assert audit(archive=root.path).code == 0
    shorter = own(tmp_path / "b", 4)
    for place in (root.log, root.warc, root.keys):
        place.rename(place.with_name(f"lost-{place.name}"))
        (shorter.path / place.name).rename(place)
    told = audit(archive=root.path)
    assert told.code == 1
    assert verdicts(told) == {**ALL, "consistent": FAILED}
    assert "it had 5 entries when it was seen, and has 4" in found(told, "consistent")
    assert Seen.of(root.audits, ORIGIN).read()
    assert audit(archive=root.path).code == 1


def test_an_empty_archive_is_not_checked(tmp_path: Path) -> None:
    root = logged_archive(tmp_path / "a")
    told = audit(archive=root.path)
    assert verdicts(told)["signed"] == NOT_CHECKED
    assert "consistent" not in verdicts(told)


def test_an_own_log_that_is_gone_with_its_files_fails(tmp_path: Path) -> None:
    root = own(tmp_path / "a", 5)
    root.config.write_text(f'[log]\norigin = "{ORIGIN}"\n')
    assert audit(archive=root.path).code == 0
    root.log.rename(root.path / "gone")
    next(root.warc.glob("*.gz")).unlink()
    told = audit(archive=root.path)
    assert (told.code, verdicts(told)["consistent"]) == (1, FAILED)
    assert found(told, "consistent") == "it had 5 entries when it was seen, and has none"


def test_a_closed_log_is_audited_beside_the_one_that_followed(tmp_path: Path) -> None:
    root = own(tmp_path / "a", 3)
    root.closed_logs.mkdir()
    root.log.rename(root.closed_logs / "1")
    root.log.mkdir()
    told = audit(archive=root.path)
    assert found(told, "signed").startswith(f"{ORIGIN}: 3 entries, by {ORIGIN}+")
    assert [row["check"] for row in told.rows].count("signed") == 2
    assert told.code == 0


FOREIGN = {
    "signed": PASSED,
    "consistent": PASSED,
    "tiles": PASSED,
    "entries": NOT_CHECKED,
    "complete": NOT_CHECKED,
}


def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in no archive, as the current one."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_a_foreign_log_in_a_folder_needs_no_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = elsewhere(tmp_path, monkeypatch) / "state"
    log = tmp_path / "log"
    publish(log, 300)
    words = (log, "--vkey", STRANGER.verifier.vkey, "--vkey", VKEY)
    assert verdicts(audit(*words)) == {**FOREIGN, "consistent": NOT_CHECKED}
    assert verdicts(audit(*words, "--state", state)) == {**FOREIGN, "consistent": NOT_CHECKED}
    publish(log, 700)
    told = audit(*words, "--state", state)
    assert (told.code, verdicts(told)) == (0, FOREIGN)
    assert Signed.parse(state.read_bytes()).checkpoint.size == 700
    publish(log, 600)
    told = audit(*words, "--state", state)
    assert (told.code, verdicts(told)) == (1, {**FOREIGN, "consistent": FAILED})
    assert Signed.parse(state.read_bytes()).checkpoint.size == 700


def test_a_foreign_log_over_http_is_kept_in_the_archive_that_watches_it(tmp_path: Path) -> None:
    root = ArchiveRoot.create(tmp_path / "a")
    log = tmp_path / "log"
    publish(log, 300)
    with published(log) as (url, _):
        words = (url, "--vkey", VKEY)
        assert verdicts(audit(*words, archive=root.path))["consistent"] == NOT_CHECKED
        assert verdicts(audit(*words, archive=root.path)) == FOREIGN
        (log / "checkpoint").write_bytes(signed(tree(300, fork=200)).data)
        told = audit(*words, archive=root.path)
        assert told.code == 1
        assert verdicts(told)["consistent"] == verdicts(told)["tiles"] == FAILED
    assert Seen.of(root.audits, ORIGIN).read() == signed(tree(300))


def test_one_tile_flipped_over_http_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere(tmp_path, monkeypatch)
    log = tmp_path / "log"
    publish(log, 600)
    tile = log / "tile/0/001"
    tile.write_bytes(bytes([tile.read_bytes()[0] ^ 1]) + tile.read_bytes()[1:])
    with published(log) as (url, _):
        told = audit(url, "--vkey", VKEY)
    assert told.code == 1
    assert verdicts(told)["tiles"] == FAILED
    assert found(told, "tiles") == "tile/0/001 does not follow from the entries"


def test_a_fork_never_takes_the_place_of_what_was_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = elsewhere(tmp_path, monkeypatch) / "state"
    log = tmp_path / "log"
    publish(log, 300)
    words = (log, "--vkey", VKEY, "--state", state)
    assert audit(*words).code == 0
    write(tiles(400, fork=250).items(), log)
    (log / "checkpoint").write_bytes(signed(tree(400, fork=250)).data)
    told = audit(*words)
    assert (told.code, verdicts(told)) == (1, {**FOREIGN, "consistent": FAILED})
    assert state.read_bytes() == signed(tree(300)).data


def test_nobody_there_is_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere(tmp_path, monkeypatch)
    told = audit("http://127.0.0.1:9/", "--vkey", VKEY)
    assert (told.code, told.out) == (5, "")
    with published(tmp_path) as (url, _):
        assert audit(url, "--vkey", VKEY).code == 5
    (tmp_path / "checkpoint").write_bytes(b"nonsense")
    with published(tmp_path) as (url, _):
        assert audit(url, "--vkey", VKEY).code == 7


def test_wrong_orders_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = elsewhere(tmp_path, monkeypatch)
    assert audit().code == 4
    assert audit(folder).code == 2
    assert audit(folder, "--vkey", VKEY).code == 4
    assert audit(folder, "--vkey", VKEY, archive=folder / "none").code == 4
    assert audit(folder, "--vkey", "nonsense").code == 2
    assert audit("--vkey", VKEY).code == 2


def test_a_state_that_was_damaged_is_told_of_and_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = elsewhere(tmp_path, monkeypatch) / "state"
    publish(tmp_path / "log", 3)
    state.write_bytes(b"nonsense")
    told = audit(tmp_path / "log", "--vkey", VKEY, "--state", state)
    assert told.code == 7
    assert "seen last cannot be read" in told.err
    assert state.read_bytes() == b"nonsense"


COSIGN = "from cli.log_cosign import command; command(prog_name='cosign')"


def test_a_partner_runs_a_cosigner_that_keeps_its_key_and_its_memory(tmp_path: Path) -> None:
    root = own(tmp_path / "a", 5)
    (key,) = KeyRing(root.keys, ORIGIN).verifiers()
    first = Signed.parse((root.log / "checkpoint").read_bytes())
    words = ["--key", str(tmp_path / "c.key"), "--log", key.vkey, "--listen", "127.0.0.1:0"]
    printed = set()
    for number in range(2):
        run = subprocess.Popen(
            [sys.executable, "-c", COSIGN, *words, *(() if number else ("--name", "b.example/w"))],
            cwd=Path(__file__).parents[1],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        try:
            assert run.stdout
            assert run.stderr
            vkey = run.stdout.readline().strip()
            url = run.stderr.readline().split()[2]
            verifier = Verifier.parse(vkey)
            assert isinstance(verifier, CosignatureVerifier)
            found = ask_cosigner(
                url, verifier, first, Tree(5, TileFolder(root.log)), agent="test", known=5 * number
            )
            assert found.line.by(verifier)
        finally:
            run.send_signal(signal.SIGINT)
            _, err = run.communicate(timeout=20)
        assert run.returncode == 0, err
        printed.add(vkey)
    assert len(printed) == 1
    assert stat.S_IMODE((tmp_path / "c.key").stat().st_mode) == 0o600
    assert list((tmp_path / "c.key.state").glob("*.checkpoint"))
