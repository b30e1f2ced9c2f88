"""The facts of a citation out of the catalog: what the posting says of itself, where its copy lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, select

from archive.ident import printed
from archive.names import safe_name
from catalog.citations.facts import Copy, Facts, clean
from catalog.citations.names import HAN, Author
from catalog.citations.titles import Title
from catalog.holdings import Agency, Capture, Crawl, Source
from catalog.texts import TEXT, Posting, Text
from catalog.values import table_of

_CAPTURE, _CRAWL = table_of(Capture).c, table_of(Crawl).c
_SOURCE, _AGENCY = table_of(Source).c, table_of(Agency).c
_POSTING, _TEXT = table_of(Posting).c, table_of(Text).c
CONTENT = "content"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the person who cites says of the posting; it goes before what was read."""

    title_romanised: str | None = None
    title_translated: str | None = None
    authors: tuple[str, ...] = ()
    agency: str | None = None


def gather(
    engine: Engine,
    capture: Capture,
    *,
    archive: str,
    base: str | None = None,
    origin: str | None = None,
    given: Given | None = None,
) -> Facts:
    """The facts of a capture that saw a version, in the archive of this name, whose public address
    is `base`. `origin` is what is to be said of a copy that was handed over.
    """
    assert capture.version_id is not None, "there is nothing to cite in a failure"
    given = given or Given()
    with engine.connect() as connection:
        posting = _row(connection, _POSTING, capture.version_id)
        text = _row(connection, _TEXT, capture.version_id, _TEXT.kind == TEXT)
        agency = posting.get("agency") or _agency(connection, capture)
        where, title = next(_titles(connection, capture, posting, text))
    return Facts(
        title=Title(
            original=title,
            romanised=_cleaned(given.title_romanised),
            translated=_cleaned(given.title_translated),
            where=where,
        ),
        url=capture.url,
        captured=capture.time,
        copy=_copy(capture, clean(archive), base, text.get("real_type")),
        authors=tuple(Author.of(clean(author)) for author in given.authors),
        agency=_cleaned(given.agency or agency),
        number=_cleaned(posting.get("number")),
        written=posting.get("written"),
        posted=posting.get("posted"),
        language=text.get("language") or ("zh" if HAN.search(title) else None),
        origin=origin,
        is_read=bool(text),
        notes=tuple(_notes(text)),
    )


def _row(connection: Connection, columns: Any, version: str, *conditions: Any) -> dict[str, Any]:
    """The row of a version; empty where it has none."""
    wanted = [column for column in columns if column.name not in {"body", "passages"}]
    query = select(*wanted).where(columns.version_id == version, *conditions)
    found = connection.execute(query).mappings().first()
    return dict(found) if found else {}


def _agency(connection: Connection, capture: Capture) -> str | None:
    """The agency of the source that the capture was made for."""
    query = (
        select(_AGENCY.name)
        .join_from(table_of(Crawl), table_of(Source), _CRAWL.source_id == _SOURCE.id)
        .join(table_of(Agency), _SOURCE.agency_id == _AGENCY.id)
        .where(_CRAWL.id == capture.crawl_id)
    )
    name: str | None = connection.scalar(query)
    return name


def _titles(
    connection: Connection, capture: Capture, posting: dict[str, Any], text: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    """Where a title comes from, and the title, the best first; there always is one."""
    properties = {name.lower(): value for name, value in text.get("properties") or ()}
    for where, title in (
        ("the posting", posting.get("title")),
        ("the file's properties", properties.get("title")),
        ("the link that led there", capture.link_text),
        ("a link that led there", _link_text(connection, capture)),
        ("the file's name", capture.filename or safe_name(None, capture.url)),
    ):
        if title and clean(title):
            yield where, clean(title)
    yield "the URL", capture.url


def _link_text(connection: Connection, capture: Capture) -> str | None:
    """The words of the first link to the same content."""
    query = (
        select(_CAPTURE.link_text)
        .where(_CAPTURE.version_id == capture.version_id, _CAPTURE.link_text.is_not(None))
        .order_by(_CAPTURE.time, _CAPTURE.id)
        .limit(1)
    )
    words: str | None = connection.scalar(query)
    return words


def _copy(capture: Capture, archive: str, base: str | None, real_type: str | None) -> Copy:
    assert capture.content_sha256 is not None
    assert capture.content_blake3 is not None
    assert capture.content_length is not None
    return Copy(
        archive=archive,
        capture=printed(capture.id),
        version=printed(capture.version_id) if capture.version_id else None,
        document=printed(capture.document_id) if capture.document_id else None,
        sha256=capture.content_sha256.hex(),
        blake3=capture.content_blake3.hex(),
        length=capture.content_length,
        media_type=real_type or capture.media_type,
        base=base,
    )


def _notes(text: dict[str, Any]) -> Iterator[str]:
    """What is wrong with the content as a document."""
    outcome = text.get("outcome") or CONTENT
    if outcome != CONTENT:
        reason = f" ({text['outcome_reason']})" if text.get("outcome_reason") else ""
        yield f"read as {outcome}, not as a document{reason}"


def _cleaned(text: str | None) -> str | None:
    return clean(text) or None if text else None
