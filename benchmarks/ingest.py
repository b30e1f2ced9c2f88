"""Ingest and look-up: a catalog of many captures on SQLite, made by `muniment rebuild`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from archive.layout import ArchiveRoot
from benchmarks import synthetic
from benchmarks.measure import Run, run, table
from benchmarks.peers import MUNIMENT


def race(root: ArchiveRoot, captures: int, work: Path) -> str:
    """Catalog the archive, look things up; give this part of the results."""
    for path in root.path.glob("catalog.sqlite*"):
        path.unlink()
    log = work / "output"
    rebuilt = _succeeded(run([MUNIMENT, "-C", str(root.path), "rebuild"], log), log)
    size = sum(path.stat().st_size for path in root.path.glob("catalog.sqlite*"))
    lookup = [sys.executable, "-m", "benchmarks.lookup", str(root.path), str(captures)]
    looked = _succeeded(run(lookup, log), log)
    found = json.loads(log.read_text().splitlines()[-1])
    rows = [
        [what, *(f"{took[key]:.3f}" for key in ("p50", "p99", "max"))]
        for what, took in found.items()
    ]
    return (
        f"`muniment rebuild` of {captures} captures in {synthetic.CRAWLS} WARC files, the whole command, "
        "which leaves the texts to `muniment index`: "
        f"{rebuilt.wall:.0f} s, **{captures / rebuilt.wall:.0f} captures a second**, "
        f"{rebuilt.cpu:.0f} s of CPU, peak {rebuilt.peak / 1e6:.0f} MB, catalog {size / 1e6:.0f} MB "
        f"({size / captures:.0f} bytes a capture). One run.\n\n"
        f"Look-ups in it, milliseconds, of captures drawn at random: in a warm process, by the command's own "
        "code, which opens archive and catalog anew each time, and whole commands, all without the start "
        f"of Python (peak {looked.peak / 1e6:.0f} MB):\n\n"
        + table(["by", "p50", "p99", "slowest"], rows)
    )


def _succeeded(done: Run, log: Path) -> Run:
    if done.code:
        raise RuntimeError(f"ended with {done.code}:\n{log.read_text()[-2000:]}")
    return done
