"""Notices and the files that they link, by the links that stand in each version of the notice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from sqlalchemy import Connection, Engine, Select, and_, func, or_, select

from catalog.documents import IS_CONTENT
from catalog.holdings import Capture, Document
from catalog.keys import document_id as id_at
from catalog.keys import url_key
from catalog.postings.attachments import led_to
from catalog.texts import TEXT, Attachment, Text
from catalog.values import table_of, values

_CAPTURE, _TEXT = table_of(Capture).c, table_of(Text).c
_DOCUMENT, _ATTACHMENT = table_of(Document).c, table_of(Attachment).c
HOPS = 5
"""Redirects that are followed from the address in a link."""
PAGES = 500
"""Pages from which one file was come to that are looked through."""


@dataclass(frozen=True)
class Attached:
    """A file that a notice links, and what was seen there about the time of the notice."""

    url: str
    words: str
    """The words of the link."""
    document_id: str
    """Of the file: of where the link leads, after redirects."""
    seen: Capture | None
    """The sighting of the file that is next to that of the notice: of the same crawl, or the nearest
    in time. `None` where the file was never seen."""

    @property
    def version_id(self) -> str | None:
        return self.seen.version_id if self.seen else None


@dataclass(frozen=True)
class Notice:
    """A page that links a file."""

    version_id: str
    """The content that has the link."""
    document_id: str
    url: str
    words: str


@dataclass(frozen=True)
class FileChange:
    """What became of a file between two sightings of a notice."""

    how: str
    """`added`, `removed`, `swapped` (other bytes under its address or its words), `moved` (the same
    bytes at another address), `renamed`; `not checked` where its bytes were not seen on both sides."""
    before: Attached | None
    after: Attached | None


def attachments_of(engine: Engine, notice: Capture) -> list[Attached]:
    """The files that a notice linked when it was captured, in the order of the page."""
    query = _linking(_ATTACHMENT.href, _ATTACHMENT.words, _TEXT.encoding).where(
        _ATTACHMENT.version_id == notice.version_id
    )
    with engine.connect() as connection:
        links = connection.execute(query.order_by(_ATTACHMENT.place)).all()
        # The same bytes may be posted at two hosts, and their short links lead to files of each.
        led = ((led_to(notice.url, href, encoding), words) for href, words, encoding in links)
        return [_attached(connection, notice, url, words) for url, words in led if url]


def notices_of(engine: Engine, document_id: str) -> list[Notice]:
    """The notices that link a file, with the words of the links, the first seen first."""
    with engine.connect() as connection:
        targets = {document_id, *map(id_at, _leading_here(connection, document_id))}
        found: dict[tuple[str, str, str], Notice] = {}
        for row in connection.execute(_links(targets, _pages(connection, targets))):
            version_id, notice_id, href, words, encoding, url = row
            target = led_to(url, href, encoding)
            if target and id_at(target) in targets:
                notice = Notice(version_id, notice_id, url, words)
                found.setdefault((version_id, notice_id, words), notice)
    return list(found.values())


def compare_files(before: Iterable[Attached], after: Iterable[Attached]) -> Iterator[FileChange]:
    """What became of the files of a notice: by their addresses, and where those are others by the
    words of their links. Nothing is said of a file that stayed as it was.
    """
    gone = {file.document_id: file for file in before}
    come = {file.document_id: file for file in after}
    for id_ in [id_ for id_ in gone if id_ in come]:
        yield from _changed(gone.pop(id_), come.pop(id_))
    old_words, new_words = (_by_words(files.values()) for files in (gone, come))
    for words in [words for words in old_words if words in new_words]:
        old, new = old_words[words], new_words[words]
        yield from _changed(gone.pop(old.document_id), come.pop(new.document_id))
    yield from (FileChange("removed", old, None) for old in gone.values())
    yield from (FileChange("added", None, new) for new in come.values())


def compare_links(
    before: Iterable[tuple[str, str]], after: Iterable[tuple[str, str]]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Links (address, words) of the first alone, and of the second alone, each address once.

    Addresses of one document are one, whatever their scheme or session.
    """
    gone, come = ({id_at(url): (url, words) for url, words in side} for side in (before, after))
    return (
        [link for id_, link in gone.items() if id_ not in come],
        [link for id_, link in come.items() if id_ not in gone],
    )


def _by_words(files: Iterable[Attached]) -> dict[str, Attached]:
    """Files by the words of their links, where these tell one file from all others."""
    listed = list(files)
    times = Counter(file.words for file in listed)
    return {file.words: file for file in listed if file.words and times[file.words] == 1}


