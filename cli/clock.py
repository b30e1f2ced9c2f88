"""The wall clock, and the name of this program: what only cli may make for the other rooms."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version


def now() -> datetime:
    """The present, aware, in UTC."""
    return datetime.now(UTC)


def agent() -> str:
    """How this program names itself to those whom it asks for stamps and signatures."""
    return software().replace(" ", "/", 1)


def software() -> str:
    """What stands in every record as the program that wrote it."""
    return f"muniment {version('muniment')}"
