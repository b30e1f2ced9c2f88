"""SURT: the key under which indexes sort URLs, the host reversed and what varies by accident gone.

`http://www.Example.com:80/a/?b=2&a=1` and `https://example.com/a?a=1&b=2` are `com,example)/a?a=1&b=2`.
The rules are those that pywb, OutbackCDX and the Internet Archive look URLs up by. A key is for
finding only; the URL itself always stands beside it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
AUTHORITY = re.compile(r"(?:[^@/?]*@)?(\[[^\]]*\]|[^:/?]*)(?::(\d*))?")
WWW = re.compile(rb"www\d*\.")
OPAQUE = frozenset({"file", "filedesc", "warcinfo", "urn", "dns"})
PORTS = {"http": "80", "https": "443"}
ASPX_SESSION = re.compile(rb"/\((?:[0-9a-z]{24}|(?:[a-z]\([0-9a-z]{24}\))+)\)(?=/[^?]+\.aspx)")
SESSIONS = tuple(
    re.compile(name + rb"(?:&|$)")
    for name in (
        rb"jsessionid=[0-9a-z]{32}",
        rb"phpsessid=[0-9a-z]{32}",
        rb"sid=[0-9a-z]{32}",
        rb"aspsessionid[a-z]{8}=[a-z]{24}",
        rb"cfid=[^&]+&cftoken=[^&]+",
    )
)
ESCAPED = re.compile(rb"[\x00-\x20\x7f-\xff#%]")


def surt(url: str) -> str:
    """The key of a URL; `-` for none, and what is no hierarchical URL unchanged."""
    text = re.sub(r"[\r\n\t]", "", url.strip())
    if not text:
        return "-"
    scheme, rest = _scheme(text)
    if scheme in OPAQUE or (scheme != "" and not rest.startswith("//")):
        return _one_word(text)
    rest = rest.removeprefix("//") if scheme else rest
    rest = rest.partition("#")[0]
    authority = AUTHORITY.match(rest)
    assert authority is not None, "the pattern matches the empty text"
    path, mark, query = rest[authority.end() :].partition("?")
    port = authority[2] if authority[2] and authority[2] != PORTS.get(scheme or "http") else ""
    key = _host(authority[1]) + (f":{port}" if port else "") + ")" + _path(path)
    asked = _query(query) if mark else ""
    return f"{key}?{asked}" if asked else key


def _scheme(text: str) -> tuple[str, str]:
    """The scheme, none where a host and port stand first, and what follows it."""
    found = SCHEME.match(text)
    if found is None or text[found.end() : found.end() + 1].isdigit():
        return "", text
    return found[1].lower(), text[found.end() :]


@lru_cache(maxsize=1024)
def _host(host: str) -> str:
    if host.startswith("["):
        return _one_word(host.lower())
    data = _unescape(host)
    with suppress(UnicodeError):
        data = data.decode().encode("idna")
    labels = [label for label in data.lower().split(b".") if label]
    joined = b".".join(labels)
    found = WWW.match(joined)
    labels = joined[found.end() if found else 0 :].split(b".")
    return ",".join(_escape(label) for label in reversed(labels))


def _one_word(text: str) -> str:
    """Without blanks and control characters, which would break the line that the key begins."""
    return "".join(c if c >= "!" else quote(c) for c in text)


def _path(path: str) -> str:
    data = _unescape(path)
    kept: list[bytes] = []
    for step in data.split(b"/"):
        if step == b"..":
            del kept[-1:]
        elif step not in {b"", b"."}:
            kept.append(step)
    plain = (b"/" + b"/".join(kept)).lower()
    return _escape(ASPX_SESSION.sub(b"", plain)).lower()


def _query(query: str) -> str:
    data = _unescape(query).lower()
    for session in SESSIONS:
        data = session.sub(b"", data)
    parts = sorted(data.split(b"&"), key=lambda part: part.split(b"=", 1))
    return "&".join(_escape(part).lower() for part in parts)


def _unescape(text: str) -> bytes:
    """Percent-decoded until nothing is left to decode, as `%2525` is one sign in the end."""
    data = text.encode("utf-8", "surrogatepass")
    if b"%" not in data:
        return data
    while (plain := unquote_to_bytes(data)) != data:
        data = plain
    return data


def _escape(data: bytes) -> str:
    return ESCAPED.sub(lambda found: b"%%%02X" % found[0][0], data).decode("ascii")
