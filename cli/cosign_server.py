"""A cosigner as an HTTP server: small, slow clients cut off, to stand behind a web server with TLS."""

from __future__ import annotations

import re
import socket
import socketserver
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from archive.errors import Error
from archive.evidence.cosigner import MAX_REQUEST, Answer, Cosigner
from archive.times import Clock
from cli.complaint import complaint
from cli.output import say

LONGEST = 60.0
"""Seconds that a connection lasts, however busy."""
SLOWEST = 10.0
"""Seconds of silence after which a connection ends."""
MOST_AT_ONCE = 64
"""Connections; more are closed at once."""

_MONITORED = re.compile(r"/([0-9a-f]{64})/checkpoint")


class CosignServer(ThreadingHTTPServer):
    """Answers `POST /add-checkpoint` and `GET /<origin hash>/checkpoint` (C2SP tlog-witness)."""

    daemon_threads = True

    def __init__(self, host: str, port: int, cosigner: Cosigner, clock: Clock) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.cosigner = cosigner
        self.clock = clock
        self._slots = threading.BoundedSemaphore(MOST_AT_ONCE)
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """As HTTPServer, which would ask a name server first what this machine is called."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._slots.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is none of the operator's trouble."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "muniment"
    sys_version = ""
    timeout = SLOWEST
    disable_nagle_algorithm = True  # or a body waits for the far side to confirm its head
    server: CosignServer

    def setup(self) -> None:
        super().setup()
        self._end = threading.Timer(LONGEST, self._cut)
        self._end.daemon = True
        self._end.start()

    def finish(self) -> None:
        self._end.cancel()
        super().finish()

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"[0-9]{1,9}", length, re.ASCII):
            self._tell(Answer(411, b"a request needs its length\n"), close=True)
        elif int(length) > MAX_REQUEST:
            self._tell(Answer(413, b"too large\n"), close=True)
        else:
            body = self.rfile.read(int(length))
            if len(body) < int(length):
                self.close_connection = True
            elif self.path == "/add-checkpoint":
                self._answer(body)
            else:
                self._tell(Answer(404, b"no such thing here\n"))

    def do_GET(self) -> None:
        found = _MONITORED.fullmatch(self.path)
        if found is None:
            self._tell(Answer(404, b"no such thing here\n"))
        else:
            self._answer(found[1])

    def _answer(self, asked: bytes | str) -> None:
        """What is wrong with our own state is the operator's to know; the far side hears 500."""
        cosigner = self.server.cosigner
        try:
            if isinstance(asked, bytes):
                answer = cosigner.add_checkpoint(asked, int(self.server.clock().timestamp()))
            else:
                answer = cosigner.monitored(asked)
        except (Error, OSError) as error:
            say(complaint(error).line)
            answer = Answer(500, b"the cosigner is in trouble\n")
        self._tell(answer)

    def _tell(self, answer: Answer, *, close: bool = False) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if close:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- its signature
        say(f"{self.client_address[0]} {format % args}")

    def _cut(self) -> None:
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
