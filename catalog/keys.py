"""Keys that follow from what they name, so every rebuild makes the same ones (ADR 0004)."""

from __future__ import annotations

import re
from functools import lru_cache

from archive.ident import ident
from archive.surt import surt
from catalog.types import visible

KEY_LENGTH = 400
"""Characters of a SURT that are kept as the key of a look-up: PostgreSQL indexes no long values."""


_WWW = re.compile(r"\Awww\d*\.")
_PORTS = {"http": ":80", "https": ":443"}
_SESSION_IN_PATH = re.compile(r";jsessionid=[0-9a-z.!_-]+", re.IGNORECASE)
# `sid=` is no session to every server: to some it is the number of a notice.
_SESSION_IN_QUERY = re.compile(
    r"(?<=[?&])(?:jsessionid|phpsessid|aspsessionid[a-z]{8})=[0-9a-z]{24,40}(?:&|$)",
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
    port = _PORTS.get(scheme) or _PORTS.get(scheme.lower())
    if not mark or port is None:
        return url
    rest = rest.partition("#")[0]
    if ";" in rest:
        rest = _SESSION_IN_PATH.sub("", rest)
    before, _, query = rest.partition("?")
    host, _, path = before.partition("/")
    host = host.lower().removesuffix(port)
    if host.startswith("www"):
        host = _WWW.sub("", host, count=1)
    if query:
        query = _SESSION_IN_QUERY.sub("", f"?{query}")[1:].rstrip("&")
    return f"{host}/{path}?{query}" if query else f"{host}/{path}"


def version_id(sha256: bytes) -> str:
    return ident("version", sha256.hex())


@lru_cache(maxsize=4096)
def name_id(kind: str, name: str) -> str:
    """The id of an `agency`, a `source`, an `operator` or a `software` by its name."""
    return ident(kind, visible(name))


def url_key(url: str) -> str:
    """What a look-up by URL goes by: its SURT, cut to `KEY_LENGTH`."""
    return visible(surt(visible(url)))[:KEY_LENGTH]
