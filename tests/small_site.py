"""A small site on loopback, made of a dictionary, that remembers what it was asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Page:
    """An answer; a `Page` in a list of them is the answer to the next request only."""

    body: bytes = b""
    status: int = 200
    type: str | None = "text/html"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int = 0
    """Bytes of the body that are promised and never sent."""
    before: Callable[[], None] | None = None
    """Called before the answer is sent."""


Answers = dict[str, Page | list[Page]]


class SmallSite:
    """What is served; `asked` has each path that came, in order."""

    def __init__(self, url: str, pages: Answers) -> None:
        self.url = url
        self.pages = pages
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.cookies: list[str | None] = []
        self.lock = threading.Lock()

    def answer(self, path: str, headers: Message) -> Page:
        with self.lock:
            self.asked.append(path)
            self.agents.add(headers.get("User-Agent", ""))
            self.cookies.append(headers.get("Cookie"))
            found = self.pages.get(path, Page(b"no such page", 404))
            if isinstance(found, Page):
                return found
            return found.pop(0) if len(found) > 1 else found[0]


def html(*links: str, text: str = "") -> Page:
    """A page of links."""
    anchors = "".join(f'<a href="{link}">to {link}</a>\n' for link in links)
    return Page(f"<html><title>page</title>{text}{anchors}</html>".encode())


@contextmanager
def serve(pages: Answers) -> Iterator[SmallSite]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 64 << 10  # head and body in one segment, or each answer waits 40 ms for an ACK

        def do_GET(self) -> None:
            page = site.answer(self.path, self.headers)
            if page.before:
                page.before()
            self.send_response(page.status)
            if page.type:
                self.send_header("Content-Type", page.type)
            for name, value in page.headers.items():
                self.send_header(name, value.replace("{site}", site.url))
            self.send_header("Content-Length", str(len(page.body) + page.cut))
            self.end_headers()
            self.wfile.write(page.body)
            self.close_connection = bool(page.cut)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site = SmallSite(f"http://127.0.0.1:{server.server_address[1]}", pages)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