def _changed(old: Attached, new: Attached) -> Iterator[FileChange]:
    if old.version_id is None or new.version_id is None or old.seen == new.seen:
        yield FileChange("not checked", old, new)
    elif old.version_id != new.version_id:
        yield FileChange("swapped", old, new)
    elif old.document_id != new.document_id:
        yield FileChange("moved", old, new)
    if old.words != new.words:
        yield FileChange("renamed", old, new)


def _attached(connection: Connection, notice: Capture, url: str, words: str) -> Attached:
    target = url
    for _ in range(HOPS):
        seen = _next_to(connection, id_at(target), notice)
        if seen is not None:
            return Attached(url, words, id_at(target), seen)
        location = connection.scalar(
            select(_CAPTURE.location)
            .where(
                _CAPTURE.url_key == url_key(target),
                _CAPTURE.outcome == "redirect",
                _CAPTURE.location.is_not(None),
            )
            .order_by(_CAPTURE.time.desc(), _CAPTURE.id)
            .limit(1)
        )
        if location is None:
            break
        target = urljoin(target, location)
    return Attached(url, words, id_at(url), None)


def _next_to(connection: Connection, document_id: str, notice: Capture) -> Capture | None:
    """The sighting of a document next to that of a notice: of its crawl, or the nearest in time."""
    seen = (
        select(table_of(Capture))
        .outerjoin(
            table_of(Text), and_(_TEXT.version_id == _CAPTURE.version_id, _TEXT.kind == TEXT)
        )
        .where(_CAPTURE.document_id == document_id, _CAPTURE.version_id.is_not(None), IS_CONTENT)
        .limit(1)
    )
    sides = (
        seen.where(_CAPTURE.time >= notice.time).order_by(_CAPTURE.time, _CAPTURE.id),
        seen.where(_CAPTURE.time < notice.time).order_by(_CAPTURE.time.desc(), _CAPTURE.id),
    )
    found = [
        capture for side in sides for capture in values(Capture, connection.execute(side))
    ]  # fmt: skip
    crawl = notice.crawl_id
    return min(
        found,
        key=lambda capture: (
            crawl is None or capture.crawl_id != crawl,
            abs(capture.time - notice.time),
        ),
        default=None,
    )


def _linking(*columns: Any) -> Select[Any]:
    """Links to files, and how the pages are read that have them."""
    return select(*columns).join_from(
        table_of(Attachment),
        table_of(Text),
        and_(_TEXT.version_id == _ATTACHMENT.version_id, _TEXT.kind == TEXT),
    )


def _pages(connection: Connection, targets: Collection[str]) -> list[str]:
    """Documents from which a file was come to."""
    query = select(_CAPTURE.via).where(
        _CAPTURE.document_id.in_(targets),
        _CAPTURE.version_id.is_not(None),
        _CAPTURE.via.is_not(None),
    )
    return sorted({id_at(via) for via in connection.scalars(query.distinct())})[:PAGES]


def _links(targets: Collection[str], pages: Collection[str]) -> Select[Any]:
    """Links to files by any of their addresses, each with the pages where it was seen.

    A row says where a link leads from the page that was first seen with it. Of the same page at
    another host it is the file's own captures that know: from which page they were come to.
    """
    from_there = select(_CAPTURE.version_id).where(
        _CAPTURE.document_id.in_(pages), _CAPTURE.version_id.is_not(None)
    )
    link = _ATTACHMENT.version_id, _DOCUMENT.id, _ATTACHMENT.href, _ATTACHMENT.words
    columns = *link, _TEXT.encoding
    return (
        _linking(*columns, _CAPTURE.url)
        .join(table_of(Capture), _CAPTURE.version_id == _ATTACHMENT.version_id)
        .join(table_of(Document), _DOCUMENT.id == _CAPTURE.document_id)
        .where(or_(_ATTACHMENT.document_id.in_(targets), _ATTACHMENT.version_id.in_(from_there)))
        .group_by(*columns, _ATTACHMENT.place, _CAPTURE.url)
        .order_by(func.min(_CAPTURE.time), _ATTACHMENT.version_id, _CAPTURE.url, _ATTACHMENT.place)
    )


def _leading_here(connection: Connection, document_id: str) -> Iterator[str]:
    """Addresses that redirect to this document."""
    came = select(_CAPTURE.via).where(_CAPTURE.cause == "redirect", _CAPTURE.via.is_not(None))
    here = came.where(_CAPTURE.document_id == document_id, _CAPTURE.version_id.is_not(None))
    known: set[str] = set()
    found = set(connection.scalars(here.distinct()))
    for _ in range(HOPS):
        yield from found
        known |= found
        there = came.where(_CAPTURE.url_key.in_(map(url_key, found)), _CAPTURE.url.in_(found))
        found = set(connection.scalars(there.distinct())) - known
        if not found:
            return
