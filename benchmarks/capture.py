"""Capture: one site, one machine, one minute, each program in turn."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks import peers
from benchmarks.measure import Contestant, Run, in_turn, ratios, spread, table
from benchmarks.server import Server, serve
from benchmarks.site import Site

HEAD = (
    "program",
    "pages/s",
    "wall s",
    "CPU s",
    "peak MB",
    "stored MB",
    "not fetched",
    "not stored",
)


class Race:
    """The peers on one site: what each run fetched and stored is counted, and its folder removed."""

    def __init__(self, site: Site, work: Path, keep: Path | None = None) -> None:
        self.site = site
        self.work = work
        self.keep = keep
        self.unfetched: dict[str, int] = {}
        self.unstored: dict[str, int] = {}
        self.size: dict[str, int] = {}

    def contestant(self, peer: peers.Peer, server: Server) -> Contestant:
        folder = self.work / "run"

        def prepare() -> Sequence[str]:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            command = peer.prepare(folder, server.url)
            server.forget()
            return command

        def after() -> None:
            fetched = {path for status, path in server.served() if status == 200}
            self.unfetched[peer.name] = len(self.site.paths - fetched)
            if peer.stores:
                held = peers.stored(folder, server.url)
                self.unstored[peer.name] = len(self.site.paths - held)
                self.size[peer.name] = _size(folder)
            if self.keep and peer.prepare is peers.muniment:
                shutil.rmtree(self.keep, ignore_errors=True)
                folder.rename(self.keep)

        return Contestant(peer.name, prepare, after)


def race(site: Site, rounds: int, cache: Path, keep: Path | None = None) -> str:
    """Run it and give its part of the results; our last archive stays in `keep`."""
    field, absent = peers.peers(cache)
    work = cache / "bench"
    contest = Race(site, work, keep)
    with serve(site.folder, work / "nginx") as server:
        contestants = [contest.contestant(peer, server) for peer in field]
        runs = in_turn(contestants, rounds, work / "output")
    shutil.rmtree(work / "run", ignore_errors=True)
    rows = [_row(contest, name, found) for name, found in runs.items()]
    return table(HEAD, rows) + "\n" + _ratios(runs) + "".join(f"\n{line}\n" for line in absent)


def _row(contest: Race, name: str, runs: Sequence[Run]) -> list[str]:
    urls = len(contest.site.paths) - contest.unfetched[name]
    stores = name in contest.size
    return [
        name,
        spread([urls / run.wall for run in runs], 0),
        spread([run.wall for run in runs]),
        spread([run.cpu for run in runs]),
        f"{max(run.peak for run in runs) / 1e6:.0f}",
        f"{contest.size[name] / 1e6:.1f}" if stores else "nothing",
        str(contest.unfetched[name]),
        str(contest.unstored[name]) if stores else "all",
    ]


def _ratios(runs: dict[str, list[Run]]) -> str:
    ours, *others = runs
    lines = []
    for other in others:
        times = ratios(runs, ours, other)
        cpu = median(
            theirs.cpu / mine.cpu for mine, theirs in zip(runs[ours], runs[other], strict=True)
        )
        lines.append(
            f"- {spread(times)} × the pages per second of {other}, {cpu:.2f} × per CPU second\n"
        )
    return f"`{ours}`, round by round:\n\n" + "".join(lines)


def _size(folder: Path) -> int:
    files = (path for pattern in ("*.warc.gz", "*.wacz") for path in folder.rglob(pattern))
    return sum(path.stat().st_size for path in files)
