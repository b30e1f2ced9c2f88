"""How values cross into the database: instants, text from outside, and JSON.

Each is one decorator that holds on SQLite and on PostgreSQL alike, so a rebuild on either gives the
same rows.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from archive import times


def visible(text: str) -> str:
    r"""The text as a database can store it, with what it cannot store shown as an escape.

    NUL becomes `\x00`, a lone surrogate `\ud800` to `\udfff`; a byte that could not be decoded
    (`surrogateescape`) is one of those, `\udc80` to `\udcff`. All other text is returned as it is,
    so a value read from the catalog can be asked for again. The raw bytes stay in the WARC file.
    """
    if text.isascii():
        return text.replace("\x00", "\\x00")
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


class Key(TypeDecorator[str]):
    """A word of ours: an id, a code, the name of a file. Ordered by code point."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        # SQLite orders by bytes; PostgreSQL would order by the language of its server.
        return Text(collation="C") if dialect.name == "postgresql" else Text()


class Outside(Key):
    """Text from outside: what a server, a file or a person wrote."""

    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return None if value is None else visible(value)


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC, to the microsecond; a naive one is refused with `ValueError`.

    `timestamptz` on PostgreSQL; on SQLite text as in WARC files, which sorts by time.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return DateTime(timezone=True) if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime is no instant")
        return value if dialect.name == "postgresql" else times.to_text(value)

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return found.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """Objects and lists as JSON text, keys sorted, so equal values are equal rows."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        return None if value is None else self.dumps(value)

    @staticmethod
    def dumps(value: Any) -> str:
        # In JSON the escape of a surrogate is the surrogate, and NUL is never bare.
        return visible(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")))

    def process_result_value(self, value: Any, _dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)
