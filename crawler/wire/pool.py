"""Connections kept for the next exchange, told apart by all that makes a difference on the wire."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from crawler.wire.connection import Connection
from crawler.wire.egress import Egress
from crawler.wire.request import Target

IDLE = 30.0
"""Seconds after which a connection is not used again: many servers end theirs then."""


@dataclass(frozen=True, slots=True)
class Key:
    """Two exchanges may share a connection where all of this is the same."""

    scheme: str
    host: str
    port: int
    proxy: str
    authorization: str | None
    bind: str | None
    tls: str
    allow_private: bool

    @classmethod
    def of(cls, to: Target, egress: Egress) -> Key:
        proxy = egress.proxy
        return cls(
            to.scheme,
            to.host,
            to.port,
            str(proxy or ""),
            proxy.authorization if proxy else None,
            egress.bind,
            egress.tls,
            egress.allow_private,
        )


class Pool:
    """Idle connections, the one used last first."""

    def __init__(self) -> None:
        self._idle: dict[Key, list[Connection]] = {}
        self._keys: dict[Connection, Key] = {}

    def take(self, key: Key) -> Connection | None:
        now = asyncio.get_running_loop().time()
        idle = self._idle.get(key, [])
        while idle:
            connection = idle.pop()
            del self._keys[connection]
            if not connection.lost and now - connection.idle_since < IDLE:
                return connection
            connection.close()
        return None

    def give(self, key: Key, connection: Connection) -> None:
        connection.idle_since = asyncio.get_running_loop().time()
        self._idle.setdefault(key, []).append(connection)
        self._keys[connection] = key

    def forget(self, connection: Connection) -> None:
        """A connection was lost; it may be one of ours."""
        key = self._keys.pop(connection, None)
        if key is not None:
            self._idle[key].remove(connection)
            if not self._idle[key]:
                del self._idle[key]

    def close(self) -> None:
        for connection in list(self._keys):
            connection.close()
        self._idle.clear()
        self._keys.clear()
