"""Crawls of whole sites that we did not write, counted by a walk that knows nothing of us."""

from __future__ import annotations

import random
import re
import shutil
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from archive.digest import Digests
from archive.layout import ArchiveRoot
from archive.reader import groups
from archive.statement import Capture
from benchmarks.server import serve
from tests.debian_sites import SITES, DebianSite
from tests.program import archive_of, captures, muniment
from tests.shared import program

FILES = 200
pytestmark = [pytest.mark.long, pytest.mark.timeout(900), pytest.mark.xdist_group("sites")]


@dataclass(frozen=True)
class Crawled:
    site: DebianSite
    archive: ArchiveRoot
    captures: tuple[Capture, ...]

    def paths(self, status: int) -> set[str]:
        return {_path(capture.url) for capture in self.captures if capture.status == status}


@pytest.fixture(scope="module", params=SITES, ids=lambda site: site.package)
def crawled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    program("nginx")
    site: DebianSite = request.param
    work = tmp_path_factory.mktemp(site.package)
    with serve(site.root, work / "nginx") as server:
        archive = archive_of(work / "archive", ("site", server.url + site.start))
        muniment(archive.path, "crawl", "site")
    return Crawled(site, archive, tuple(capture for _, capture in captures(archive)))


def _path(url: str) -> str:
    """The path in the walk's own form: decoded, and without empty segments, which browsers keep."""
    return re.sub("/{2,}", "/", unquote(urlsplit(url).path))


def _all(urls: Collection[str]) -> set[str]:
    return {unquote(url) for url in urls}


def test_every_url_that_can_be_reached_is_captured(crawled: Crawled) -> None:
    pages, broken, redirects, listings, _ = crawled.site.walk()
    assert sorted(_all(pages) - crawled.paths(200)) == []
    assert sorted(_all(broken) - crawled.paths(404)) == []
    assert sorted(_all(redirects) - crawled.paths(301)) == []
    assert sorted(_all(listings) - crawled.paths(403)) == []


def test_what_the_walk_does_not_count_is_listed_with_its_cause(crawled: Crawled) -> None:
    counted = set().union(*map(_all, crawled.site.walk()[:4]))
    more = [c for c in crawled.captures if _path(c.url) not in counted]
    print(f"\n{crawled.site.package}: {len(crawled.captures)} captures, {len(counted)} counted")
    for (cause, status), count in Counter((c.cause, c.status) for c in more).items():
        example = next(c for c in more if (c.cause, c.status) == (cause, status))
        print(f"  {count} more by {cause}, status {status}, as {example.url} from {example.via}")
    assert all(
        capture.cause and (capture.via or capture.cause in {"seed", "robots", "sitemap"})
        for capture in more
    )


def test_200_files_are_found_by_content_and_none_with_a_byte_changed(
    crawled: Crawled, tmp_path: Path
) -> None:
    reachable = sorted(set(crawled.site.walk()[0].values()))
    files = [path for path in map(Path, reachable) if path.stat().st_size]
    chosen = random.Random(1).sample(files, min(FILES, len(files)))
    muniment(crawled.archive.path, "verify", *map(str, chosen))
    changed = tmp_path / "changed"
    changed.mkdir()
    for number, path in enumerate(chosen):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        (changed / str(number)).write_bytes(content)
    said = muniment(crawled.archive.path, "verify", "--json", *map(str, changed.iterdir()), code=1)
    assert "passed" not in said


def test_one_flipped_bit_is_reported_with_file_offset_and_both_digests(
    crawled: Crawled, tmp_path: Path
) -> None:
    copy = tmp_path / "archive"
    shutil.copytree(crawled.archive.path, copy)
    path = max((copy / "warc").iterdir(), key=lambda file: file.stat().st_size)
    content = bytearray(path.read_bytes())
    damaged = next(
        record
        for group in groups(path)
        for record in group.records
        if record.offset <= len(content) // 2 < record.offset + record.length
    )
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    found = Digests.of(content[damaged.offset : damaged.offset + damaged.length])
    said = muniment(copy, "verify", "--all", code=1)
    assert f"{path.name} at byte {damaged.offset}" in said
    assert damaged.stored.sha256.hex() in said
    assert found.sha256.hex() in said
