"""What the catalog knows of the entries of a bibliography, gathered in a few look-ups for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Engine, and_, case, func, or_, select

from archive.errors import UsageError
from archive.ident import typed
from catalog.bibliography.entry import Entry
from catalog.bibliography.verdict import Facts, Held, QuoteFound
from catalog.collections import versions_in
from catalog.holdings import Capture
from catalog.keys import document_id, url_key
from catalog.quoting.match import Quote, Searched
from catalog.quoting.verdict import HOLDS, QuoteVerdict, check
from catalog.text.placed import PlacedText
from catalog.texts import TEXT, Text
from catalog.values import table_of

_CAPTURE, _TEXT = table_of(Capture).c, table_of(Text).c
BATCH = 400
"""Keys of one look-up: SQLite takes no more than 999 parameters in old builds."""
AT_MOST = 3
"""Contents in which the quotations of one entry are looked for: the cited one, then the nearest."""

T = TypeVar("T")


def gather(
    engine: Engine, entries: Sequence[Entry], *, days: int = 7, collection: str | None = None
) -> list[Facts]:
    """The facts of each entry, in their order. `collection` is the id of one to look in alone."""
    with engine.connect() as connection:
        held = _held(connection, entries, collection)
        facts = [
            Facts(
                entry,
                tuple(sorted({h for key in _keys(entry) for h in held[key]}, key=_order)),
                _named(connection, entry),
                days=days,
            )
            for entry in entries
        ]
        return [_with_quotes(connection, each) for each in facts]


def _order(held: Held) -> tuple[Any, str]:
    return held.time, held.capture


def _keys(entry: Entry) -> Iterator[str]:
    for url in entry.urls:
        yield document_id(url)
        yield url_key(url)


def _held(
    connection: Connection, entries: Sequence[Entry], collection: str | None
) -> dict[str, list[Held]]:
    """The captures of every address, by the document's id and by the key of the URL."""
    found: dict[str, list[Held]] = defaultdict(list)
    urls = {url for entry in entries for url in entry.urls}
    for batch in _batches(sorted({document_id(url) for url in urls})):
        for held, row in _captures(connection, _CAPTURE.document_id.in_(batch), collection):
            found[row.document_id].append(held)
    for batch in _batches(sorted({url_key(url) for url in urls})):
        wanted = and_(_CAPTURE.url_key.in_(batch), _CAPTURE.document_id.is_(None))
        for held, row in _captures(connection, wanted, collection):
            found[row.url_key].append(held)
    return found


def _captures(
    connection: Connection, wanted: ColumnElement[bool], collection: str | None
) -> Iterator[tuple[Held, Any]]:
    query = (
        select(
            _CAPTURE.id,
            _CAPTURE.url,
            _CAPTURE.url_key,
            _CAPTURE.time,
            _CAPTURE.document_id,
            _CAPTURE.version_id,
            _CAPTURE.content_sha256,
            _TEXT.normal_sha256,
            _outcome().label("outcome"),
        )
        .outerjoin(
            table_of(Text),
            and_(_TEXT.content_sha256 == _CAPTURE.content_sha256, _TEXT.kind == TEXT),
        )
        .where(
            wanted,
            _CAPTURE.outcome.not_in(("redirect", "not-modified"))
            | _CAPTURE.version_id.is_not(None),
        )
    )
    if collection is not None:
        members = versions_in(collection)
        query = query.where(or_(_CAPTURE.version_id.in_(members), _CAPTURE.version_id.is_(None)))
    for row in connection.execute(query):
        yield (
            Held(
                capture=row.id,
                url=row.url,
                time=row.time,
                outcome=row.outcome,
                document=row.document_id,
                version=row.version_id,
                normal=row.normal_sha256,
                sha256=row.content_sha256,
            ),
            row,
        )


def _outcome() -> ColumnElement[str]:
    """What came: by its text where it was a version, by the exchange where it was none."""
    read = func.coalesce(_TEXT.outcome, "content")
    return case((_CAPTURE.version_id.is_not(None), read), else_=_CAPTURE.outcome)


def _named(connection: Connection, entry: Entry) -> Held | None:
    """The capture whose digest or id an entry names."""
    if entry.sha256:
        wanted = _CAPTURE.content_sha256 == bytes.fromhex(entry.sha256)
    elif entry.id:
        try:
            id_ = typed(entry.id)
        except UsageError:
            return None
        wanted = or_(_CAPTURE.id == id_, _CAPTURE.version_id == id_)
    else:
        return None
    found = sorted((held for held, _ in _captures(connection, wanted, None)), key=_order)
    return found[0] if found else None


def _with_quotes(connection: Connection, facts: Facts) -> Facts:
    """The facts with what became of the entry's quotations, in the content that it means first."""
    if not facts.entry.quotes or not facts.content:
        return facts
    cited = facts.cited
    ids = dict.fromkeys(
        held.version for held in ([cited] if cited else []) + facts.content[::-1] if held.version
    )
    texts = [text for id_ in islice(ids, AT_MOST) if (text := _text(connection, id_))]
    return replace(facts, quotes=tuple(_checked(quote, texts) for quote in facts.entry.quotes))


def _text(connection: Connection, version_id: str) -> Searched | None:
    query = select(_TEXT.body, _TEXT.passages).where(
        _TEXT.version_id == version_id, _TEXT.kind == TEXT
    )
    row = connection.execute(query).first()
    return Searched.of(PlacedText.from_json(row.body, row.passages)) if row and row.body else None


def _checked(raw: str, texts: list[Searched]) -> QuoteFound:
    quote = Quote(raw)
    found = [check(quote, text) for text in texts]
    if not found:
        return QuoteFound(raw, QuoteVerdict.NOT_CHECKED, "the content has no text")
    best = next((one for one in found if one.verdict in HOLDS), None)
    best = best or next((one for one in found if one.verdict is QuoteVerdict.ALTERED), found[0])
    reason = best.reason
    if best.nearest is not None:
        marks = {"=": "{}", "-": "[-{}-]", "+": "{{+{}+}}"}
        reason = "".join(marks[run.op].format(run.text) for run in best.nearest.runs)
    return QuoteFound(raw, best.verdict, reason)


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
