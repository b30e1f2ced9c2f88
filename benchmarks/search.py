"""Search in a catalog of synthetic texts, in a process of its own:
`python -m benchmarks.search FOLDER|URL DOCUMENTS`.

What is timed of a query is all that a command asks of the catalog: the best twenty texts, their
captures and the passages that show why. Queries are drawn from the texts, so the common ones come
often; none is asked twice.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from random import Random
from statistics import median, quantiles
from typing import Any

from sqlalchemy import Engine, func, select

from benchmarks.measure import run, table
from benchmarks.texts import Notices, fill
from catalog.database import open_catalog
from catalog.search.index import catch_up
from catalog.search.query import Query, parse
from catalog.search.search import search
from catalog.texts import Text
from catalog.values import table_of

QUERIES = 200


@dataclass(frozen=True)
class Taken:
    """What came of an index and of queries of one kind; milliseconds."""

    what: str
    p50: float
    p99: float
    slowest: float
    found: float
    """Texts, in the middle."""


def race(folder: Path, documents: int) -> str:
    """The section of RESULTS.md."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "search.log"
    command = [sys.executable, "-m", "benchmarks.search", str(folder), str(documents)]
    done = run(command, log)
    if done.code:
        raise RuntimeError(f"ended with {done.code}:\n{log.read_text()[-2000:]}")
    told: dict[str, Any] = json.loads(log.read_text().splitlines()[-1])
    rows = [
        [t["what"], *(f"{t[key]:.1f}" for key in ("p50", "p99", "slowest")), f"{t['found']:.0f}"]
        for t in told["queries"]
    ]
    return (
        f"{documents} texts of {told['size'] / 1e6:.0f} MB in UTF-8. Entering them into the index "
        f"(SQLite; reading them from the catalog, normalising, writing): {told['cpu']:.1f} s of CPU, "
        f"**{told['size'] / 1e6 / told['cpu']:.1f} MB a second**; {told['wall']:.1f} s by the wall "
        f"clock. The catalog grew by {told['index'] / 1e6:.0f} MB, to {told['catalog'] / 1e6:.0f} MB.\n\n"
        f"Queries, {QUERIES} of a kind drawn from the texts: the first twenty texts with their "
        "passages, milliseconds of CPU.\n\n"
        + table(["query", "p50", "p99", "slowest", "texts found"], rows)
    )


def measure(target: Path | str, documents: int, clock: Callable[[], float]) -> dict[str, Any]:
    notices = Notices()
    engine = open_catalog(target)
    size = fill(engine, documents, notices)
    before = _size(target)
    wall, cpu = time.perf_counter(), time.process_time()
    catch_up(engine)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    after = _size(target)
    engine.dispose()
    engine = open_catalog(target)
    gc.collect()
    gc.freeze()
    queries = [
        asdict(_timed(engine, what, drawn, clock)) for what, drawn in _kinds(engine, notices)
    ]
    engine.dispose()
    return {
        "size": size, "wall": wall, "cpu": cpu, "index": after - before, "catalog": after,
        "queries": queries,
    }  # fmt: skip


def _timed(engine: Engine, what: str, drawn: Iterator[str], clock: Callable[[], float]) -> Taken:
    search(engine, parse("无"))
    taken, found = [], []
    for words in islice(drawn, QUERIES):
        query: Query = parse(words)
        started = clock()
        result = search(engine, query, limit=20)
        taken.append((clock() - started) * 1000)
        found.append(result.total)
    cuts = quantiles(taken, n=100)
    return Taken(what, cuts[49], cuts[98], max(taken), median(found))


def _kinds(engine: Engine, notices: Notices) -> Iterator[tuple[str, Iterator[str]]]:
    random = Random(2)
    texts = _sample(engine, random)

    def drawn(length: int) -> Iterator[str]:
        while True:
            text = random.choice(texts)
            start = random.randrange(len(text) - length)
            part = text[start : start + length]
            if part.strip() == part and part.isalnum():
                yield part

    def seldom() -> Iterator[str]:
        while True:
            yield random.choice(notices.words[-20_000:])

    yield "1 character, as they come", drawn(1)
    yield "2 characters, as they come", drawn(2)
    yield "4 characters, as they come", drawn(4)
    yield "8 characters, as they come", drawn(8)
    yield "a rare word", seldom()
    yield "one of the 20 commonest words", iter(notices.words[:20] * 10)
    yield "A B", (f"{a} {b}" for a, b in zip(drawn(2), drawn(2), strict=False))
    yield "A OR B", (f"{a} OR {b}" for a, b in zip(drawn(2), seldom(), strict=False))
    yield "A NOT B", (f"{a} NOT {b}" for a, b in zip(drawn(2), drawn(2), strict=False))


def _sample(engine: Engine, random: Random) -> list[str]:
    text = table_of(Text).c
    with engine.connect() as connection:
        count = connection.scalar(select(func.count()).select_from(table_of(Text))) or 0
        ids = list(connection.scalars(select(text.version_id)))
        some = random.sample(ids, min(count, 2000))
        return [
            connection.scalar(select(text.body).where(text.version_id == id_)) or "" for id_ in some
        ]


def _size(target: Path | str) -> int:
    return Path(target).stat().st_size if isinstance(target, Path) else 0


if __name__ == "__main__":
    place, count = sys.argv[1], int(sys.argv[2])
    if "://" in place:
        print(json.dumps(measure(place, count, time.perf_counter)))
    else:
        file = Path(place) / "search.sqlite"
        try:
            print(json.dumps(measure(file, count, time.process_time)))
        finally:
            for left in Path(place).glob("search.sqlite*"):
                left.unlink()
