"""A wire of ours for tests, with limits that are soon reached."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.aside import Aside
from crawler.wire.addresses import Resolver, system_resolver
from crawler.wire.client import Wire
from crawler.wire.egress import Egress
from crawler.wire.limits import Limits
from crawler.wire.opening import Opener
from crawler.wire.tls import Trust

SOON = Limits(dns=10, connect=10, tls=10, first_byte=10, idle=10, total=60)
HERE = Egress(allow_private=True)


def clock() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def wire(
    folder: Path,
    egress: Egress = HERE,
    *,
    roots: bytes = b"",
    resolver: Resolver = system_resolver,
    up: bool = True,
    **limits: Any,
) -> AsyncIterator[Wire]:
    opener = Opener(Trust.of_pem(roots, clock), replace(SOON, **limits), resolver, lambda: up)
    aside = Aside()
    made = Wire(opener, egress, clock, folder, aside)
    try:
        yield made
    finally:
        made.close()
        aside.close()
