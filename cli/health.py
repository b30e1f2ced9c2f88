"""What `doctor` looks at: each check gives one of three answers, and what to do."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from archive.durable import Files
from archive.errors import Error, UsageError
from archive.stored import OPEN
from catalog.fixity import file_checks
from catalog.ingest import sealed
from catalog.queries import Filter, list_captures
from cli.context import Archive
from cli.finding import FAILED, NOT_CHECKED, PASSED, Finding
from cli.health_log import LOG_CHECKS
from cli.output import moment, number, size
from cli.sources import load_source, source_names
from crawler.order import unfinished

LITTLE_SPACE = 2 << 30
"""Bytes: less, and a crawl of a site with attachments may not get to its end."""

Check = Callable[[Archive], Iterator[Finding]]


def examine(archive: Archive) -> Iterator[Finding]:
    """All findings; a check that breaks down is a finding too."""
    yield from _examine(archive, CHECKS)


def examine_log(archive: Archive) -> Iterator[Finding]:
    """The findings about the log and the time."""
    yield from _examine(archive, LOG_CHECKS)


def _examine(archive: Archive, checks: Iterable[Check]) -> Iterator[Finding]:
    for check in checks:
        name = check.__name__.strip("_").replace("_", " ")
        try:
            yield from check(archive)
        except Error as error:
            yield Finding(name, FAILED, str(error), error.advice)
        except OSError as error:
            yield Finding(name, NOT_CHECKED, f"{error.strerror} ({error.filename})")


def _folders(archive: Archive) -> Iterator[Finding]:
    root = archive.root
    lost = [path.name for path in (root.warc, root.sources, root.crawls) if not path.is_dir()]
    if lost:
        advice = "bring them back from a copy"
        yield Finding("folders", FAILED, f"missing: {', '.join(lost)}", advice, damage=True)
    else:
        yield Finding("folders", PASSED, f"the archive in {root.path.resolve()} opens")


def _sources(archive: Archive) -> Iterator[Finding]:
    names = source_names(archive.root)
    broken = 0
    for name in names:
        try:
            load_source(archive.root, name)
        except UsageError as error:
            broken += 1
            yield Finding("sources", FAILED, str(error), f"mend it: `muniment source edit {name}`")
    if not broken:
        yield Finding("sources", PASSED, f"{len(names)} can be read")


def _open_files(archive: Archive) -> Iterator[Finding]:
    found = {path.name: _is_held(path) for path in sorted(archive.root.warc.glob(f"*{OPEN}"))}
    left = [name for name, held in found.items() if not held]
    for name in left:
        advice = "the next crawl, capture or import saves what is whole in it; so does `muniment rebuild`"
        yield Finding("open files", FAILED, f"{name} was left by a crash", advice)
    if not left:
        busy = f"{len(found)} being written now" if found else "none"
        yield Finding("open files", PASSED, busy)


def _is_held(path: Path) -> bool:
    """Whether a living process writes this file."""
    files = Files()
    fd = files.open(path)
    try:
        return not files.lock(fd)
    finally:
        files.close(fd)


def _sealed_files(archive: Archive) -> Iterator[Finding]:
    files = sealed(archive.root)
    loose = [path.name for path in files if stat.S_IMODE(path.stat().st_mode) & 0o222]
    if loose:
        yield Finding(
            "sealed files",
            FAILED,
            f"{len(loose)} can be written to, {loose[0]} among them",
            "`chmod a-w` them, then `muniment verify --all`",
        )
    else:
        total = size(sum(path.stat().st_size for path in files))
        yield Finding(
            "sealed files", PASSED, f"{number(len(files), 'file')}, {total}, all read-only"
        )


def _quarantine(archive: Archive) -> Iterator[Finding]:
    kept = sorted(archive.root.quarantine.glob("[!.]*"))
    if kept:
        total = size(sum(path.stat().st_size for path in kept))
        found = (
            f"{number(len(kept), 'end')} of broken writes, {total}, in {archive.root.quarantine}"
        )
        yield Finding("quarantine", PASSED, found, "kept for whoever wants to look; not needed")
    else:
        yield Finding("quarantine", PASSED, "empty")


def _free_space(archive: Archive) -> Iterator[Finding]:
    free = shutil.disk_usage(archive.root.path).free
    if free < LITTLE_SPACE:
        yield Finding("free space", FAILED, f"only {size(free)} left", "free or mount space")
    else:
        yield Finding("free space", PASSED, f"{size(free)} left")


def _catalog(archive: Archive) -> Iterator[Finding]:
    """Whether the catalog opens, holds every sealed file, and no file that is not there."""
    rows = {row.name: row.length for row in file_checks(archive.engine)}
    files = {path.name: path.stat().st_size for path in sealed(archive.root)}
    missing, lacking = sorted(rows.keys() - files), sorted(files.keys() - rows)
    changed = sorted(name for name in rows.keys() & files if rows[name] != files[name])
    for names, what in ((missing, "missing"), (changed, "of another length than when sealed")):
        if names:
            found = f"{number(len(names), 'file')} {what}, {names[0]} among them"
            advice = "bring them back from a copy, then `muniment verify --all`"
            yield Finding("catalog", FAILED, found, advice, damage=True)
    if lacking:
        found = f"{number(len(lacking), 'file')} not in it, {lacking[0]} among them"
        yield Finding("catalog", FAILED, found, "`muniment rebuild`")
    if not (missing or changed or lacking):
        yield Finding("catalog", PASSED, f"{number(len(rows), 'file')}, each as it was sealed")


def _crawls(archive: Archive) -> Iterator[Finding]:
    waiting = [crawl for crawl in unfinished(archive.root) if not crawl.running]
    for crawl in waiting:
        found = f"the crawl of {crawl.source} begun {moment(crawl.time)} was not finished"
        yield Finding("crawls", FAILED, found, f"`muniment crawl {crawl.source} --resume`")
    if not waiting:
        yield Finding("crawls", PASSED, "none was left unfinished")


def _clock(archive: Archive) -> Iterator[Finding]:
    """The clock against what it said before; against others it cannot be checked without a network."""
    now = archive.clock()
    latest = list_captures(archive.engine, Filter(limit=100))
    last = next((each for each in latest if each.fidelity != "asserted"), None)
    if last and last.time > now:
        found = f"it says {moment(now)}, and the latest capture is of {moment(last.time)}"
        yield Finding("clock", FAILED, found, "set the clock of this machine, and keep it by NTP")
    else:
        yield Finding("clock", PASSED, f"{moment(now)}, later than every capture")


CHECKS: tuple[Check, ...] = (
    _folders,
    _sources,
    _crawls,
    _open_files,
    _sealed_files,
    _quarantine,
    _catalog,
    _free_space,
    _clock,
    *LOG_CHECKS,
)
