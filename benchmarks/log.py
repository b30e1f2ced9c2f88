"""The log: what it costs a crawl, how long its audit takes, how soon a proof is there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import quantiles

from archive.evidence.keys import KeyRing
from archive.evidence.log import Log, Signed, current_log
from archive.evidence.sequencer import Sequencer
from archive.layout import ArchiveRoot
from benchmarks.measure import Contestant, in_turn, run, spread, table
from benchmarks.peers import MUNIMENT, muniment
from benchmarks.server import Server, serve
from benchmarks.site import Site

ORIGIN = "benchmark.example/log"
PROOFS = 500
LOGGED, UNLOGGED = "muniment crawl", "the same without its log"


def crawl_race(site: Site, rounds: int, work: Path) -> str:
    """Our whole crawl with its log and without, in turn."""
    with serve(site.folder, work / "nginx") as server:
        contestants = [_contestant(name, server, work / "run") for name in (LOGGED, UNLOGGED)]
        runs = in_turn(contestants, rounds, work / "output")
    shutil.rmtree(work / "run", ignore_errors=True)
    rows = [
        [name, spread([one.wall for one in found]), spread([one.cpu for one in found])]
        for name, found in runs.items()
    ]
    pairs = list(zip(runs[LOGGED], runs[UNLOGGED], strict=True))
    wall = [100 * (1 - without.wall / with_.wall) for with_, without in pairs]
    cpu = [100 * (1 - without.cpu / with_.cpu) for with_, without in pairs]
    return (
        f"{len(site.paths)} URLs, whole commands.\n\n"
        + table(("program", "wall s", "CPU s"), rows)
        + f"\nThe log costs {spread(wall, 1)} % of the pages per second, {spread(cpu, 1)} % of the "
        "pages per CPU second.\n"
    )


def _contestant(name: str, server: Server, folder: Path) -> Contestant:
    def prepare() -> Sequence[str]:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        program, *words = muniment(folder, server.url)
        first = [program] if name == LOGGED else [sys.executable, "-m", "benchmarks.unlogged"]
        return [*first, *words]

    return Contestant(name, prepare)


def audit_race(root: ArchiveRoot, work: Path) -> str:
    """Log an archive that is there, audit it, prove single entries; gives this part of the results."""
    began = time.perf_counter()
    signed = commit(root)
    took = time.perf_counter() - began
    log = work / "output"
    audited = run([MUNIMENT, "-C", str(root.path), "log", "audit"], log)
    if audited.code:
        raise RuntimeError(f"ended with {audited.code}:\n{log.read_text()[-2000:]}")
    size = signed.checkpoint.size
    proofs = json.loads(
        subprocess.run(
            [sys.executable, "-m", "benchmarks.log", str(root.path)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    )
    return (
        f"{size} entries. Entering and signing them took {took:.0f} s "
        f"({size / took:.0f} a second). `muniment log audit`: {audited.wall:.0f} s, "
        f"{audited.cpu:.0f} s of CPU, peak {audited.peak / 1e6:.0f} MB. One proof, from a log opened "
        f"anew each time: p50 {proofs['p50']:.2f} ms, p99 {proofs['p99']:.2f} ms, slowest "
        f"{proofs['max']:.2f} ms.\n"
    )


def commit(root: ArchiveRoot) -> Signed:
    """Enter everything and sign it, as orders do at their end."""
    ring = KeyRing(root.keys, ORIGIN)
    if not ring.verifiers():
        ring.create()
    sequencer = Sequencer(root, ORIGIN)
    sequencer.append()
    signed = sequencer.sign(ring.signers())
    assert signed is not None
    return signed


def proof_times(root: ArchiveRoot) -> dict[str, float]:
    """Milliseconds from an unopened log to a proof that was verified."""
    taken = []
    for log, signed, index in _drawn(root):
        started = time.perf_counter()
        proof = Log(log.folder, log.keys).proof(index, signed)
        taken.append((time.perf_counter() - started) * 1000)
        proof.verify(log.tree().entry(index), log.ring.verifiers())
    cuts = quantiles(taken, n=100)
    return {"p50": cuts[49], "p99": cuts[98], "max": max(taken)}


def _drawn(root: ArchiveRoot) -> Iterator[tuple[Log, Signed, int]]:
    log = current_log(root)
    signed = log.signed()
    assert signed is not None
    random = Random(PROOFS)
    for _ in range(PROOFS):
        yield log, signed, random.randrange(signed.checkpoint.size)


if __name__ == "__main__":
    print(json.dumps(proof_times(ArchiveRoot(Path(sys.argv[1])))))
