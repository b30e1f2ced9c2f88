"""What earlier crawls hold of a URL: asked by the crawler, answered by the catalog, strangers both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from archive.digest import Digests
from archive.statement import RefersTo


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldCapture:
    """The last capture of a URL that holds content, durable and catalogued.

    `record` is the `response` record that has the bytes, never a revisit, so that references do
    not form chains; `url` and `time` are that record's own.
    """

    record: str
    """Without its angle brackets."""
    url: str
    time: datetime
    body: Digests | None = None
    """Of the wire body, framing included."""
    payload: Digests | None = None
    content: Digests | None = None
    etag: str | None = None
    last_modified: str | None = None
    version: str | None = None
    """Id of the version, where the catalog knows one."""
    capture: str | None = None
    """Its id, and that of a revisit where it was one."""

    @property
    def refers_to(self) -> RefersTo:
        return RefersTo(record=self.record, url=self.url, time=self.time)


class Held(Protocol):
    """What is held from before this crawl."""

    def last(self, url: str) -> HeldCapture | None: ...


class NothingHeld:
    """The holdings of a first crawl."""

    def last(self, url: str) -> HeldCapture | None:  # noqa: ARG002 the protocol names it
        return None
