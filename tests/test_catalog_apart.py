"""A generator in a process of its own: what it makes comes in order, and it never outlives its taker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive.errors import DamagedError, StoppedError, Where
from catalog.apart import Apart

PAUSE = 0.01
PATIENCE = 20.0


def numbers(first: int, last: int) -> Iterator[int]:
    yield from range(first, last)


def breaks(after: int) -> Iterator[int]:
    yield from range(after)
    raise DamagedError("these bytes have changed", where=Where("a.warc.gz", 7), advice="look")


def dies(after: int) -> Iterator[int]:
    yield from range(after)
    os.kill(os.getpid(), signal.SIGKILL)


def process_ids() -> Iterator[int]:
    while True:
        yield os.getpid()
        time.sleep(PAUSE)


def slow(folder: Path) -> Iterator[int]:
    """What it has to clear away lies in `folder` until it has done so."""
    (folder / "left").touch()
    try:
        yield os.getpid()
        time.sleep(3600)
    finally:
        (folder / "left").unlink()


def is_gone(pid: int) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if "Z" in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]:
            return True
        time.sleep(PAUSE)
    return False


def test_what_it_makes_comes_whole_and_in_order() -> None:
    with closing(Apart(numbers, 3, 2000)) as made:
        assert list(made) == list(range(3, 2000))


def test_an_error_comes_across_behind_what_was_made_before_it() -> None:
    with closing(Apart(breaks, 2)) as made:
        assert (made.take(), made.take()) == (0, 1)
        with pytest.raises(DamagedError) as caught:
            made.take()
    assert str(caught.value.where) == str(Where("a.warc.gz", 7))
    assert caught.value.advice == "look"


def test_a_process_that_is_killed_is_told_of() -> None:
    with (
        closing(Apart(dies, 1)) as made,
        pytest.raises(StoppedError, match="a process that reads the archive was ended"),
    ):
        list(made)


def test_it_ends_when_no_more_is_taken() -> None:
    with closing(Apart(process_ids)) as made:
        pid = made.take()
        assert pid != os.getpid()
    assert is_gone(pid)


def test_it_ends_at_once_and_clears_away_what_it_made(tmp_path: Path) -> None:
    began = time.monotonic()
    with closing(Apart(slow, tmp_path)) as made:
        pid = made.take()
        assert (tmp_path / "left").exists()
    assert is_gone(pid)
    assert time.monotonic() - began < PATIENCE
    assert not (tmp_path / "left").exists()


def test_it_ends_with_whoever_takes_from_it() -> None:
    taker = subprocess.Popen(
        [sys.executable, "-m", "tests.test_catalog_apart"], stdout=subprocess.PIPE, text=True
    )
    assert taker.stdout is not None
    pid = int(taker.stdout.readline())
    taker.kill()
    taker.wait()
    taker.stdout.close()
    assert is_gone(pid)


if __name__ == "__main__":
    with closing(Apart(process_ids)) as made_here:
        for id_ in made_here:
            print(id_, flush=True)
