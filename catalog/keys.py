"""Keys that follow from what they name, so every rebuild makes the same ones (ADR 0004)."""

from __future__ import annotations

import re
from functools import lru_cache

from archive.ident import ident
from archive.surt import surt
from catalog.types import visible

KEY_LENGTH = 400
"""Characters of a SURT that are kept as the key of a look-up: PostgreSQL indexes no long values."""


_WWW = re.compile(r"www\d*\.")
_PORTS = {"http": ":80", "https": ":443"}
_SESSION_IN_PATH = re.compile(r";jsessionid=[0-9a-z.!_-]+", re.IGNORECASE)
_SESSION_IN_QUERY = re.compile(
    r"(?<=[?&])(?:jsessionid|phpsessid|aspsessionid[a-z]{8}|sid)=[0-9a-z]{24,40}(?:&|$)",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def document_id(url: str) -> str:
    """The id of the document at a URL: one for all that `document_key` holds for the same."""
    return ident("document", visible(document_key(url)))


def document_key(url: str) -> str:
    """A URL without what says how a document was asked for rather than which one.

    That is: scheme, `www.`, default port, fragment and session id. Paths and queries stay as they
    are, upper and lower case too: to some servers those name different things.
    """
    scheme, mark, rest = url.partition("://")
    scheme = scheme.lower()
    if not mark or scheme not in _PORTS:
        return url
    rest = _SESSION_IN_PATH.sub("", rest.partition("#")[0])
    end = next((place for place, c in enumerate(rest) if c in "/?"), len(rest))
    host, path = rest[:end].lower().removesuffix(_PORTS[scheme]), rest[end:]
    if "?" in path:
        path = _SESSION_IN_QUERY.sub("", path).rstrip("?&")
    return _WWW.sub("", host, count=1) + (path if path.startswith("/") else f"/{path}")


def version_id(sha256: bytes) -> str:
    return ident("version", sha256.hex())


@lru_cache(maxsize=4096)
def name_id(kind: str, name: str) -> str:
    """The id of an `agency`, a `source`, an `operator` or a `software` by its name."""
    return ident(kind, visible(name))


def url_key(url: str) -> str:
    """What a look-up by URL goes by: its SURT, cut to `KEY_LENGTH`."""
    return visible(surt(visible(url)))[:KEY_LENGTH]
