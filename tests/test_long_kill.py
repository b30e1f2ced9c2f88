"""`kill -9` at any moment of a crawl, and the crawl goes on as if nothing had been."""

from __future__ import annotations

import json
import os
import random
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType

from archive.evidence.log import Signed, current_log
from archive.layout import ArchiveRoot
from archive.stored import sealed_name
from benchmarks.server import serve
from benchmarks.site import site
from tests.fork_server import fork_server
from tests.logs import check_grown, check_logs
from tests.program import archive_of, captures, muniment
from tests.shared import program

KILLS = int(os.environ.get("MUNIMENT_TEST_KILLS", "300"))
PAGES = 300
pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]


class Witnessed:
    """The groups that were whole in the files at some kill: what must never be lost again."""

    def __init__(self, archive: ArchiveRoot) -> None:
        self.archive = archive
        self.ids: set[str] = set()
        self.checkpoints: dict[int, Signed] = {}
        self._read: dict[str, int] = {}

    def look(self) -> None:
        """Read what the files hold beyond what was read before, by another reader than ours."""
        for path in self.archive.warc.iterdir():
            name = sealed_name(path.name)
            whole, self._read[name] = _whole_groups(path, self._read.get(name, 0))
            self.ids |= whole
        signed = current_log(self.archive).signed()
        if signed is not None:
            self.checkpoints[signed.checkpoint.size] = signed


def _whole_groups(path: Path, start: int) -> tuple[set[str], int]:
    """Ids of the groups from `start` on that are there to the last record, and where they end."""
    whole: set[str] = set()
    waiting: list[str] = []
    group = ""
    with path.open("rb") as stream:
        stream.seek(start)
        try:
            for record in ArchiveIterator(stream, parse_http=False):
                if record.record_type == WarcRecordType.warcinfo:
                    continue
                if record.record_type == WarcRecordType.metadata:
                    statement = json.loads(record.reader.read())
                    group, start = statement["id"], start if waiting else record.stream_pos
                    waiting = [listed["id"] for listed in statement["records"]]
                else:
                    waiting.remove(str(record.record_id).strip("<>"))
                    record.reader.consume()
                if not waiting:
                    whole.add(group)
        except (EOFError, ValueError, OSError, RuntimeError):
            pass  # the file is cut in the middle of a record: what a kill leaves
    return whole, start


def test_no_kill_at_any_moment_loses_a_capture_or_makes_one_twice(tmp_path: Path) -> None:
    program("nginx")
    chance = random.Random(2)
    made = site(tmp_path / "site", PAGES)
    with (
        serve(made.folder, tmp_path / "nginx") as server,
        fork_server(tmp_path / "output") as killed,
    ):
        archive = archive_of(tmp_path / "archive", ("site", server.url))
        witnessed = Witnessed(archive)
        ends: Counter[int] = Counter()
        for _ in range(KILLS):
            order = ("-C", str(archive.path), "crawl", "site", "--resume")
            ends[killed(chance.uniform(0.02, 0.9), order)] += 1
            witnessed.look()
        muniment(archive.path, "crawl", "site", "--resume")
        muniment(archive.path, "crawl", "site")
    print(f"{KILLS} kills, ends {dict(ends)}, {len(witnessed.ids)} groups witnessed")
    assert set(ends) <= {0, -9}, (tmp_path / "output").read_text()[-2000:]
    _agree(archive, witnessed, made.paths, server.url)


def _agree(archive: ArchiveRoot, witnessed: Witnessed, paths: set[str], url: str) -> None:
    held = dict(captures(archive))
    assert not witnessed.ids - _all_groups(archive)
    made = Counter((c.crawl, c.url) for c in held.values())
    assert not [key for key, count in made.items() if count > 1]
    for crawl in {capture.crawl for capture in held.values()}:
        content = {c.url for c in held.values() if c.crawl == crawl and c.status == 200}
        assert not {url + path for path in paths} - content
    with sqlite3.connect(archive.catalog) as catalog:
        rows = {row[0] for row in catalog.execute("SELECT id FROM capture")}
    catalog.close()
    assert rows == set(held)
    assert not list(archive.crawls.iterdir())
    muniment(archive.path, "verify", "--all")
    (latest,) = check_logs(archive)
    assert len(witnessed.checkpoints) > 5
    for signed in witnessed.checkpoints.values():
        check_grown(signed, latest, archive)


def _all_groups(archive: ArchiveRoot) -> set[str]:
    found: set[str] = set()
    for path in archive.warc.iterdir():
        assert path.name.endswith(".warc.gz"), "a file is still open"
        found |= _whole_groups(path, 0)[0]
    return found
