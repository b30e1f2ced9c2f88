"""A tiny HTTP proxy: absolute targets and CONNECT, bytes passed on as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

REFUSAL = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"


class TinyProxy:
    """`password` is the whole value of Proxy-Authorization that it wants."""

    def __init__(self, password: bytes | None = None) -> None:
        self.password = password
        self.port = 0
        self.asked: list[bytes] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[TinyProxy]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        with suppress(asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            await self._pass_on(reader, writer)
        with suppress(ConnectionError):
            writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head)
        lines = head.split(b"\r\n")
        if self.password and b"Proxy-Authorization: " + self.password not in lines:
            writer.write(REFUSAL)
            await writer.drain()
            return
        method, where, _ = lines[0].decode().split(" ")
        parts = urlsplit(f"//{where}" if method == "CONNECT" else where)
        upstream_reader, upstream = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await asyncio.gather(_pump(reader, upstream), _pump(upstream_reader, writer))
                return
            kept = [line for line in lines[1:-2] if not line.startswith(b"Proxy-")]
            first = f"{method} {parts.path} HTTP/1.1".encode()
            upstream.write(b"\r\n".join([first, *kept, b"Connection: close"]) + b"\r\n\r\n")
            await _pump(upstream_reader, writer)
        finally:
            upstream.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()
