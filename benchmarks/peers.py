"""The programs that we are measured beside, and ours: how each is set up, started and counted."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fastwarc.warc import ArchiveIterator, WarcRecordType

HERE = Path(__file__).parent
MUNIMENT = str(Path(sys.executable).with_name("muniment"))
CONCURRENCY = 8


@dataclass(frozen=True)
class Peer:
    """A crawler. `prepare` makes the command, given an empty folder and the site's address."""

    name: str
    prepare: Callable[[Path, str], Sequence[str]]
    stores: bool = True


def muniment(folder: Path, url: str) -> list[str]:
    """Our whole command: crawl, seal, catalog, log. The texts wait, for no peer reads any."""
    command = muniment_with_texts(folder, url)
    put_texts_off(folder)
    return command


def muniment_with_texts(folder: Path, url: str) -> list[str]:
    """The same, which then reads every text for search. Setting the archive up is not measured."""
    program = [MUNIMENT, "-C", str(folder)]
    for words in (["init", str(folder), "--operator", "benchmark"], ["source", "add", "site", url]):
        subprocess.run([*program, *words], check=True, capture_output=True)
    return [*program, "crawl", "site"]


def put_texts_off(folder: Path) -> None:
    """Have the archive in `folder` leave its texts to `muniment index`."""
    with (folder / "muniment.toml").open("a", encoding="utf-8") as file:
        file.write("\n[text]\nlater = true\n")


def plain_scrapy(_: Path, url: str) -> list[str]:
    return _scrapy(Path(sys.executable), url)


def wget(folder: Path, url: str) -> list[str]:
    quiet = ["wget", "-q", "-r", "-l", "inf", "-P", str(folder)]
    return [*quiet, f"--warc-file={folder / 'wget'}", f"--warc-tempdir={folder}", url + "/"]


def scrapy_webarchive(environment: Path) -> Callable[[Path, str], Sequence[str]]:
    def prepare(folder: Path, url: str) -> list[str]:
        exporter = '{"scrapy_webarchive.extensions.WaczExporter": 543}'
        settings = [f"EXTENSIONS={exporter}", f"SW_EXPORT_URI={folder}/"]
        command = _scrapy(environment / "bin/python", url)
        inside = ["env", "-C", str(folder)]
        return [*inside, *command, *(word for setting in settings for word in ("-s", setting))]

    return prepare


def _scrapy(python: Path, url: str) -> list[str]:
    settings = (
        f"CONCURRENT_REQUESTS_PER_DOMAIN={CONCURRENCY}",
        "AUTOTHROTTLE_ENABLED=False",
        "DOWNLOAD_DELAY=0",
        "LOG_LEVEL=ERROR",
        "TELNETCONSOLE_ENABLED=False",
    )
    words = [word for setting in settings for word in ("-s", setting)]
    spider = str(HERE / "plain_spider.py")
    return [str(python), "-m", "scrapy", "runspider", spider, "-a", f"url={url}/", *words]


def peers(cache: Path) -> tuple[list[Peer], list[str]]:
    """Those that run on this machine, ours first, and a sentence on each that does not."""
    found = [
        Peer("muniment crawl", muniment),
        Peer("muniment crawl, texts read", muniment_with_texts),
        Peer("plain Scrapy", plain_scrapy, stores=False),
    ]
    absent = []
    if shutil.which("wget"):
        found.append(Peer("wget --warc-file", wget))
    else:
        absent.append("wget is not installed.")
    environment = cache / "peers/scrapy-webarchive"
    error = install(environment, HERE / "requirements-scrapy-webarchive.txt")
    if error:
        absent.append(f"scrapy-webarchive could not be installed: {error}")
    else:
        found.append(Peer("scrapy-webarchive", scrapy_webarchive(environment)))
    return found, absent


def install(environment: Path, requirements: Path) -> str:
    """Make the virtual environment once; the last line of pip's complaint where it cannot."""
    done = environment / ".done"
    if done.exists() and done.read_text() == requirements.read_text():
        return ""
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)
    pip = [str(environment / "bin/python"), "-m", "pip", "install", "-q", "-r", str(requirements)]
    result = subprocess.run(pip, capture_output=True, text=True, check=False)
    if result.returncode:
        return result.stderr.strip().splitlines()[-1]
    done.write_text(requirements.read_text())
    return ""


def stored(folder: Path, site_url: str) -> set[str]:
    """Paths of the site that the WARC or WACZ files below `folder` hold with status 200."""
    found: set[str] = set()
    for path in folder.rglob("*.warc.gz"):
        with path.open("rb") as stream:
            found.update(_paths(stream, site_url))
    for path in folder.rglob("*.wacz"):
        with zipfile.ZipFile(path) as bundle:
            for name in bundle.namelist():
                if name.endswith(".warc.gz"):
                    with bundle.open(name) as member:
                        found.update(_paths(member, site_url))
    return found


def _paths(stream: IO[bytes], site_url: str) -> Iterable[str]:
    for record in ArchiveIterator(stream, record_types=WarcRecordType.response):
        uri = record.headers["WARC-Target-URI"].strip("<>")
        if record.is_http and record.http_headers.status_code == 200:
            yield uri.removeprefix(site_url)
