"""Why a request is made; it travels with the Scrapy request as `request.meta["errand"]`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from archive.held import HeldCapture


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand:
    """What a capture's statement tells beside what crossed the wire (archive.statement.Capture)."""

    url: str
    cause: str = "seed"
    """`seed link requisite redirect robots sitemap feed retry import`."""
    via: str | None = None
    """URL of the page, list or redirect that named this one."""
    link_text: str | None = None
    depth: int = 0
    attempt: int = 1
    conditional: HeldCapture | None = None
    """Ask only for what has changed since this capture, by its validators (RFC 9110, 13.1)."""
    robots_disallowed: bool = False
    """Asked for although robots.txt disallows it (`robots = "record-only"`)."""

    def again(self) -> Errand:
        """The errand of the next attempt."""
        return replace(self, attempt=self.attempt + 1, cause="retry")
