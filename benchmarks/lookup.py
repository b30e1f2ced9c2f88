"""Look-ups in a catalog, each timed, in a process of its own: `python -m benchmarks.lookup ROOT CAPTURES`.

In a warm process the functions of `catalog.queries` are called over one engine. The command's own
look-up is what a command does once Python and its modules are loaded until it has the capture: it
reads the configuration, opens the catalog anew and asks. A whole command also opens the record,
checks what it is about to tell, and prints.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from statistics import quantiles
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from archive.digest import Digest, Digests
from archive.layout import ArchiveRoot
from archive.times import to_text
from benchmarks import synthetic
from catalog.database import open_catalog
from catalog.holdings import Capture
from catalog.queries import by_digest, capture_by_id, latest
from cli.context import open_archive
from cli.find import find_capture
from cli.main import main

WARM, COMMANDS = 5000, 300
Calls = Iterable[Callable[[], object]]


@dataclass(frozen=True)
class Sample:
    """A capture drawn at random, and what it holds."""

    capture: Capture
    content: bytes

    @property
    def digest(self) -> Digest:
        return Digest("sha256", Digests.of(self.content).sha256)


def samples(engine: Engine, captures: int, count: int) -> Iterator[Sample]:
    random = Random(count)
    urls = captures // synthetic.CRAWLS
    for _ in range(count):
        crawl = random.randrange(synthetic.CRAWLS)
        number = crawl // synthetic.AGAIN * urls + random.randrange(urls)
        found = latest(engine, synthetic.url_of(number))
        assert found is not None
        last = crawl // synthetic.AGAIN * synthetic.AGAIN + synthetic.AGAIN - 1
        yield Sample(found, synthetic.body_of(number, last))


def timed(calls: Calls) -> dict[str, float]:
    """Milliseconds: median, 99th percentile and the slowest."""
    taken = []
    for call in calls:
        started = time.perf_counter()
        call()
        taken.append((time.perf_counter() - started) * 1000)
    cuts = quantiles(taken, n=100)
    return {"p50": cuts[49], "p99": cuts[98], "max": max(taken)}


def warm(engine: Engine, drawn: list[Sample]) -> dict[str, dict[str, float]]:
    by_time = (partial(_by_time, engine, s.capture) for s in drawn)
    by_sha256 = (partial(by_digest, engine, s.digest, 1) for s in drawn)
    by_id = (partial(_by_id, engine, s.capture) for s in drawn)
    return {
        "URL and time, warm": timed(by_time),
        "digest, warm": timed(by_sha256),
        "id, warm": timed(by_id),
    }


def _by_time(engine: Engine, wanted: Capture) -> None:
    _same(latest(engine, wanted.url, wanted.time), wanted)


def _by_id(engine: Engine, wanted: Capture) -> None:
    _same(capture_by_id(engine, wanted.id), wanted)


def anew(root: Path, drawn: list[Sample]) -> dict[str, dict[str, float]]:
    def by_time(sample: Sample) -> None:
        c = sample.capture
        with closing(open_archive(root)) as archive:
            _same(find_capture(archive, c.url, c.time, holding=True), c)

    def by_sha256(sample: Sample) -> None:
        with closing(open_archive(root)) as archive:
            assert by_digest(archive.engine, sample.digest)

    def by_id(sample: Sample) -> None:
        with closing(open_archive(root)) as archive:
            _same(find_capture(archive, sample.capture.id), sample.capture)

    return {
        "URL and time, the command's look-up": timed(partial(by_time, s) for s in drawn),
        "digest, the command's look-up": timed(partial(by_sha256, s) for s in drawn),
        "id, the command's look-up": timed(partial(by_id, s) for s in drawn),
    }


def commands(root: Path, drawn: list[Sample], folder: Path) -> dict[str, dict[str, float]]:
    files = []
    for number, sample in enumerate(drawn):
        files.append(folder / str(number))
        files[-1].write_bytes(sample.content)
    captures = [sample.capture for sample in drawn]
    get = (_order(root, "get", c.url, "--at", to_text(c.time), "-o", "-") for c in captures)
    verify = (_order(root, "verify", str(file)) for file in files)
    show = (_order(root, "show", c.id) for c in captures)
    return {
        "`get URL --at TIME`, whole": timed(get),
        "`verify FILE`, whole": timed(verify),
        "`show ID`, whole": timed(show),
    }


def _same(found: Capture | None, wanted: Capture) -> None:
    assert found is not None
    assert found.id == wanted.id


def _order(root: Path, *words: str) -> Callable[[], None]:
    def give() -> None:
        with (root / ".said").open("w") as output, redirect_stdout(output):
            code = main.main(["-C", str(root), *words], standalone_mode=False)
        assert code == 0, words

    return give


def _measure(root: ArchiveRoot, captures: int) -> dict[str, dict[str, float]]:
    engine = open_catalog(root.catalog)
    found = warm(engine, list(samples(engine, captures, WARM)))
    drawn = list(samples(engine, captures, COMMANDS))
    engine.dispose()
    with TemporaryDirectory() as folder:
        anew(root.path, drawn[:5])  # loads the modules, as starting the program does
        commands(root.path, drawn[:5], Path(folder))
        gc.collect()
        gc.freeze()  # or what the samples left behind would be looked through again and again
        return {**found, **anew(root.path, drawn), **commands(root.path, drawn, Path(folder))}


if __name__ == "__main__":
    print(json.dumps(_measure(ArchiveRoot(Path(sys.argv[1])), int(sys.argv[2]))))
