"""Verification: the same WARC files, from the page cache, each program in turn."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from archive.layout import ArchiveRoot
from archive.reader import groups
from benchmarks.measure import Contestant, Run, in_turn, ratios, spread, table
from benchmarks.peers import MUNIMENT
from benchmarks.server import serve
from benchmarks.site import Site

HEAD = ("program", "wall s", "CPU s", "file MB/s", "uncompressed MB/s", "peak MB")
CRAWLS = 8
"""The start of a command is then a small part of it, as it is in an archive that is in use."""
COMMANDS = (
    ("`muniment verify --all`", "openssl dgst -sha256"),
    ("`muniment verify --all --deep`", "warcio check"),
    ("`muniment verify --all --every-layer`", "fastwarc check -p"),
)
"""What a user gives, with all cores, beside a peer, which takes one."""
GOALS = (
    ("stored, one process", "openssl dgst -sha256"),
    ("deep, one process", "warcio check"),
    ("deep, two processes", "warcio check"),
    ("every layer, one process", "fastwarc check -p"),
    ("every layer, two processes", "fastwarc check -p"),
)


def grow(archive: Path, site: Site, work: Path) -> None:
    """Crawl the site into the archive again and again, each time at another address."""
    for n in range(1, CRAWLS):
        with serve(site.folder, work / "nginx") as server:
            for words in (("source", "add", f"again-{n}", server.url), ("crawl", f"again-{n}")):
                order = [MUNIMENT, "-C", str(archive), *words]
                subprocess.run(order, check=True, capture_output=True)


def race(archive: Path, rounds: int, work: Path) -> str:
    """Run it over all files of an archive and give its part of the results."""
    files = sorted(ArchiveRoot(archive).warc.glob("*.warc.gz"))
    size = sum(path.stat().st_size for path in files)
    plain = sum(sum(r.plain_length for r in g.records) for path in files for g in groups(path))
    subprocess.run(["cat", *files], check=True, stdout=subprocess.DEVNULL)
    inside: dict[str, list[float]] = {}
    log = work / "output"
    contestants = _contestants(archive, [str(path) for path in files], log, inside)
    runs = in_turn(contestants, rounds, log)
    rows = [_row(name, found, size, plain) for name, found in runs.items()]
    told = (
        f"{len(files)} WARC files of {size / 1e6:.0f} MB, {plain / 1e6:.0f} MB uncompressed, from {CRAWLS} "
        "crawls of the site with attachments. Whole processes, ours with the start of Python and the reading "
        "of the catalog; `muniment verify` takes both cores and keeps what came of it as an event.\n\n"
    )
    lines = [
        f"- {ours}: {spread(ratios(runs, ours, peer))} × the speed of `{peer}`\n"
        for ours, peer in COMMANDS
    ]
    lines += [_goal(runs, inside, *goal) for goal in GOALS]
    return told + table(HEAD, rows) + "\n" + "".join(lines)


def _contestants(
    archive: Path, files: Sequence[str], log: Path, inside: dict[str, list[float]]
) -> list[Contestant]:
    """The commands; what ours say of the time without the start of Python goes into `inside`."""
    tool = str(Path(sys.executable).parent) + "/"
    one_by_one = ["sh", "-c", 'for f; do "$0" check -q -p "$f" || exit; done', tool + "fastwarc"]
    ours = [MUNIMENT, "-C", str(archive), "verify", "--all"]
    commands = {
        "`muniment verify --all`": ours,
        "stored, one process": _fixity(archive, "stored", 1),
        "openssl dgst -sha256": ["openssl", "dgst", "-sha256", *files],
        "sha256sum": ["sha256sum", *files],
        "`muniment verify --all --deep`": [*ours, "--deep"],
        "deep, one process": _fixity(archive, "deep", 1),
        "deep, two processes": _fixity(archive, "deep", 2),
        "gzip -t": ["gzip", "-t", *files],
        "warcio check": [tool + "warcio", "check", *files],
        "`muniment verify --all --every-layer`": [*ours, "--every-layer"],
        "every layer, one process": _fixity(archive, "every layer", 1),
        "every layer, two processes": _fixity(archive, "every layer", 2),
        "fastwarc check -p": [*one_by_one, *files],
    }

    def after(name: str) -> None:
        if name in {ours for ours, _ in GOALS}:
            inside.setdefault(name, []).append(float(log.read_text().split()[-1]))

    return [
        Contestant(name, partial(list, words), partial(after, name))
        for name, words in commands.items()
    ]


def _fixity(archive: Path, depth: str, processes: int) -> list[str]:
    return [sys.executable, "-m", "benchmarks.fixity", str(archive), depth, str(processes)]


def _row(name: str, runs: Sequence[Run], size: int, plain: int) -> list[str]:
    return [
        name,
        spread([run.wall for run in runs]),
        spread([run.cpu for run in runs]),
        spread([size / 1e6 / run.wall for run in runs], 0),
        spread([plain / 1e6 / run.wall for run in runs], 0),
        f"{max(run.peak for run in runs) / 1e6:.0f}",
    ]


def _goal(runs: dict[str, list[Run]], inside: dict[str, list[float]], ours: str, peer: str) -> str:
    itself = [run.wall / took for run, took in zip(runs[peer], inside[ours], strict=True)]
    return (
        f"- {ours}: {spread(ratios(runs, ours, peer))} × the speed of `{peer}`; "
        f"without the start of Python {spread(itself)} ×\n"
    )
