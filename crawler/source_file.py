"""The TOML file of a source: read strictly, written with comments, edited with what people wrote kept."""

from __future__ import annotations

import tomllib
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import tomlkit
from tomlkit.items import Table

from archive.errors import UsageError, Where
from crawler.source import Source

SUFFIX = ".toml"
PLAIN = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}

COMMENTS = {
    "seeds": "where a crawl begins",
    "robots": '"obey", or "record-only" with robots_reason',
    "tls": '"record" any certificate with its verdict, "require" a valid one, "legacy" ciphers too',
    "conditional": "ask with the validators of the last capture",
    "revisit": "store an unchanged body as a reference",
    "agency": "name, names by language, parent, hosts with their ownership records",
    "scope": "hosts, paths, include, exclude, requisites, max_pages, max_depth, max_seconds, max_body",
    "politeness": "delay in seconds, concurrency, autothrottle",
    "identity": "name, user_agent, contact, proxy, bind, accept_language, cookies",
}


def load(path: Path) -> tuple[Source, str]:
    """A source file and its text as read. Raises `UsageError` that names file and key."""
    try:
        text = path.read_bytes().decode()
        source = parse(text)
    except UnicodeDecodeError as error:
        raise UsageError("not UTF-8 text", where=Where(path, error.start)) from error
    except UsageError as error:
        raise UsageError(error.what, where=Where(path), advice=error.advice) from error
    if source.name != path.stem:
        raise UsageError(
            f"name: is {source.name!r}, the file is of {path.stem!r}",
            where=Where(path),
            advice="rename the one or the other",
        )
    return source, text


def parse(text: str) -> Source:
    """Read a source. Raises `UsageError` that names the key that is unknown, absent or unfit."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"not TOML: {error}") from error
    source = _read("", Source, table)
    assert isinstance(source, Source)
    return source


def render(source: Source) -> str:
    """A file for a new source: the values that were chosen, the rest named in comments."""
    plain = Source(name=source.name, seeds=source.seeds)
    document = tomlkit.document()
    tables = [item.name for item in fields(source) if is_dataclass(getattr(source, item.name))]
    for key in (item.name for item in fields(source) if item.name not in tables):
        value = getattr(source, key)
        if key in {"name", "seeds", "robots", "tls"} or value != getattr(plain, key):
            item = tomlkit.item(list(value) if isinstance(value, tuple) else value)
            if key in COMMENTS:
                item.comment(COMMENTS[key])
            document.add(key, item)
    for key in tables:  # after the plain keys, which TOML would else read as the table's own
        document.add(tomlkit.nl())
        document.add(tomlkit.comment(COMMENTS[key]))
        document.add(key, _table(getattr(source, key), getattr(plain, key)))
    return tomlkit.dumps(document)


def edited(text: str, key: str, value: Any) -> str:
    """The text with `key` (as `politeness.delay`) set, comments kept; `None` removes the key.

    Raises `UsageError` where the outcome would not be a source.
    """
    document = tomlkit.parse(text)
    place: Any = document
    *tables, last = key.split(".")
    for name in tables:
        place = place.setdefault(name, tomlkit.table())
        if not isinstance(place, Mapping):
            raise UsageError(f"{key}: {name} is no table")
    if value is None:
        place.pop(last, None)
    else:
        place[last] = value
    changed = tomlkit.dumps(document)
    parse(changed)
    return changed


def _table(value: Any, plain: Any) -> Table:
    table = tomlkit.table()
    for item in fields(value):
        chosen = getattr(value, item.name)
        if chosen is None or (plain is not None and chosen == getattr(plain, item.name)):
            continue
        if isinstance(chosen, tuple):
            chosen = [_table(part, None) if is_dataclass(part) else part for part in chosen]
        table.add(item.name, dict(chosen) if isinstance(chosen, Mapping) else chosen)
    return table


def _read(key: str, kind: Any, value: Any) -> Any:
    """`value` as `kind`, or a `UsageError` that names `key`."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return _read(key, next(part for part in arguments if part is not type(None)), value)
    if is_dataclass(kind):
        return _read_table(key, kind, value)
    if origin is tuple:
        if not isinstance(value, list):
            raise UsageError(f"{key}: must be a list")
        return tuple(_read(f"{key}[{n}]", arguments[0], part) for n, part in enumerate(value))
    if origin is Mapping:
        if not isinstance(value, dict):
            raise UsageError(f"{key}: must be a table")
        return {name: _read(f"{key}.{name}", str, part) for name, part in value.items()}
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:  # `bool` is an `int` to Python, and not to a reader
        raise UsageError(f"{key}: must be {PLAIN[kind]}, is {value!r}")
    return value


def _read_table(key: str, kind: Any, value: Any) -> Any:
    if not isinstance(value, dict):
        raise UsageError(f"{key}: must be a table")
    hints = get_type_hints(kind)
    prefix = f"{key}." if key else ""
    for name in value:
        if name not in hints:
            raise UsageError(f"{prefix}{name}: unknown key; known are {', '.join(hints)}")
    for item in fields(kind):
        if item.name not in value and item.default is MISSING and item.default_factory is MISSING:
            raise UsageError(f"{prefix}{item.name}: is missing")
    return kind(**{name: _read(prefix + name, hints[name], part) for name, part in value.items()})
