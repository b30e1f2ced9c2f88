"""CONNECT: a tunnel through a proxy, of which only what passes through it is recorded (RFC 9110, 9.3.6)."""

from __future__ import annotations

from archive.http1 import ResponseReader
from crawler.wire.connection import Connection
from crawler.wire.egress import Proxy
from crawler.wire.exchange import WireError
from crawler.wire.limits import Limits
from crawler.wire.request import Target


class _HeadOnly:
    """Takes the proxy's own answer, of which the head says all."""

    def __init__(self, limit: int) -> None:
        self.reader = ResponseReader("CONNECT", limit)

    @property
    def over_limit(self) -> bool:
        return self.reader.over_limit

    def feed(self, data: bytes) -> bool:
        self.reader.feed(data)
        return self.reader.head is not None or self.over_limit


async def tunnel(connection: Connection, to: Target, proxy: Proxy, limits: Limits) -> None:
    """Ask the proxy for a tunnel. Raises `WireError` (`proxy-refused`), the credentials unsaid."""
    host = b"[%s]" % to.host.encode() if ":" in to.host else to.host.encode()
    authority = b"%s:%d" % (host, to.port)
    lines = [b"CONNECT %s HTTP/1.1" % authority, b"Host: " + authority]
    if proxy.authorization is not None:
        lines.append(b"Proxy-Authorization: " + proxy.authorization.encode("latin-1"))
    answer = _HeadOnly(limits.head)
    how, _ = await connection.ask(b"\r\n".join(lines) + b"\r\n\r\n", answer, limits)
    head = answer.reader.head
    if head is None or head.status is None:
        raise WireError("proxy-refused", f"no answer to CONNECT ({how})")
    if not 200 <= head.status < 300:
        reason = head.reason.decode("latin-1")
        raise WireError("proxy-refused", f"answered CONNECT with {head.status} {reason}".strip())
