"""Checking bibliographies: reading them, judging each entry, capturing what is missing."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from archive.errors import UsageError
from catalog.bibliography.entry import Entry
from catalog.bibliography.facts import gather
from catalog.bibliography.read import FORMATS, Work, read_work
from catalog.bibliography.report import Checked, Report
from catalog.bibliography.verdict import EntryVerdict, Judged, judge
from cli.clock import software
from cli.config import archive_name
from cli.context import Archive
from cli.exits import Exit
from cli.find import collection_of
from cli.output import number, say
from crawler.source import Identity

MISSING = frozenset({EntryVerdict.NOT_ARCHIVED, EntryVerdict.ERROR_PAGE})
"""Verdicts on entries whose addresses `--capture` asks for."""


class Given(NamedTuple):
    """A file as it was given, with its digest in hex, and its entries."""

    name: str
    format: str
    sha256: str
    length: int
    entries: list[Entry]


@dataclass(frozen=True, kw_only=True)
class Against:
    """What entries are judged against, and by which measure."""

    days: int
    collection: str | None = None
    fails: frozenset[str]

    def report(self, archive: Archive, given: Sequence[Given], publication: str | None) -> Report:
        """Check files as things stand now; all their entries are looked up together."""
        collection = collection_of(archive, self.collection)
        facts = iter(
            gather(
                archive.engine,
                [entry for file in given for entry in file.entries],
                days=self.days,
                collection=collection.id if collection else None,
            )
        )
        checked = [
            Checked(
                file.name,
                file.format,
                file.sha256,
                file.length,
                tuple(judge(next(facts)) for _ in file.entries),
            )
            for file in given
        ]
        return Report(
            files=tuple(checked),
            made=archive.clock(),
            archive=archive_name(archive.config),
            software=software(),
            days=self.days,
            fails=self.fails,
            base=archive.config.public_url,
            collection=self.collection,
            publication=publication,
        )


def works_of(paths: Iterable[Path]) -> list[Work]:
    """The works in files, and in all files of folders that are of a format that is read.

    Raises `UsageError` for a file of another format, and where there is nothing.
    """
    files: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found = [each for each in sorted(path.rglob("*")) if each.suffix.lower() in FORMATS]
            files.update(dict.fromkeys(each for each in found if each.is_file()))
        else:
            files[path] = None
    if not files:
        raise UsageError("no bibliography there", advice=f"give {' '.join(sorted(FORMATS))}")
    return [read_work(path) for path in files]


def given(works: Sequence[Work]) -> list[Given]:
    """The files as reports tell of them."""
    return [
        Given(name, work.format, *_measured(work.path), work.entries)
        for work, name in zip(works, _names(works), strict=True)
    ]


def missing(reports: Iterable[Judged]) -> list[str]:
    """The addresses of entries of which there is no copy."""
    urls = (url for judged in reports if judged.verdict in MISSING for url in judged.entry.urls)
    return list(dict.fromkeys(urls))


def capture_missing(
    archive: Archive, operator: str, urls: Collection[str], identity: Identity
) -> Exit | None:
    """Ask for addresses, all in one crawl; says of those that cannot be asked for.

    Returns what the crawl came to, `None` where there was nothing to ask for.
    """
    from cli.capture import take  # noqa: PLC0415 -- the crawler, which most checks do not need
    from crawler.run import one_off  # noqa: PLC0415 -- as above

    seeds: list[str] = []
    for url in urls:
        try:
            one_off((url,), identity=identity)
        except UsageError as error:
            say(f"not captured: {url}: {error.what}")
        else:
            seeds.append(url)
    if not seeds:
        return None
    say(f"capturing {number(len(seeds), 'URL')}, with the {identity.name} identity")
    taken = take(archive, operator, one_off(tuple(seeds), identity=identity))
    archive.index()
    return taken.exit


def _names(works: Sequence[Work]) -> Iterator[str]:
    """How reports call the files: by their names, below the folder that all are in."""
    paths = [work.path.absolute() for work in works]
    common = Path(paths[0].parent)
    while not all(path.is_relative_to(common) for path in paths):
        common = common.parent
    yield from (path.relative_to(common).as_posix() for path in paths)


def _measured(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return digest, path.stat().st_size


def verdicts_named(names: Iterable[str]) -> frozenset[str]:
    """The verdicts that `--fail-on` names, each several times or between commas.

    Raises `UsageError` for what is not in the list.
    """
    known = {verdict.value: verdict for verdict in EntryVerdict}
    listed = [part.strip() for name in names for part in name.split(",") if part.strip()]
    wrong = [name for name in listed if name not in known and name != "none"]
    if wrong:
        raise UsageError(f"no verdict is called {wrong[0]!r}", advice=f"one of: {', '.join(known)}")
    return frozenset(name for name in listed if name in known)
