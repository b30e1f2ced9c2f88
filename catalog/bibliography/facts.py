"""What the catalog knows of the entries of a bibliography, gathered in a few look-ups for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection, Engine, select

from archive.errors import UsageError
from archive.ident import typed
from catalog.bibliography.entry import Entry
from catalog.bibliography.held import Facts, Held, QuoteFound
from catalog.bibliography.sightings import BATCH, Sightings, read
from catalog.holdings import Capture
from catalog.keys import version_id
from catalog.quoting.match import Quote, Searched
from catalog.quoting.verdict import HOLDS, QuoteVerdict, check
from catalog.text.placed import PlacedText
from catalog.texts import TEXT, Text
from catalog.values import table_of

_CAPTURE, _TEXT = table_of(Capture).c, table_of(Text).c
DAYS = 7
"""Within how many days of a date a capture is near it, unless told otherwise."""
AT_MOST = 3
"""Contents in which the quotations of one entry are looked for: the cited one, then the last ones."""
KEPT = 16
"""Texts that are kept ready, for works cite the same source again and again."""

T = TypeVar("T")


def gather(
    engine: Engine, entries: Sequence[Entry], *, days: int = DAYS, collection: str | None = None
) -> list[Facts]:
    """The facts of each entry, in their order. `collection` is the id of one to look in alone."""
    with engine.connect() as connection:
        sightings = Sightings(connection, collection)
        sightings.look_up(url for entry in entries for url in entry.urls)
        named = _Named(connection, entries, collection)
        quotes = _Quotes(connection)
        return [
            quotes.checked(
                Facts(
                    entry,
                    tuple(sightings.of(entry.urls)),
                    named.of(entry),
                    named.conflict(entry),
                    days=days,
                )
            )
            for entry in entries
        ]


class _Named:
    """The captures whose digest or id entries name."""

    def __init__(
        self, connection: Connection, entries: Sequence[Entry], collection: str | None
    ) -> None:
        self._by_id: dict[str, list[Held]] = {}
        digests = {version_id(bytes.fromhex(e.sha256)) for e in entries if e.sha256}
        ids = {id_ for entry in entries if (id_ := _typed(entry))}
        for batch in batches(sorted(digests | ids)):
            for column in (_CAPTURE.id, _CAPTURE.version_id, _CAPTURE.document_id):
                for row in read(connection, column.in_(batch), collection):
                    if row.version_id is not None:
                        key = getattr(row, column.key)
                        self._by_id.setdefault(key, []).append(row.held())

    def of(self, entry: Entry) -> Held | None:
        """The first capture that fits everything that an entry names."""
        fits = [
            set(self._by_id.get(key, ()))
            for key in (
                version_id(bytes.fromhex(entry.sha256)) if entry.sha256 else None,
                _typed(entry),
            )
            if key
        ]
        both = set.intersection(*fits) if fits else set()
        return min(both, key=lambda held: (held.time, held.capture), default=None)

    def conflict(self, entry: Entry) -> str | None:
        """What keeps the named capture from being held as it is named."""
        if self.of(entry) is not None or not (entry.sha256 or entry.id):
            return None
        if entry.id and _typed(entry) in self._by_id:
            return "the capture that it names has another digest than the one that it names"
        what = "digest" if entry.sha256 else "id"
        return f"nothing here has the {what} that it names"


def _typed(entry: Entry) -> str | None:
    try:
        return typed(entry.id) if entry.id else None
    except UsageError:
        return None


class _Quotes:
    """Checks the quotations of entries in the texts that they point to."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._searched = lru_cache(maxsize=KEPT)(self._text)

    def checked(self, facts: Facts) -> Facts:
        """The facts with what became of the entry's quotations."""
        cited = facts.cited
        if not facts.entry.quotes or cited is None:
            return facts
        contents = dict.fromkeys(
            held.version for held in (cited, *facts.content[::-1]) if held.version
        )
        ids = list(islice(contents, AT_MOST))
        return replace(facts, quotes=tuple(self._one(quote, ids) for quote in facts.entry.quotes))

    def _one(self, words: str, ids: list[str]) -> QuoteFound:
        """The best that is said of a quotation: that it holds, that it is altered, or the first."""
        quote = Quote(words)
        found = [
            (id_, check(quote, self._searched(id_), why_no_text="there is no text of it"))
            for id_ in ids
        ]
        best = (
            next((one for one in found if one[1].verdict in HOLDS), None)
            or next((one for one in found if one[1].verdict is QuoteVerdict.ALTERED), None)
            or found[0]
        )
        return QuoteFound(words, best[1], best[0])

    def _text(self, id_: str) -> Searched | None:
        query = select(_TEXT.body, _TEXT.passages).where(
            _TEXT.version_id == id_, _TEXT.kind == TEXT
        )
        row = self._connection.execute(query).first()
        if row is None or not row.body:
            return None
        return Searched.of(PlacedText.from_json(row.body, row.passages))


def batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Keys, as many as one look-up takes."""
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch
