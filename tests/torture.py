"""A server that answers with exact bytes, or as no server should."""

from __future__ import annotations

import asyncio
import gzip
import importlib.util
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from archive.http1 import split
from tests.shared import shared

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


def answer(body: bytes = b"ok", *fields: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def shared_cases() -> dict[str, bytes]:
    """The 26 cases that are not ours; skips the test where they are absent."""
    spec = importlib.util.spec_from_file_location(
        "shared_torture", shared("tools/torture_server.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    cases: dict[str, bytes] = module.CASES
    return cases


BOMB = gzip.compress(bytes(80 << 20))
CASES = {
    "/plain": answer(b"hello", "Content-Type: text/html", 'ETag: "1"'),
    "/other": answer(b"other words"),
    "/empty": answer(b""),
    "/head-cut": b"HTTP/1.1 200 OK\r\nServer: x\r\nConte",
    "/bad-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloNO\r\n",
    "/two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    "/moved-inside": answer(b"", "Location: http://169.254.169.254/meta", status="302 Found"),
    "/moved-file": answer(b"", "Location: file:///etc/passwd", status="302 Found"),
    "/loop": answer(b"", "Location: /loop", status="302 Found"),
    "/nul": answer(b"x", 'Content-Disposition: attachment; filename="../a\0b.doc"'),
    "/extra": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokEXTRA",
    "/silent": b"",
    "/bomb": answer(BOMB, "Content-Encoding: gzip"),
    "/unchanged": b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n',
}


async def endless_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: and more\r\n" * 100)
        await writer.drain()


async def endless_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"more and more " * 1000)
        await writer.drain()


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b".")
        await asyncio.sleep(0.02)


async def slow(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n")
    for part in [b"." * 50] * 8:
        writer.write(part)
        await asyncio.sleep(0.05)


async def hang(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def stall(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    await asyncio.sleep(60)


async def reset(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    await writer.drain()
    await asyncio.sleep(0.05)
    wire: socket.socket = writer.get_extra_info("socket")
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


BEHAVIOURS: dict[str, Behaviour] = {
    "/endless-headers": endless_headers,
    "/endless-body": endless_body,
    "/drip": drip,
    "/slow": slow,
    "/hang": hang,
    "/stall": stall,
    "/reset": reset,
}


class Torture:
    """Serves `cases` by path and keeps the head of each request.

    After `answers` of them a connection takes one more request and ends without a word.
    """

    def __init__(self, cases: dict[str, bytes], *, answers: int = 1_000_000) -> None:
        self.cases = cases
        self.answers = answers
        self.port = 0
        self.scheme = "http"
        self.asked: list[bytes] = []
        self.connections = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    @asynccontextmanager
    async def serving(
        self, context: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> AsyncIterator[Torture]:
        server = await asyncio.start_server(self._serve, host, 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        self.scheme = "https" if context else "http"
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
        self.connections += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            for _ in range(self.answers):
                if not await self._answer(reader, writer):
                    break
            else:
                await reader.readuntil(b"\r\n\r\n")
        with suppress(ConnectionError):
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head)
        path = head.split(b" ")[1].decode().partition("?")[0]
        if path in BEHAVIOURS:
            await BEHAVIOURS[path](writer)
            return False
        block = self.cases.get(path, answer(b"", status="404 Not Found"))
        writer.write(block)
        await writer.drain()
        found = split(block)
        told = found.complete and found.framing != "close" and not found.trailing + len(found.flaws)
        return told and b"Connection: close" not in head
