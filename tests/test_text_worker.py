"""A file from outside may crash, hang or take over the process that reads it, and nothing else."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from catalog.text.reading import Reading
from catalog.text.worker import Job, Readers
from catalog.text.worker_limits import Limits
from tests.hostile_reader import install

QUICK = Limits(seconds=20, cpu=10, memory=1 << 30)


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes read plain text with the hostile reader."""
    (tmp_path / "site").mkdir()
    monkeypatch.setenv("PYTHONPATH", install(tmp_path / "site"))


@contextmanager
def readers(count: int = 1, limits: Limits = QUICK) -> Iterator[Readers]:
    with Readers(count, limits) as made:
        yield made


def ask(made: Readers, folder: Path, *words: str) -> list[Reading]:
    jobs = []
    for number, word in enumerate(words):
        path = folder / f"{number}.txt"
        path.write_text(word)
        jobs.append((number, Job(path, "text/plain", path.name)))
    answers = list(made.read(jobs))
    assert [number for number, _ in answers] == list(range(len(words)))
    return [reading for _, reading in answers]


def said(reading: Reading) -> str:
    return reading.extraction.code or reading.extraction.text


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize(
    ("word", "code", "detail"),
    [
        ("abort", "crashed", "SIGABRT"),
        ("exit", "crashed", "exit status 3"),
        ("kill", "crashed", "SIGKILL"),
        ("memory", "over-limit", "memory"),
        ("lie " + b"a length without end".hex(), "crashed", "answered with"),
        ("lie " + b'\0\0\0\x0d{"reading":1}'.hex(), "crashed", "answered with"),
        ("lie " + b"\0\0\0\x04null".hex(), "crashed", "answered with"),
    ],
)
def test_a_file_that_ends_its_process_costs_itself_alone(
    tmp_path: Path, word: str, code: str, detail: str
) -> None:
    with readers() as made:
        first, bad, last = ask(made, tmp_path, "before", word, "after")
    assert (said(first), said(last)) == ("before", "after")
    assert bad.extraction.code == code
    assert detail in (bad.extraction.detail or "")
    assert bad.kind.real == "text/plain"  # told before the reading began


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize(
    ("word", "limits"),
    [("hang", Limits(seconds=4)), ("spin", Limits(cpu=1, seconds=60))],
)
def test_a_file_that_never_ends_is_given_up(tmp_path: Path, word: str, limits: Limits) -> None:
    with readers(2, limits) as made:
        answers = ask(made, tmp_path, "a", word, *"bcd")
    assert list(map(said, answers)) == ["a", "timeout", "b", "c", "d"]


@pytest.mark.usefixtures("hostile")
def test_what_a_file_started_ends_with_it(tmp_path: Path) -> None:
    with readers(limits=Limits(seconds=4)) as made:
        (answer,) = ask(made, tmp_path, f"child {tmp_path}")
        assert said(answer) == "timeout"
    for _ in range(100):
        if not (left := _processes_told(tmp_path)):
            break
        time.sleep(0.05)
    assert not left


def _processes_told(word: Path) -> list[Path]:
    found = Path("/proc").glob("[0-9]*/cmdline")
    return [path for path in found if str(word).encode() in _bytes(path)]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.usefixtures("hostile")
def test_what_a_library_prints_is_no_answer(tmp_path: Path) -> None:
    with readers() as made:
        assert list(map(said, ask(made, tmp_path, "print x", "y"))) == ["print", "y"]


@pytest.mark.usefixtures("hostile")
def test_a_file_does_not_suffer_for_the_one_before_it(tmp_path: Path) -> None:
    with readers() as made:
        answers = ask(made, tmp_path, "poison", "next", "another")
    assert list(map(said, answers)) == ["poison", "next", "another"]


@pytest.mark.usefixtures("hostile")
def test_a_process_serves_many_files_and_is_replaced(tmp_path: Path) -> None:
    with readers(limits=Limits(files=3)) as made:
        pids = [said(answer) for answer in ask(made, tmp_path, *["pid"] * 7)]
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [3, 3, 1]


@pytest.mark.usefixtures("hostile")
def test_readings_come_in_the_order_of_asking(tmp_path: Path) -> None:
    words = [f"w{number}" for number in range(40)]
    with readers(2) as made:
        assert list(map(said, ask(made, tmp_path, *words))) == words


@pytest.mark.usefixtures("hostile")
def test_no_password_of_ours_reaches_a_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUNIMENT_SECRET", "x")
    with readers() as made:
        (answer,) = ask(made, tmp_path, "environment")
    assert "PATH" in said(answer)
    assert "SECRET" not in said(answer)


def confined(made: Readers, folder: Path) -> list[str]:
    ask(made, folder, "x")
    return made.confined


@pytest.mark.usefixtures("hostile")
def test_a_reader_changes_no_file_of_ours(tmp_path: Path) -> None:
    target = tmp_path / "ours"
    with readers() as made:
        if "files" not in confined(made, tmp_path):
            pytest.skip("this kernel does not grant Landlock")
        (answer,) = ask(made, tmp_path, f"write {target}")
    assert said(answer) == "damaged"
    assert "Permission" in (answer.extraction.detail or "")
    assert not target.exists()


@pytest.mark.usefixtures("hostile")
def test_a_reader_reaches_no_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, readers() as made:
        if "network" not in confined(made, tmp_path):
            pytest.skip("this kernel does not grant network namespaces")
        (answer,) = ask(made, tmp_path, f"connect {server.getsockname()[1]}")
    assert said(answer) == "damaged"


@pytest.mark.usefixtures("hostile")
def test_no_process_and_no_folder_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spool").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "spool"))
    with readers() as made:
        (answer,) = ask(made, tmp_path, "pid")
    with pytest.raises(ProcessLookupError):
        os.kill(int(said(answer)), 0)
    assert list((tmp_path / "spool").iterdir()) == []
