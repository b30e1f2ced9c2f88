"""Statements to JSON and back, by the types of their fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from archive.digest import Absent, Digests, layer_from_json
from archive.errors import RecordError, UsageError, Where
from archive.statement import (
    FORMAT,
    Capture,
    Crawl,
    CrawlClose,
    Event,
    Layers,
    RefersTo,
    Statement,
    Tls,
)
from archive.times import from_text, to_text

Convert = Callable[[Any], Any]
KINDS: dict[str, type[Statement]] = {
    kind.kind: kind for kind in (Capture, Crawl, CrawlClose, Event)
}


def to_json(statement: Statement) -> dict[str, Any]:
    """The statement's fields; those that say nothing (`None`, or an empty list or object, by
    default) are left out. Other defaults are written, for a reader does not know ours.
    """
    return _object(statement)


def from_json(value: Any, where: Where | None = None) -> Statement:
    """The statement that a metadata record holds. Fields that we do not know are passed over.

    Raises `RecordError` at `where` for a kind or format that we do not know, and for a field that
    is missing or malformed.
    """
    if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
        raise RecordError("not a statement: it has no kind", where=where)
    if value.get("format") != FORMAT:
        raise RecordError(
            f"a statement of a format we do not know: {value.get('format')!r}", where=where
        )
    kind = KINDS.get(value["kind"])
    if kind is None:
        raise RecordError(f"a statement of a kind we do not know: {value['kind']!r}", where=where)
    try:
        statement: Statement = _READERS[kind](value)
    except (KeyError, TypeError, ValueError, OverflowError, UsageError) as error:
        raise RecordError(
            f"a malformed statement of kind {kind.kind}: {error}", where=where
        ) from error
    return statement


def _object(value: Any) -> dict[str, Any]:
    found = {}
    for name, key, silent in _FIELDS[type(value)]:
        entry = getattr(value, name)
        if silent is MISSING or entry != silent:
            write = _WRITERS.get(type(entry))
            found[key] = write(entry) if write else entry
    return found


def _silence(field: Field[Any]) -> Any:
    """The value of a field that says nothing, or `MISSING` where each of its values does."""
    default = field.default_factory() if field.default_factory is not MISSING else field.default
    return default if default is None or default in ((), {}) else MISSING


def _reader(hint: Any) -> Convert:
    """What turns JSON into a value of the type `hint`, and raises where it cannot."""
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        kinds = tuple(kind for kind in arguments if kind is not NoneType)
        read = _reader(Union[kinds])  # noqa: UP007 - built while running
        return lambda value: None if value is None else read(value)
    if origin is tuple:
        entry = _reader(arguments[0])
        return lambda value: tuple(map(entry, _checked(value, list)))
    if origin is dict:
        entry = _reader(arguments[1])
        return lambda value: {name: entry(part) for name, part in _checked(value, dict).items()}
    return _object_reader(hint) if is_dataclass(hint) else lambda value: _checked(value, hint)


def _object_reader(kind: Any) -> Convert:
    hints = get_type_hints(kind)
    known = {
        _key(field.name): (field.name, _as_they_are(hints[field.name]), _reader(hints[field.name]))
        for field in fields(kind)
    }

    def read(value: Any) -> Any:
        found = {}
        for key, entry in _checked(value, dict).items():
            if key in known:
                name, plain, convert = known[key]
                found[name] = entry if type(entry) in plain else convert(entry)
        return kind(**found)

    return read


def _as_they_are(hint: Any) -> frozenset[type]:
    """Types whose values JSON gives as the statement has them: most fields, so no call for them."""
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    return frozenset(kinds) & {str, int, bool, NoneType}


def _checked(value: Any, *kinds: type) -> Any:
    if type(value) not in kinds:
        raise TypeError(f"{value!r} is not a {kinds[0].__name__}")
    return value


def _key(name: str) -> str:
    """`import_` is `import` in JSON, which has no keywords."""
    return name.rstrip("_")


_SIMPLE: dict[Any, Convert] = {
    Any: lambda value: value,
    Digests | Absent: layer_from_json,
    datetime: lambda value: from_text(_checked(value, str)),
}
_FIELDS = {
    kind: [(field.name, _key(field.name), _silence(field)) for field in fields(kind)]
    for kind in (*KINDS.values(), Layers, Tls, RefersTo)
}
_READERS = {kind: _object_reader(kind) for kind in KINDS.values()}
_WRITERS: dict[type, Convert] = {
    datetime: to_text,
    tuple: list,
    Digests: Digests.to_json,
    Absent: Absent.to_json,
    **dict.fromkeys((Layers, Tls, RefersTo), _object),
}
