"""The benchmarks run to their end, at a size that shows nothing but that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.shared import program

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


def test_the_benchmarks_run_at_a_small_size(tmp_path: Path) -> None:
    for name in ("nginx", "wget", "openssl"):
        program(name)
    results = tmp_path / "RESULTS.md"
    cache = Path(__file__).parents[1] / ".cache"
    # A cache of its own, but for the peers' environments, which take minutes to make.
    own = tmp_path / "cache"
    own.mkdir()
    (cache / "peers").mkdir(parents=True, exist_ok=True)
    (own / "peers").symlink_to(cache / "peers")
    order = ["--quick", "--cache", str(own), "--results", str(results)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *order],
        cwd=cache.parent,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = results.read_text()
    assert said.count("## ") == 7
    assert str(tmp_path) not in said
