"""The bytes of a request, always in the same order, and what of them is recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from crawler.wire.egress import Egress
from crawler.wire.exchange import WireError

FIRST = (b"user-agent", b"accept", b"accept-encoding", b"accept-language")
DEFAULTS = {b"accept": b"*/*", b"accept-encoding": b"gzip, deflate, br, zstd"}
OURS = frozenset({b"host", b"connection", b"content-length", b"transfer-encoding", b"expect"})
"""Fields that frame the message: the wire alone sets them."""
SECRET = frozenset({b"cookie", b"authorization"})
PROXY = b"proxy-authorization"
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """What a URL asks for, and of whom."""

    scheme: str
    host: str
    port: int
    path: bytes

    @property
    def authority(self) -> bytes:
        """Host and, unless it is the scheme's own, port (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (host if self.port == PORTS[self.scheme] else f"{host}:{self.port}").encode()


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to be made; header fields beside those that the wire sets itself."""

    url: str
    method: str = "GET"
    fields: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""


def target(url: str) -> Target:
    """Take a URL apart. Raises `WireError` (`bad-url`) for what cannot be asked for."""
    try:
        parts = urlsplit(url)
        name = parts.hostname or ""
        host = name.encode("ascii" if name.isascii() else "idna")
        port = parts.port
        port = PORTS.get(parts.scheme, 0) if port is None else port
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        raw = path.encode("ascii")
    except ValueError as error:
        raise WireError("bad-url", str(error)) from error
    if parts.scheme not in PORTS or not host or not 0 < port < 65536 or not raw.startswith(b"/"):
        raise WireError("bad-url", "no http or https URL with a host")
    if any(byte <= 0x20 or byte == 0x7F for byte in raw + host):
        raise WireError("bad-url", "holds a space or control character")
    return Target(parts.scheme, host.decode(), port, raw)


def encode(ask: Ask, to: Target, egress: Egress) -> tuple[bytes, bytes, tuple[str, ...]]:
    """The request as it is sent, as it is recorded, and what was left out of the record."""
    through = egress.proxy if to.scheme == "http" else None
    path = b"http://" + to.authority + to.path if through else to.path
    lines = [b"%s %s HTTP/1.1" % (ask.method.encode("ascii"), path), b"Host: " + to.authority]
    lines += [b"%s: %s" % field for field in _ordered(ask, egress)]
    if ask.body or ask.method == "POST":
        lines.append(b"Content-Length: %d" % len(ask.body))
    recorded = b"\r\n".join(lines) + b"\r\n\r\n" + ask.body
    if through is None or through.authorization is None:
        return recorded, recorded, ()
    lines.append(b"Proxy-Authorization: " + through.authorization.encode("latin-1"))
    return b"\r\n".join(lines) + b"\r\n\r\n" + ask.body, recorded, ("Proxy-Authorization",)


def _ordered(ask: Ask, egress: Egress) -> Iterable[tuple[bytes, bytes]]:
    """Raises `WireError` for a field that would break out of its line."""
    given: list[tuple[bytes, bytes]] = []
    for name, value in ask.fields:
        lower = name.lower()
        if lower in OURS or lower == PROXY or (lower in SECRET and not egress.credentials):
            continue
        if b"\n" in name + value or b"\r" in name + value or b"\0" in name + value:
            raise WireError("bad-request", f"header field {name!r} holds a line end")
        given.append((name, value))
    names = {name.lower() for name, _ in given}
    given += [(name.title(), value) for name, value in DEFAULTS.items() if name not in names]
    rank = {name: place for place, name in enumerate(FIRST)}
    return sorted(given, key=lambda field: rank.get(field[0].lower(), len(FIRST)))
