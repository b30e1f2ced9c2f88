"""What the header fields of an answer say, as text that a catalog can hold (RFC 9110, RFC 6266)."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes, urljoin

from archive.http1 import Fields, header

_PARAMETER = re.compile(rb';\s*([\w*!#$&+.^`|~-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL)
_SAFE = "!#$%&'()*+,/:;=?@[]~"


def text(fields: Fields, name: bytes) -> str | None:
    """The first value of a field (name in lower case), its bytes shown as Latin-1."""
    value = header(fields, name)
    return value.decode("latin-1") if value is not None else None


def location(fields: Fields, url: str) -> str | None:
    """The absolute target of a redirect; bytes beyond ASCII percent-encoded, as browsers do."""
    value = header(fields, b"location")
    if not value:
        return None
    try:
        return urljoin(url, quote(value, safe=_SAFE))
    except ValueError:
        return None


def filename(fields: Fields) -> str | None:
    """The name that Content-Disposition gives: `filename*` if it can be read, else `filename`."""
    value = header(fields, b"content-disposition")
    if value is None:
        return None
    found = {name.lower(): _unquoted(raw) for name, raw in _PARAMETER.findall(b";" + value)}
    extended = _extended(found.get(b"filename*", b""))
    return extended or _guessed(unquote_to_bytes(found.get(b"filename", b""))) or None


def _unquoted(raw: bytes) -> bytes:
    raw = raw.strip()
    if len(raw) > 1 and raw[:1] == raw[-1:] == b'"':
        return re.sub(rb"\\([\"\\])", rb"\1", raw[1:-1])
    return raw


def _extended(value: bytes) -> str | None:
    """`UTF-8''name` in percent-encoding (RFC 8187)."""
    charset, _, rest = value.partition(b"'")
    _, found, name = rest.partition(b"'")
    if not found:
        return None
    try:
        return unquote_to_bytes(name).decode(charset.decode("ascii"))
    except (LookupError, UnicodeError):
        return None


def _guessed(name: bytes) -> str:
    """Bytes without a declared charset: UTF-8 if they can be it, then as Chinese servers send them."""
    for charset in ("utf-8", "gb18030"):
        try:
            return name.decode(charset)
        except UnicodeDecodeError:
            continue
    return name.decode("latin-1")
