"""`muniment diff`: what differs between two contents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import click

from archive.errors import DamagedError, UncheckedError, UsageError
from archive.ident import printed
from catalog.attached import attachments_of, compare_files, compare_links
from catalog.diffing import Difference, compare
from catalog.documents import by_last_seen, sighting, text_of, versions_of
from catalog.holdings import Capture
from catalog.indexing import read_again
from catalog.postings.attachments import led_to
from catalog.resolve import DOCUMENT, capture_of
from catalog.text.placed import PlacedText
from catalog.texts import Text
from cli.context import Archive, with_archive
from cli.diff_telling import Compared, Link, as_object, write_difference
from cli.find import find_capture, is_url
from cli.moments import UNTIL
from cli.naming import named_thing
from cli.output import json_option, write_json

PAGES = frozenset({"text/html", "application/xhtml+xml"})


@click.command("diff")
@click.argument("names", nargs=-1, required=True, metavar="ID|URL [ID|URL]")
@click.option(
    "--at",
    type=UNTIL,
    multiple=True,
    metavar="TIME",
    help="Of one URL: as last captured at or before this time; given twice, at these two times.",
)
@json_option
@with_archive
def command(
    archive: Archive, names: tuple[str, ...], *, at: tuple[datetime, ...], as_json: bool
) -> None:
    """Show what differs between two versions or captures; of one document, between its last two.

    Texts are compared character by character in Chinese, word by word elsewhere, tables cell by
    cell; attachments and links as sets. A document with one version is compared over time all the
    same: its attachments may have been swapped. The exit code is 0 whether they differ or not, and
    3 where one of them has no text.

    \b
    Example:
      muniment diff https://www.example.gov/notice.html
      muniment diff https://www.example.gov/notice.html --at 2021-06-01
      muniment diff 9q2v 3fk8
    """
    found = _compared(archive, *_pair(archive, names, at))
    if as_json:
        write_json(as_object(found))
    else:
        write_difference(found)


def _pair(
    archive: Archive, names: tuple[str, ...], at: tuple[datetime, ...]
) -> tuple[Capture, Capture]:
    if at:
        return _at(archive, names, at)
    if len(names) == 2:
        one, two = (capture_of(archive.engine, named_thing(archive, name)) for name in names)
        return one, two
    if len(names) > 2:
        raise UsageError("two at a time", advice="name two versions, or one document")
    named = named_thing(archive, names[0])
    if named.kind != DOCUMENT:
        raise UsageError(
            f"{names[0]} is one {named.kind}",
            advice="name another to compare it with, or a document",
        )
    return _over_time(archive, named.id)


def _at(
    archive: Archive, names: tuple[str, ...], at: tuple[datetime, ...]
) -> tuple[Capture, Capture]:
    if len(names) != 1 or not is_url(names[0]) or len(at) > 2:
        raise UsageError("--at goes with one URL, once or twice")
    times: list[datetime | None] = [*sorted(at), None][:2]
    one, two = (find_capture(archive, names[0], time, holding=True) for time in times)
    return one, two


def _over_time(archive: Archive, document_id: str) -> tuple[Capture, Capture]:
    """The last two versions of a document, or the first and last sighting of its only one."""
    versions = by_last_seen(versions_of(archive.engine, document_id))
    if not versions:
        raise UsageError("no version of this document is held", advice="see `muniment show`")
    latest = sighting(archive.engine, document_id, versions[-1].latest.version.id)
    if len(versions) > 1:
        before = sighting(archive.engine, document_id, versions[-2].latest.version.id)
    else:
        only = min(versions[0].contents, key=lambda seen: seen.first)
        before = sighting(archive.engine, document_id, only.version.id, first=True)
    if before.id == latest.id:
        raise UsageError("this document was seen once only", advice="see `muniment show`")
    return before, latest


def _compared(archive: Archive, first: Capture, second: Capture) -> Compared:
    same = first.version_id is not None and first.version_id == second.version_id
    texts = [text_of(archive.engine, each.version_id or "") for each in (first, second)]
    if same:
        found = Difference("same bytes")
    else:
        one, two = (_placed(*pair) for pair in zip((first, second), texts, strict=True))
        found = compare(one, two)
    files = compare_files(*(attachments_of(archive.engine, each) for each in (first, second)))
    links: tuple[list[Link], list[Link]] = ([], [])
    unchecked = None
    if not same and all(text is not None and text.real_type in PAGES for text in texts):
        try:
            links = compare_links(*_links(archive, (first, second)))
        except DamagedError as error:
            unchecked = str(error)
    return Compared(first, second, found, list(files), *links, unchecked)


def _placed(capture: Capture, text: Text | None) -> PlacedText:
    if text is None or (text.code and not text.characters):
        reason = f"{text.code}: {text.detail}" if text else "it was not read"
        raise UncheckedError(
            f"capture {printed(capture.id)} has no text to compare ({reason})",
            advice="`muniment get` gives both files, for a program that knows them",
        )
    return PlacedText.from_json(text.body, text.passages)


def _links(archive: Archive, captures: Sequence[Capture]) -> Iterator[list[Link]]:
    """The links of pages, read again: the catalog keeps those to files alone."""
    readings = read_again(archive.engine, archive.root, captures)
    for capture, reading in zip(captures, readings, strict=True):
        encoding = reading.extraction.encoding
        led = (
            (led_to(capture.url, href, encoding.name if encoding else None), words)
            for href, words in reading.extraction.links
        )
        yield [(url, words) for url, words in led if url]
