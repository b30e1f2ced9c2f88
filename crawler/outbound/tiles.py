"""Reads the log of somebody else over http(s): its checkpoint and its tiles (C2SP tlog-tiles)."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from archive.errors import Where
from archive.evidence.log import Signed
from archive.evidence.merkle import HASH
from archive.evidence.note import MAX_NOTE
from archive.evidence.tiles import MAX_ENTRY, WIDTH, Tile, TileError, parse_path
from crawler.outbound.post import TIME_LIMIT, Peer, PeerError

MISSING = frozenset({404, 410})
"""Statuses that say that there is no such tile; any other says nothing about the log."""
CACHED = 4
"""Tiles and bundles that are kept: whoever goes through a log asks for each twice in a row."""


class RemoteLog:
    """The log below a base URL: a `TileReader`, for one thread at a time.

    Nothing it gives is trusted. `limit` is that of one exchange, in seconds. Raises `UsageError` for
    a URL that is no http(s); every method `PeerError` where the network or the server fails.
    """

    def __init__(self, url: str, *, agent: str, limit: float = TIME_LIMIT) -> None:
        self._peer = Peer(url, agent=agent, limit=limit)
        self._cached = lru_cache(CACHED)(self._read)

    def checkpoint(self) -> Signed:
        """The checkpoint, its signatures not checked. Raises `NoteError` where it is none."""
        data = self._get("checkpoint", MAX_NOTE)
        if data is None:
            raise PeerError("missing", "no log has its checkpoint there", self._peer.url)
        return Signed.parse(data)

    def __call__(self, path: str, /) -> bytes:
        """A tile or an entry bundle. Raises `TileError` where the log has none there."""
        return self._cached(path)

    def close(self) -> None:
        self._peer.close()

    def _read(self, path: str) -> bytes:
        """A log may drop a partial tile once the full one is there (tlog-tiles, "Partial Tiles")."""
        part = parse_path(path)
        largest = WIDTH * (HASH if isinstance(part, Tile) else MAX_ENTRY + 2)
        for there in dict.fromkeys((path, replace(part, width=WIDTH).path)):
            data = self._get(there, largest)
            if data is not None:
                return data
        raise TileError("a part of the log is missing", where=Where(url=f"{self._peer.url}/{path}"))

    def _get(self, path: str, largest: int) -> bytes | None:
        reply = self._peer.get(path, largest=largest)
        if reply.status in MISSING:
            return None
        if reply.status != 200:
            url = f"{self._peer.url}/{path}"
            raise PeerError("status", f"answered {reply.status}", url)
        return reply.body
