"""Leaves: what the log commits to, and the entries by which it does.

The statement that starts a group is the group's leaf: its bytes, as they lie in the block of the
metadata record, are canonical JSON (RFC 8785) and list the digests of the records that follow. The
log's entry is SHA-256(salt ‖ leaf). The salt, 32 random bytes in the header `Muniment-Salt` of the
same record, lets the log be public without telling what is watched, and an erased leaf stay unknown.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable
from typing import Any

import orjson
import rfc8785

from archive.errors import RecordError, Where

SALT = "Muniment-Salt"
"""The header of a metadata record that holds its salt, in hex."""
SALT_LENGTH = 32
"""Bytes of every salt: of one length, or bytes could be moved between salt and leaf."""
LARGEST_INTEGER = 2**53 - 1
"""Beyond it JSON numbers are no longer exact (RFC 8785, 3.2.2.3; RFC 7493, 2.2)."""


def new_salt() -> bytes:
    return os.urandom(SALT_LENGTH)


def entry(salt: bytes, leaf: bytes) -> bytes:
    """The 32 bytes that stand for a leaf in the log. Raises `ValueError` for a salt of other length."""
    if len(salt) != SALT_LENGTH:
        raise ValueError(f"a salt of {len(salt)} bytes, not {SALT_LENGTH}")
    return hashlib.sha256(salt + leaf).digest()


def parse_salt(text: str | None, where: Where) -> bytes:
    """The salt that a metadata record's header holds. Raises `RecordError`."""
    try:
        salt = bytes.fromhex(text or "")
    except ValueError:
        salt = b""
    if len(salt) != SALT_LENGTH:
        raise RecordError("a statement without its salt", where=where)
    return salt


def canonical(value: dict[str, Any], *, plain: bool = False) -> tuple[bytes, dict[str, Any]]:
    """RFC 8785 JSON, and the value that it says.

    What JSON cannot say exactly is made visible: a lone surrogate as its escape, a number without an
    exact value as text. `plain` promises ASCII keys, no floats and no large integers; then orjson
    writes the same bytes thirty times as fast.
    """
    if plain:
        try:
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS), value
        except orjson.JSONEncodeError:
            pass
    shown = _visible(value)
    return rfc8785.dumps(shown), shown


def _visible(value: Any) -> Any:
    shown = _SHOWN.get(type(value))
    return shown(value) if shown else value


def _text(value: str) -> str:
    return value.encode("utf-8", "backslashreplace").decode()


def _float(value: float) -> float | str:
    exact = math.isfinite(value) and not (value.is_integer() and abs(value) > LARGEST_INTEGER)
    return value if exact else str(value)


def _integer(value: int) -> int | str:
    return value if abs(value) <= LARGEST_INTEGER else str(value)


def _list(value: list[Any]) -> list[Any]:
    return [_visible(entry) for entry in value]


_SHOWN: dict[type, Callable[[Any], Any]] = {
    str: _text,
    float: _float,
    int: _integer,
    list: _list,
    tuple: _list,
    dict: lambda value: {_visible(name): _visible(entry) for name, entry in value.items()},
}
