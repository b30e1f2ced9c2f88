"""What a person names: a capture, a version or a document by its id, or the beginning of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, select

from archive.errors import NotFoundError, UsageError
from archive.ident import printed, typed
from catalog.documents import last_seen
from catalog.holdings import Capture, Document, Version
from catalog.queries import beginning_with
from catalog.values import table_of, values

CAPTURE, VERSION, DOCUMENT = "capture", "version", "document"
_MODELS: dict[str, Any] = {CAPTURE: Capture, VERSION: Version, DOCUMENT: Document}
_CANDIDATES = 5


@dataclass(frozen=True, slots=True)
class Named:
    """The thing that an id names. Its `row` is the capture, version or document itself."""

    kind: str
    row: Any

    @property
    def id(self) -> str:
        name: str = self.row.id
        return name


def resolve(engine: Engine, given: str) -> Named:
    """The capture, version or document whose id is, or alone begins with, what a person typed.

    Raises `NotFoundError` where there is none, `UsageError` with the candidates where there are
    several, and that of `archive.ident.typed`.
    """
    prefix = typed(given)
    with engine.connect() as connection:
        found = list(_beginning(connection, prefix))
    whole = [named for named in found if named.id == prefix]
    if len(whole) == 1 or len(found) == 1:
        return (whole or found)[0]
    if not found:
        raise NotFoundError(f"nothing has the id {given}", advice="see `muniment list`")
    names = ", ".join(f"{named.kind} {printed(named.id)}" for named in found[:_CANDIDATES])
    more = " and more" if len(found) > _CANDIDATES else ""
    raise UsageError(
        f"{given} begins several ids: {names}{more}", advice="type more of the one that is meant"
    )


def capture_of(engine: Engine, named: Named) -> Capture:
    """The capture that stands for what was named: itself, or the last that saw it.

    Raises `NotFoundError` where a version or document was seen by no capture that is held.
    """
    if named.kind == CAPTURE:
        found: Capture = named.row
        return found
    last = last_seen(engine, named.id, document=named.kind == DOCUMENT)
    if last is None:
        raise NotFoundError(f"no capture of {named.kind} {printed(named.id)} is held")
    return last


def _beginning(connection: Connection, prefix: str) -> Iterator[Named]:
    for kind, model in _MODELS.items():
        table = table_of(model)
        query = select(table).where(*beginning_with(table.c.id, prefix)).order_by(table.c.id)
        for row in values(model, connection.execute(query.limit(_CANDIDATES + 1))):
            yield Named(kind, row)
