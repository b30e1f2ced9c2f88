"""Asking one server over HTTP, with a hard limit of time and of size; no redirect is followed."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from archive.errors import NetworkError, UsageError, Where

TIME_LIMIT = 10.0
"""Seconds for a whole exchange, however slowly the far side speaks."""

_GONE = (http.client.RemoteDisconnected, ConnectionError)


class PeerError(NetworkError):
    """`reason` says why in a word that does not change: unreachable, timeout, too-large, broken …"""

    def __init__(self, reason: str, what: str = "", url: str = "") -> None:
        super().__init__(f"{reason}: {what}", where=Where(url=url))
        self.reason = reason
        self.detail = what


@dataclass(frozen=True, slots=True)
class Reply:
    """What the far side answered, whatever the status."""

    status: int
    media_type: str
    """In lower case, without parameters."""
    body: bytes


class Peer:
    """A server at a base URL. Its connection is kept from one request to the next, and closed by `close`.

    Raises `UsageError` for a URL that is no http(s). For one thread at a time.
    """

    def __init__(self, url: str, *, agent: str, limit: float = TIME_LIMIT) -> None:
        self.url = url.rstrip("/")
        self._agent = agent
        self._limit = limit
        self._connection, self._prefix = _connection(self.url, limit)

    def get(self, path: str, *, largest: int) -> Reply:
        """What lies at a path below the base. Raises `PeerError`."""
        return self._ask("GET", path, None, {}, largest)

    def post(self, path: str, body: bytes, media_type: str, *, largest: int) -> Reply:
        """The answer to a body that was sent. Raises `PeerError`."""
        return self._ask("POST", path, body, {"Content-Type": media_type}, largest)

    def close(self) -> None:
        self._connection.close()

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str], largest: int
    ) -> Reply:
        url = f"{self.url}/{path}"
        headers = {**headers, "User-Agent": self._agent, "Accept-Encoding": "identity"}
        with self._limited(url) as deadline:
            sent = method, f"{self._prefix}/{path}", body, headers
            with self._response(deadline, *sent) as response:
                data = response.read(largest + 1)
                if len(data) > largest:
                    raise PeerError("too-large", f"answered with more than {largest} bytes", url)
                if response.length:
                    raise PeerError("broken", f"{response.length} bytes are missing", url)
                return Reply(response.status, response.headers.get_content_type(), data)

    def _response(
        self,
        deadline: _Deadline,
        method: str,
        target: str,
        body: bytes | None,
        headers: dict[str, str],
    ) -> http.client.HTTPResponse:
        """A connection that was kept may have been closed over there; then a new one is tried."""
        connection = self._connection
        if connection.sock is not None:
            try:
                deadline.watch(connection.sock)
                connection.request(method, target, body, headers)
                return connection.getresponse()
            except _GONE:
                connection.close()
        connection.connect()
        deadline.watch(connection.sock)
        connection.request(method, target, body, headers)
        return connection.getresponse()

    @contextmanager
    def _limited(self, url: str) -> Iterator[_Deadline]:
        """Whatever fails becomes a `PeerError`, and the connection is not used again."""
        deadline = _Deadline(self._limit)
        try:
            yield deadline
            deadline.check()
        except (OSError, http.client.HTTPException, ValueError, PeerError) as error:
            self._connection.close()
            if deadline.is_over or isinstance(error, TimeoutError):
                what = f"no whole answer within {self._limit:g} s"
                raise PeerError("timeout", what, url) from error
            if isinstance(error, PeerError):
                raise
            if isinstance(error, OSError):
                raise PeerError("unreachable", str(error), url) from error
            raise PeerError("broken", f"no HTTP: {error!r}", url) from error
        finally:
            deadline.cancel()


class _Deadline:
    """Shuts a socket down once the time is over: its own limit would begin anew with each byte.

    It holds the socket itself, for the connection forgets the one whose answer ends with it.
    """

    def __init__(self, limit: float) -> None:
        self._over = threading.Event()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(limit, self._cut)
        self._timer.daemon = True
        self._timer.start()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def watch(self, connected: socket.socket) -> None:
        self._socket = connected
        self.check()

    def check(self) -> None:
        if self.is_over:
            raise TimeoutError

    def cancel(self) -> None:
        self._timer.cancel()

    def _cut(self) -> None:
        self._over.set()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def _connection(url: str, limit: float) -> tuple[http.client.HTTPConnection, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in {"http", "https"} or parts.query or parts.fragment:
        raise UsageError("not an address of http or https", where=Where(url=url))
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(host, port, timeout=limit), parts.path
