"""A disk that fills up in the middle of a crawl."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.server import serve
from benchmarks.site import site
from tests.program import archive_of, captures, muniment
from tests.shared import program

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of six megabytes."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a file system")
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)]
    done = subprocess.run(mount, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_ends_with_6_and_a_larger_one_goes_on(tmp_path: Path, small_disk: Path) -> None:
    program("nginx")
    made = site(tmp_path / "site", 800)
    with serve(made.folder, tmp_path / "nginx") as server:
        archive = archive_of(small_disk / "archive", ("site", server.url))
        muniment(archive.path, "crawl", "site", code=6)
        files = {path.name for path in archive.warc.iterdir()}
        muniment(archive.path, "crawl", "site", "--resume", code=6)
        subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
        muniment(archive.path, "crawl", "site", "--resume")
    assert files
    held = [capture.url for _, capture in captures(archive) if capture.status == 200]
    assert set(held) >= {server.url + path for path in made.paths}
    assert len(held) == len(set(held)), "captured twice"
    muniment(archive.path, "verify", "--all")
