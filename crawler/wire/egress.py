"""How a crawl goes out: through which proxy, from which address, with what trust."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote, urlsplit

from archive.errors import UsageError

TlsPolicy = Literal["record", "require", "legacy"]
"""`record` any certificate with its verdict; `require` a valid one before anything is sent;
`legacy` accepts old protocols too, which `record` refuses."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy. Its credentials go to it and nowhere else, no record and no message."""

    host: str
    port: int
    authorization: str | None = None
    """Value of Proxy-Authorization."""

    @classmethod
    def parse(cls, url: str, authorization: str | None = None) -> Proxy:
        """Read `http://[user:password@]host:port`; raises `UsageError`."""
        try:
            parts = urlsplit(url if "://" in url else f"http://{url}")
            host, port = parts.hostname, parts.port or 3128
        except ValueError as error:
            raise UsageError(f"the proxy's URL is wrong: {error}") from error
        if parts.scheme != "http" or not host:
            raise UsageError(f"not a proxy that we can use: {parts.scheme}://{host or ''}")
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            authorization = "Basic " + base64.b64encode(pair.encode()).decode()
        return cls(host, port, authorization)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def __repr__(self) -> str:
        return f"Proxy({self})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Egress:
    """The way out of one crawl."""

    tls: TlsPolicy = "record"
    proxy: Proxy | None = None
    bind: str | None = None
    """Local address to come from."""
    allow_private: bool = False
    """Private addresses may be asked: only where the source's own seeds are private."""
    credentials: bool = False
    """Cookies and Authorization may be sent, and are then recorded."""
