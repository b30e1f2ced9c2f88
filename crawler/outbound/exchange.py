"""One question to a server of which the answer alone matters: the body of a 200."""

from __future__ import annotations

from contextlib import closing
from urllib.parse import urlsplit

from archive.errors import UsageError, Where
from crawler.outbound.post import TIME_LIMIT, Peer, PeerError


def exchange(
    url: str,
    *,
    agent: str,
    body: bytes | None = None,
    send: str = "",
    expect: str = "",
    largest: int,
    limit: float = TIME_LIMIT,
) -> bytes:
    """The body of a 200: a POST of `body` as type `send`, or a GET where there is none.

    `expect` is the media type of the answer, where that matters. Raises `UsageError` for a URL that
    is no http(s), `PeerError` (unreachable, timeout, status, wrong-type, too-large, broken).
    """
    base, target = _split(url)
    with closing(Peer(base, agent=agent, limit=limit)) as peer:
        if body is None:
            reply = peer.get(target, largest=largest)
        else:
            reply = peer.post(target, body, send, largest=largest)
    if reply.status != 200:
        raise PeerError("status", f"answered {reply.status}", url)
    if expect and reply.media_type != expect:
        raise PeerError("wrong-type", f"answered with {reply.media_type}", url)
    return reply.body


def _split(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UsageError("not an address of http or https", where=Where(url=url)) from error
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}", parts.path.removeprefix("/") + query
