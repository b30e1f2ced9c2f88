"""One small HTTP exchange with a hard limit of time and of size, and no redirect followed."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from archive.errors import NetworkError, UsageError, Where

TIME_LIMIT = 10.0
"""Seconds for the whole exchange, however slowly the far side speaks."""


class ExchangeError(NetworkError):
    """`reason` says why in a word that does not change."""

    def __init__(self, reason: str, what: str = "", url: str = "") -> None:
        super().__init__(f"{reason}: {what}", where=Where(url=url))
        self.reason = reason
        self.detail = what


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
    is no http(s), `ExchangeError` (unreachable, timeout, status, wrong-type, too-large, broken).
    """
    connection, target = _connection(url, limit)
    headers = {"User-Agent": agent, "Accept": expect or "*/*", "Connection": "close"}
    if body is not None:
        headers["Content-Type"] = send
    with _limited(connection, url, limit):
        connection.request("GET" if body is None else "POST", target, body, headers)
        with connection.getresponse() as response:
            if response.status != 200:
                raise ExchangeError("status", f"answered {response.status} {response.reason}", url)
            said = response.headers.get_content_type()
            if expect and said != expect:
                raise ExchangeError("wrong-type", f"answered with {said}", url)
            data = response.read(largest + 1)
    if len(data) > largest:
        raise ExchangeError("too-large", f"answered with more than {largest} bytes", url)
    return data


def _connection(url: str, limit: float) -> tuple[http.client.HTTPConnection, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in {"http", "https"}:
        raise UsageError("not an address of http or https", where=Where(url=url))
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return kind(host, port, timeout=limit), target


@contextmanager
def _limited(connection: http.client.HTTPConnection, url: str, limit: float) -> Iterator[None]:
    """Connect and cut the connection at the limit: a socket's own would begin anew with each byte."""
    late = threading.Event()
    opened: list[socket.socket] = []  # the connection lets go of its own once the body begins

    def cut() -> None:
        late.set()
        for one in opened:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(limit, cut)
    timer.daemon = True
    timer.start()
    try:
        connection.connect()
        opened.append(connection.sock)
        if late.is_set():
            raise TimeoutError
        yield
        if late.is_set():
            raise TimeoutError
    except (OSError, http.client.HTTPException, ValueError, ExchangeError) as error:
        if late.is_set() or isinstance(error, TimeoutError):
            raise ExchangeError("timeout", f"no whole answer within {limit:g} s", url) from error
        if isinstance(error, ExchangeError):
            raise
        if isinstance(error, OSError):
            raise ExchangeError("unreachable", str(error), url) from error
        raise ExchangeError("broken", f"no HTTP: {error!r}", url) from error
    finally:
        timer.cancel()
        connection.close()
