"""What else a text must be, beside what stands in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from archive.errors import UsageError
from catalog.holdings import Agency, Capture, Crawl, Source
from catalog.search.index import SEARCHABLE
from catalog.texts import Posting
from catalog.values import table_of

POSTED, WRITTEN, CAPTURED = "posted", "written", "captured"

TYPES = {
    "html": ("text/html", "application/xhtml+xml"),
    "pdf": ("application/pdf",),
    "doc": ("application/msword",),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",),
    "xls": ("application/vnd.ms-excel",),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",),
    "ppt": ("application/vnd.ms-powerpoint",),
    "pptx": ("application/vnd.openxmlformats-officedocument.presentationml.presentation",),
    "odt": ("application/vnd.oasis.opendocument.text",),
    "ofd": ("application/ofd",),
    "rtf": ("application/rtf", "text/rtf"),
    "txt": ("text/plain",),
    "zip": ("application/zip",),
}
"""Short names of media types."""

_TEXT, _POSTING, _CAPTURE = SEARCHABLE.c, table_of(Posting).c, table_of(Capture).c
_CRAWL, _SOURCE, _AGENCY = table_of(Crawl).c, table_of(Source).c, table_of(Agency).c


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which texts to look in; what is `None` does not matter."""

    agency: str | None = None
    """The body whose source was recorded, or that the posting names as its issuer."""
    source: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Both inclusive."""
    date: str = POSTED
    """Which date they are about: `POSTED`, `WRITTEN`, `CAPTURED`. A posting tells days; one that is
    known only to the month or the year counts where it may lie within."""
    type: str | None = None
    """A key of `TYPES` or a media type: what the bytes are of."""
    outcome: str | None = None
    """Of the text or of a capture that saw it."""
    among: Select[tuple[str]] | None = None
    """A select of version ids, as of the members of a collection."""

    @property
    def dated(self) -> bool:
        """Whether it goes by a date that a posting may not state."""
        return self.date != CAPTURED and (self.since is not None or self.until is not None)


def conditions(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """The filter as conditions on a row of `SEARCHABLE`, but for the date that a posting states."""
    if wanted.agency is not None:
        of = select(_SOURCE.id).join(table_of(Agency), _AGENCY.id == _SOURCE.agency_id)
        sources = of.where(_AGENCY.name == wanted.agency)
        yield or_(
            _seen(_CAPTURE.crawl_id.in_(select(_CRAWL.id).where(_CRAWL.source_id.in_(sources)))),
            _stated(_POSTING.agency == wanted.agency),
        )
    if wanted.source is not None:
        yield _seen(_CAPTURE.crawl_id.in_(select(_CRAWL.id).where(_CRAWL.source == wanted.source)))
    if wanted.type is not None:
        yield _TEXT.type.in_(_types(wanted.type))
    if wanted.outcome is not None:
        yield or_(_TEXT.outcome == wanted.outcome, _seen(_CAPTURE.outcome == wanted.outcome))
    if wanted.among is not None:
        yield _TEXT.version_id.in_(wanted.among)
    if wanted.date == CAPTURED:
        within = [
            *([_CAPTURE.time >= wanted.since] if wanted.since else []),
            *([_CAPTURE.time <= wanted.until] if wanted.until else []),
        ]
        if within:
            yield _seen(*within)


def within(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    """That the posting states a date within the bounds."""
    if not wanted.dated:
        return
    stated = _POSTING[wanted.date]
    day = func.substr(stated, 1, len("2021-06-01"))
    bounds: list[ColumnElement[bool]] = [stated.is_not(None)]
    if wanted.since is not None:
        bounds.append(day >= func.substr(_day(wanted.since), 1, func.length(day)))
    if wanted.until is not None:
        bounds.append(day <= _day(wanted.until))
    yield _stated(*bounds)


def undated(wanted: Filter) -> ColumnElement[bool]:
    """That the posting states no date of the kind that the filter goes by."""
    return ~_stated(_POSTING[wanted.date].is_not(None))


def _seen(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(_CAPTURE.version_id == _TEXT.version_id, *conditions)


def _stated(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(_POSTING.version_id == _TEXT.version_id, *conditions)


def _day(instant: datetime) -> str:
    return instant.astimezone(UTC).date().isoformat()


def _types(name: str) -> tuple[Any, ...]:
    if "/" in name:
        return (name.lower(),)
    if name.lower() not in TYPES:
        raise UsageError(
            f"no type of files is called {name!r}",
            advice=f"give a media type, or one of: {' '.join(TYPES)}",
        )
    return TYPES[name.lower()]
