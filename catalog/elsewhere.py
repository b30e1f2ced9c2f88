"""Where else a document is found: the same bytes, the same text, and texts that are nearly the same.

What is nearly the same is listed for a person to look at, with its similarity; nothing is ever merged
by likeness.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, and_, func, or_, select

from catalog.documents import IS_CONTENT, contents_of
from catalog.holdings import Capture, Document
from catalog.text.normal import normal
from catalog.text.outcome import AROUND
from catalog.text.placed import PlacedText
from catalog.text.sketch import Runs, runs_of, shared
from catalog.texts import TEXT, Sketch, Text
from catalog.values import table_of, values

_CAPTURE, _TEXT = table_of(Capture).c, table_of(Text).c
_DOCUMENT, _SKETCH = table_of(Document).c, table_of(Sketch).c
ALIKE = 0.7
"""Similarity from which texts are listed as near-duplicates: notices on one form, about other things,
are up to 0.65 alike."""
CANDIDATES = 100
"""Texts that one is compared with, those first that share most hashes of their sketches."""
IN_COMMON = 2
"""Hashes of their sketches that candidates have in common: of texts that are 0.7 alike, one of 800 pairs
has less."""
COUNTED = 2_000
"""Contents with hashes in common of which the copies, and the document's own, are left out."""
WEIGHED = 20_000_000
"""Characters of candidates that are compared with one text, about; the likest come first."""
LEAST = 20
"""Characters of a text from which an equal one elsewhere is no accident."""
_AT_ONCE = 500
"""Values in one list of a query: SQLite takes a limited number."""


@dataclass(frozen=True)
class Elsewhere:
    """The same, or nearly the same, in another document."""

    document: Document
    version_id: str
    """Of several the one that was seen last."""
    how: str
    """`same bytes`, `same text`, or `alike`."""
    similarity: float
    first: datetime
    last: datetime

    def with_(self, other: Elsewhere) -> Elsewhere:
        """Another content of the same document that is as like, told together with this one."""
        latest = max(self, other, key=lambda each: (each.last, each.version_id))
        return replace(latest, first=min(self.first, other.first))


def copies_of(engine: Engine, document_id: str) -> list[Elsewhere]:
    """Other documents that showed a content of this one: the same bytes, or the same text."""
    here = [seen for seen in contents_of(engine, document_id) if seen.outcome == "content"]
    ids = {seen.version.id for seen in here}
    normals = {seen.normal for seen in here if seen.normal}
    same_text = select(_TEXT.version_id).where(_TEXT.kind == TEXT, _TEXT.characters >= LEAST)
    with engine.connect() as connection:
        equal = ids | {
            id_
            for some in _parts(normals)
            for id_ in connection.scalars(same_text.where(_TEXT.normal_sha256.in_(some)))
        }
        found: dict[tuple[str, str], Elsewhere] = {}
        for document, id_, first, last in _seen_elsewhere(connection, document_id, equal):
            how = "same bytes" if id_ in ids else "same text"
            copy = Elsewhere(document, id_, how, 1.0, first, last)
            known = found.get((document.id, how))
            found[document.id, how] = known.with_(copy) if known else copy
    return sorted(found.values(), key=lambda copy: (copy.first, copy.document.url, copy.how))


def near_duplicates(
    engine: Engine, document_id: str, version_id: str, least: float = ALIKE
) -> list[Elsewhere]:
    """Contents of other documents whose texts are alike and not the same as that of this version of
    a document, the likest first.
    """
    with engine.connect() as connection:
        own = connection.execute(_texts([version_id])).first()
        if own is None:
            return []
        runs = _runs(own)
        share: dict[str, float] = {}
        ids = list(connection.scalars(_candidates(document_id, version_id, own.normal_sha256)))
        left = WEIGHED
        for id_ in ids:
            other = connection.execute(_texts([id_])).one()
            left -= other.characters
            if left < 0 and share:
                break
            share[id_] = shared(runs, _runs(other))
        alike = {id_ for id_, of_it in share.items() if of_it >= least}
        found = [
            Elsewhere(document, id_, "alike", share[id_], first, last)
            for document, id_, first, last in _seen_elsewhere(connection, document_id, alike)
        ]
    return sorted(found, key=lambda copy: (-copy.similarity, copy.document.url, copy.version_id))


def _candidates(document_id: str, version_id: str, normal_sha256: bytes | None) -> Select[Any]:
    """Versions of other documents whose sketches have most in common with that of one.

    What a whole site has in common is counted in the sketches alone; texts are looked at of the few
    that are left.
    """
    own = select(_SKETCH.hash).where(_SKETCH.version_id == version_id)
    common = (
        select(_SKETCH.version_id, func.count().label("hashes"))
        .where(_SKETCH.hash.in_(own), _SKETCH.version_id != version_id)
        .group_by(_SKETCH.version_id)
        .having(func.count() >= IN_COMMON)
        .order_by(func.count().desc(), _SKETCH.version_id)
        .limit(COUNTED)
        .subquery()
    )
    here = select(_CAPTURE.version_id).where(
        _CAPTURE.document_id == document_id, _CAPTURE.version_id.is_not(None)
    )
    return (
        select(common.c.version_id)
        .join(table_of(Text), and_(_TEXT.version_id == common.c.version_id, _TEXT.kind == TEXT))
        .where(
            common.c.version_id.not_in(here),
            or_(_TEXT.normal_sha256.is_(None), _TEXT.normal_sha256 != normal_sha256),
        )
        .order_by(common.c.hashes.desc(), common.c.version_id)
        .limit(CANDIDATES)
    )


def _runs(text: Any) -> Runs:
    """The runs of what a page says itself, as catalog.indexing makes its sketch of."""
    return runs_of(normal(PlacedText.from_json(text.body, text.passages).without(AROUND)))


def _texts(ids: Collection[str]) -> Select[Any]:
    columns = _TEXT.body, _TEXT.passages, _TEXT.characters, _TEXT.normal_sha256
    return select(*columns).where(_TEXT.version_id.in_(ids), _TEXT.kind == TEXT)


def _seen_elsewhere(
    connection: Connection, document_id: str, ids: Iterable[str]
) -> Iterable[tuple[Document, str, datetime, datetime]]:
    """Where these versions were seen but in one document, and when first and last."""
    first, last = func.min(_CAPTURE.time), func.max(_CAPTURE.time)
    query = (
        select(*_DOCUMENT, _CAPTURE.version_id, first, last)
        .join_from(table_of(Capture), table_of(Document), _DOCUMENT.id == _CAPTURE.document_id)
        .outerjoin(
            table_of(Text), and_(_TEXT.version_id == _CAPTURE.version_id, _TEXT.kind == TEXT)
        )
        .where(_CAPTURE.document_id != document_id, IS_CONTENT)
        .group_by(*_DOCUMENT, _CAPTURE.version_id)
    )
    for some in _parts(ids):
        for row in connection.execute(query.where(_CAPTURE.version_id.in_(some))):
            yield next(values(Document, [row[:-3]])), *row[-3:]


def _parts(whole: Iterable[Any]) -> Iterable[list[Any]]:
    listed = sorted(whole)
    return (listed[place : place + _AT_ONCE] for place in range(0, len(listed), _AT_ONCE))
