"""Links as browsers read them: the URL standard (url.spec.whatwg.org), as far as http and https go."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

OUTER = "".join(map(chr, range(0x21)))
"""C0 controls and space, which a browser strips from both ends."""
LINE_ENDS = str.maketrans("", "", "\t\n\r")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
PORTS = {"http": 80, "https": 443}
PLAIN_PATH = re.compile(r"[\w!$&'()*+,;=:@%~|/.\[\]-]*", re.ASCII)
PLAIN_QUERY = re.compile(r"[\w!$&()*+,;=:@%~|/.\[\]?{}^`\\-]*", re.ASCII)
PATH_KEPT = "!$&'()*+,;=:@%~|/[]-._"
QUERY_KEPT = "!$&()*+,;=:@%~|/[]-._?{}^`\\"
DOTTED = re.compile(r"/(?:\.|%2e)", re.IGNORECASE)
HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_.-])?|\[[0-9a-f:.]+\]")


class NotWebError(Exception):
    """A link that no crawl can follow; `reason` is `scheme` or `malformed`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Base:
    """What relative links of a page are relative to, and the encoding of its queries."""

    scheme: str
    origin: str
    path: str
    query: str
    encoding: str = "utf-8"

    @classmethod
    def of(cls, url: str, encoding: str = "utf-8") -> Base:
        """The base that a URL from `resolve` is."""
        scheme, _, rest = url.partition("://")
        place, question, query = rest.partition("?")
        authority, slash, path = place.partition("/")
        return cls(
            scheme, f"{scheme}://{authority}", slash + path or "/", question + query, encoding
        )

    @property
    def directory(self) -> str:
        return self.path[: self.path.rindex("/") + 1]


def resolve(base: Base, link: str) -> str:
    """The absolute URL, without its fragment, that a browser would ask for.

    A backslash counts as a slash, line ends and tabs are dropped, the path is sent as UTF-8 and
    the query in the page's encoding. A name and password in a URL are left out: they do not belong
    in an archive. Raises `NotWebError`.
    """
    text = link.strip(OUTER)
    if not text.isprintable():
        text = text.translate(LINE_ENDS)
    text = text.partition("#")[0]
    path, question, query = text.partition("?")
    if "\\" in path:
        path = path.replace("\\", "/")
    origin = base.origin
    found = SCHEME.match(path)
    if found:
        scheme = found[0][:-1].lower()
        if scheme not in PORTS:
            raise NotWebError("scheme")
        path = path[found.end() :]
        if scheme != base.scheme or path.startswith("/"):
            origin, path = _authority(scheme, path.lstrip("/"))
    elif path.startswith("//"):
        origin, path = _authority(base.scheme, path.lstrip("/"))
    if path:
        path = _path(path if path.startswith("/") else base.directory + path)
    elif origin != base.origin or found:
        path = "/"
    else:
        path = base.path
        if not question:
            return f"{origin}{path}{base.query}"
    return f"{origin}{path}{question}{_query(query, base.encoding)}"


def absolute(url: str) -> str:
    """A URL that a person typed, as `resolve` gives it. Raises `NotWebError`."""
    if not SCHEME.match(url.strip(OUTER)):
        raise NotWebError("malformed")
    return resolve(Base("", "", "/", ""), url)


def origin_of(url: str) -> str:
    """`http://host:port` of a URL from `resolve`, a default port left out."""
    start = url.index("://") + 3
    end = len(url)
    for mark in "/?":
        found = url.find(mark, start, end)
        end = found if found >= 0 else end
    return url[:end]


def host_of(url: str) -> str:
    """`host` or `host:port` of a URL from `resolve`."""
    return origin_of(url).partition("://")[2]


def _authority(scheme: str, rest: str) -> tuple[str, str]:
    authority, slash, path = rest.partition("/")
    authority = authority.rpartition("@")[2]
    host, port = authority, ""
    if not authority.endswith("]") and ":" in authority:
        host, _, port = authority.rpartition(":")
    host = _host(host)
    if port:
        if not (port.isascii() and port.isdigit() and int(port) < 65536):
            raise NotWebError("malformed")
        port = "" if int(port) == PORTS[scheme] else f":{int(port)}"
    return f"{scheme}://{host}{port}", slash + path or "/"


def _host(host: str) -> str:
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise NotWebError("malformed") from error
    host = host.lower()
    if not HOST.fullmatch(host) or len(host) > 253:
        raise NotWebError("malformed")
    return host


def _path(path: str) -> str:
    if DOTTED.search(path):
        path = _without_dots(path)
    if PLAIN_PATH.fullmatch(path):
        return path
    return quote(path, safe=PATH_KEPT, errors="replace")


def _without_dots(path: str) -> str:
    kept: list[str] = []
    parts = path.split("/")[1:]
    for place, part in enumerate(parts):
        plain = part.lower().replace("%2e", ".")
        if plain == "..":
            kept = kept[:-1]
        elif plain != ".":
            kept.append(part)
            continue
        if place == len(parts) - 1:
            kept.append("")
    return "/" + "/".join(kept)


def _query(query: str, encoding: str) -> str:
    if PLAIN_QUERY.fullmatch(query):
        return query
    try:
        return quote(query.encode(encoding), safe=QUERY_KEPT)
    except UnicodeEncodeError:
        return "".join(_query_character(character, encoding) for character in query)


def _query_character(character: str, encoding: str) -> str:
    """A character that the page's encoding lacks goes as its reference, as forms send it."""
    try:
        return quote(character.encode(encoding), safe=QUERY_KEPT)
    except UnicodeEncodeError:
        return f"%26%23{ord(character)}%3B"
