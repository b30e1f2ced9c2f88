"""The loopback server of the simulated ministry: raw bytes, so that it can misbehave exactly."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, unquote_to_bytes

from cli.ministry.answer import Answer

LONGEST_HEAD = 65_536
CACHED = 4096
"""Answers kept ready, so that the server is not what a measurement measures."""
CACHED_BYTES = 65_536
"""Longer answers are made anew each time: a crawl asks for them once."""
CLOSING = 10.0
"""Seconds within which the server must have closed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    """Percent-encoded in one way, whichever way it was asked for."""
    fields: tuple[tuple[bytes, bytes], ...]

    def header(self, name: bytes) -> bytes | None:
        return next((value for field, value in self.fields if field.lower() == name), None)


class _Site:
    """What all connections share."""

    def __init__(
        self,
        answer: Callable[[str], Answer],
        requests: deque[Asked],
        edition: Callable[[], int],
    ) -> None:
        self.requests = requests
        self.open: set[asyncio.Transport] = set()
        self._answer = answer
        self._edition = edition
        self._ready: dict[str, tuple[Answer, bytes]] = {}
        self._ready_edition = edition()

    def answer(self, path: str) -> tuple[Answer, bytes]:
        """The answer to a path and its bytes on the wire."""
        if self._ready_edition != self._edition() or len(self._ready) >= CACHED:
            self._ready.clear()
            self._ready_edition = self._edition()
        ready = self._ready.get(path)
        if ready is None:
            made = self._answer(path)
            ready = made, made.wire()
            if len(ready[1]) <= CACHED_BYTES:
                self._ready[path] = ready
        return ready


class _Connection(asyncio.Protocol):
    """One connection: requests in, one after the other, answers out in their order."""

    def __init__(self, site: _Site) -> None:
        self._site = site
        self._waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._site.open.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature)
        self._site.open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while not self._transport.is_closing():
            head, end, rest = self._waiting.partition(b"\r\n\r\n")
            if not end:
                if len(head) > LONGEST_HEAD:
                    self._transport.abort()
                return
            self._waiting = rest
            self._reply(_asked(head))

    def _reply(self, asked: Asked) -> None:
        self._site.requests.append(asked)
        if asked.method not in {"GET", "HEAD"}:
            self._transport.write(Answer(405).wire())
            self._transport.close()
            return
        answer, wire = self._site.answer(asked.path)
        if answer.validators and answer.status == 200 and _is_current(answer, asked):
            wire = answer.not_modified()
        elif asked.method == "HEAD":
            wire = answer.wire(body=False)
        self._transport.write(wire)
        if answer.cut is not None or (asked.header(b"connection") or b"").lower() == b"close":
            self._transport.close()


@contextmanager
def serving(
    answer: Callable[[str], Answer],
    requests: deque[Asked],
    edition: Callable[[], int],
    port: int,
    tls: ssl.SSLContext | None,
) -> Iterator[str]:
    """Serve in a thread of its own; gives scheme, host and port. A new edition empties the cache."""
    site = _Site(answer, requests, edition)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        loop.create_server(lambda: _Connection(site), "127.0.0.1", port, ssl=tls, backlog=512)
    )

    async def close() -> None:
        server.close()
        for transport in list(site.open):
            transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0)

    thread = threading.Thread(target=loop.run_forever, name="ministry", daemon=True)
    thread.start()
    try:
        scheme = "http" if tls is None else "https"
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(close(), loop).result(CLOSING)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(CLOSING)
        loop.close()


def _asked(head: bytes) -> Asked:
    line, *lines = head.split(b"\r\n")
    method, _, rest = line.partition(b" ")
    target = rest.rsplit(b" ", 1)[0]
    if not target.startswith(b"/"):  # the absolute form, as sent to a proxy (RFC 9112, 3.2.2)
        target = b"/" + target.partition(b"://")[2].partition(b"/")[2]
    path = quote_from_bytes(unquote_to_bytes(target), safe="/?=&")
    fields = (line.partition(b":") for line in lines)
    return Asked(
        method.decode("latin-1"),
        path,
        tuple((name.strip(), value.strip()) for name, _, value in fields),
    )


def _is_current(answer: Answer, asked: Asked) -> bool:
    """Whether the reader says that it holds these bytes (RFC 9110, 13.2.2: the ETag goes first)."""
    tags = asked.header(b"if-none-match")
    if tags is not None:
        return answer.etag in (tag.strip().removeprefix(b"W/") for tag in tags.split(b","))
    since = asked.header(b"if-modified-since")
    # Servers of this kind compare the date's text; so does this one.
    return since is not None and (b"Last-Modified", since) in answer.headers
