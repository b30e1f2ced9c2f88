"""What other programs make of our files: pywb replays our revisits, wget captures the same blocks."""

from __future__ import annotations

import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType

from archive.layout import ArchiveRoot
from benchmarks import peers
from benchmarks.server import free_port, serve, wait_for
from benchmarks.site import site
from tests.program import archive_of, captures, muniment
from tests.shared import program

ROOT = Path(__file__).parents[1]
pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def pywb() -> Path:
    """The folder of pywb's programs, in a virtual environment made once."""
    environment = ROOT / ".cache/peers/pywb"
    error = peers.install(environment, ROOT / "tests/requirements-pywb.txt")
    if error:
        pytest.skip(f"pywb cannot be installed: {error}")
    return environment / "bin"


@contextmanager
def replayed(pywb: Path, archive: ArchiveRoot, work: Path) -> Iterator[str]:
    """The address below which pywb replays the archive's files."""
    work.mkdir()
    files = [str(path) for path in archive.warc.glob("*.warc.gz")]
    for words in (["init", "ours"], ["add", "ours", *files]):
        subprocess.run([pywb / "wb-manager", *words], cwd=work, check=True, capture_output=True)
    port = free_port()
    command = [str(pywb / "wayback"), "-b", "127.0.0.1", "-p", str(port)]
    with (
        (work / "output").open("wb") as output,
        subprocess.Popen(command, cwd=work, stdout=output, stderr=output) as process,
    ):
        try:
            wait_for(port, process)
            yield f"http://127.0.0.1:{port}/ours"
        finally:
            process.terminate()


def test_pywb_replays_our_revisits_with_the_bytes_of_what_they_refer_to(
    tmp_path: Path, pywb: Path
) -> None:
    program("nginx")
    made = site(tmp_path / "site", 20, 4)
    with serve(made.folder, tmp_path / "nginx") as server:
        archive = archive_of(tmp_path / "archive", ("site", server.url))
        muniment(archive.path, "crawl", "site")
        time.sleep(2)  # WARC tools tell captures apart by the second
        muniment(archive.path, "crawl", "site")
    revisits = [capture for _, capture in captures(archive) if capture.revisit]
    assert {c.url.removeprefix(server.url) for c in revisits} >= made.paths
    with replayed(pywb, archive, tmp_path / "pywb") as address:
        for revisit in revisits:
            path = revisit.url.removeprefix(server.url)
            if path not in made.paths:
                continue
            url = f"{address}/{revisit.time:%Y%m%d%H%M%S}id_/{revisit.url}"
            with urllib.request.urlopen(url, timeout=30) as answer:
                shown = parsedate_to_datetime(answer.headers["Memento-Datetime"])
                assert shown == revisit.time.replace(microsecond=0)
                file = made.folder / (path.strip("/") or "index.html")
                assert answer.read() == file.read_bytes(), path


def test_wget_captures_the_same_blocks_but_for_the_date(tmp_path: Path) -> None:
    program("nginx")
    program("wget")
    made = site(tmp_path / "site", 60, 6)
    with serve(made.folder, tmp_path / "nginx") as server:
        archive = archive_of(tmp_path / "archive", ("site", server.url))
        muniment(archive.path, "crawl", "site")
        (tmp_path / "wget").mkdir()
        # wget ends with 8 where any URL was a 404, as robots.txt is here.
        command = peers.wget(tmp_path / "wget", server.url)
        assert subprocess.run(command, check=False).returncode in {0, 8}
    ours, theirs = (_blocks(folder) for folder in (archive.warc, tmp_path / "wget"))
    urls = {server.url + path for path in made.paths}
    assert urls <= ours.keys() & theirs.keys()
    assert [url for url in urls if ours[url] != theirs[url]] == []


def _blocks(folder: Path) -> dict[str, bytes]:
    """The response blocks by URL, without what depends on the second and on the connection."""
    found = {}
    for path in folder.glob("*.warc.gz"):
        with path.open("rb") as stream:
            kind = WarcRecordType.response
            for record in ArchiveIterator(stream, record_types=kind, parse_http=False):
                block = re.sub(rb"\r\nDate: [^\r]+", b"", record.reader.read(), count=1)
                found[record.headers["WARC-Target-URI"].strip("<>")] = block
    return found
