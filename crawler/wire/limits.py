"""How long, how much and how slow an exchange may be before it is cut, and with which code."""

from __future__ import annotations

from dataclasses import dataclass

from archive.http1 import HEAD_LIMIT

SPOOL_AT = 16 << 20
"""Bytes of a block that stay in memory; a larger one goes to disk."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Times in seconds, sizes in bytes."""

    dns: float = 20
    connect: float = 20
    """For all addresses of a host together."""
    tls: float = 20
    first_byte: float = 60
    idle: float = 60
    """Between two arrivals of bytes."""
    total: float = 4 * 3600
    """From the request to the answer's end."""
    slow_window: float = 60
    slow_bytes: int = 512
    """What must come in each window: a server that drips one byte now and then is never idle."""
    size: int = 4 << 30
    head: int = HEAD_LIMIT
    spool_at: int = SPOOL_AT


class Watch:
    """The time limits of one exchange, told of the bytes that come."""

    __slots__ = ("_last", "_limits", "_started", "_window", "_window_bytes", "first")

    def __init__(self, limits: Limits, now: float) -> None:
        self._limits = limits
        self._started = self._last = self._window = now
        self._window_bytes = 0
        self.first: float | None = None
        """When the first bytes came."""

    def came(self, now: float, length: int) -> None:
        if self.first is None:
            self.first = self._window = now
        self._last = now
        self._window_bytes += length

    def due(self, now: float) -> tuple[float, str]:
        """When the next limit is reached, and its code."""
        limits = self._limits
        total = (self._started + limits.total, "timeout-total")
        if self.first is None:
            return min(total, (self._started + limits.first_byte, "timeout-first-byte"))
        if now >= self._window + limits.slow_window and self._window_bytes >= limits.slow_bytes:
            self._window, self._window_bytes = now, 0
        slow = (self._window + limits.slow_window, "timeout-slow")
        idle = (self._last + limits.idle, "timeout-idle")
        return min(total, idle, slow)
