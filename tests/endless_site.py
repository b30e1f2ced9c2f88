"""A site of any number of tiny pages made while they are asked for, and one answer of any length.

Run as a program: `endless_site.py PAGES MARK…` prints its port, then each MARK when that many pages
have been served, and waits for a line before it serves more: time to look at who is asking.
"""

from __future__ import annotations

import asyncio
import re
import sys
from typing import ClassVar

MIB = bytes(range(256)) * 4096
LINKS = 20


class Site(asyncio.Protocol):
    served = 0
    pages = 0
    marks: ClassVar[list[int]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.asked = b""

    def data_received(self, data: bytes) -> None:
        self.asked += data
        while b"\r\n\r\n" in self.asked:
            head, _, self.asked = self.asked.partition(b"\r\n\r\n")
            self.answer(head.split()[1].decode())

    def answer(self, path: str) -> None:
        if page := re.fullmatch(r"/(\d*)", path):
            self.send(200, self.page(int(page[1] or 0)))
        elif body := re.fullmatch(r"/body/(\d+)", path):
            self.task = asyncio.ensure_future(self.stream(int(body[1])))
        else:
            self.send(404, b"no such page")

    def page(self, number: int) -> bytes:
        Site.served += 1
        if Site.served in Site.marks:
            print(Site.served, flush=True)
            sys.stdin.readline()
        first = number * LINKS + 1
        links = (f'<a href="/{n}">{n}</a>' for n in range(first, min(first + LINKS, Site.pages)))
        return f"<!DOCTYPE html><title>{number}</title>{''.join(links)}".encode()

    def send(self, status: int, body: bytes) -> None:
        head = (
            f"HTTP/1.1 {status} -\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.transport.write(head.encode() + body)

    async def stream(self, mebibytes: int) -> None:
        length = mebibytes << 20
        head = f"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: {length}\r\n\r\n"
        self.transport.write(head.encode())
        for _ in range(mebibytes):
            self.transport.write(MIB)
            while self.transport.get_write_buffer_size() > len(MIB):
                await asyncio.sleep(0.001)


async def main(pages: int, *marks: int) -> None:
    Site.pages, Site.marks = pages, list(marks)
    server = await asyncio.get_running_loop().create_server(Site, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
