"""How much memory a crawl takes: by the largest body, and by the number of pages."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks import synthetic
from benchmarks.measure import run
from tests.program import MUNIMENT, archive_of, captures, muniment

MIB = 1 << 20
PAGES = 100_500
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@contextmanager
def endless_site(pages: int, *marks: int) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    script = [sys.executable, "-m", "tests.endless_site", str(pages), *map(str, marks)]
    with subprocess.Popen(
        script,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    ) as server:
        assert server.stdout
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}", server
        finally:
            server.kill()


def test_a_body_of_a_gibibyte_takes_less_than_400_mib(tmp_path: Path) -> None:
    with endless_site(1) as (url, _):
        archive = archive_of(tmp_path / "archive", ("large", f"{url}/body/1024"))
        crawl = [MUNIMENT, "-C", str(archive.path), "crawl", "large"]
        done = run(crawl, tmp_path / "output")
    assert done.code == 0, (tmp_path / "output").read_text()
    print(f"1 GiB body: peak {done.peak / MIB:.0f} MiB, {done.wall:.1f} s")
    held = {capture.url: capture for _, capture in captures(archive)}
    block = held[f"{url}/body/1024"].digests
    assert block
    assert block.content
    assert block.content.to_json()["length"] == 1 << 30
    assert done.peak < 400 * MIB


def test_page_100_000_takes_no_more_than_50_mib_above_page_10_000(tmp_path: Path) -> None:
    resident = []
    with endless_site(PAGES, 10_000, 100_000) as (url, server):
        archive = archive_of(tmp_path / "archive", ("endless", f"{url}/"))
        crawl = [MUNIMENT, "-C", str(archive.path), "crawl", "endless"]
        with subprocess.Popen(crawl, stdout=subprocess.DEVNULL) as crawler:
            assert server.stdout
            assert server.stdin
            for _ in range(2):
                server.stdout.readline()
                resident.append(_resident(crawler.pid))
                server.stdin.write("\n")
                server.stdin.flush()
            assert crawler.wait() == 0
    print(f"resident at pages 10,000 and 100,000: {[n // MIB for n in resident]} MiB")
    assert resident[1] - resident[0] <= 50 * MIB
    listed = muniment(archive.path, "crawls", "--json")
    assert str(PAGES) in listed


def test_a_rebuild_of_200_000_captures_takes_less_than_300_mb(tmp_path: Path) -> None:
    root = synthetic.archive_of(tmp_path / "archive", 200_000)
    done = run([MUNIMENT, "-C", str(root.path), "rebuild"], tmp_path / "output")
    assert done.code == 0, (tmp_path / "output").read_text()
    print(f"rebuild: peak {done.peak / 1e6:.0f} MB, {200_000 / done.wall:.0f} captures a second")
    assert done.peak < 300e6


def _resident(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024
