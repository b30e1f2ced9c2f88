"""Keys that follow from what they name, so every rebuild makes the same ones (ADR 0004)."""

from __future__ import annotations

from functools import lru_cache

from archive.ident import ident
from archive.surt import surt
from catalog.types import visible

KEY_LENGTH = 400
"""Characters of a SURT that are kept as the key of a look-up: PostgreSQL indexes no long values."""


@lru_cache(maxsize=4096)
def document_id(url: str) -> str:
    return ident("document", visible(url))


def version_id(sha256: bytes) -> str:
    return ident("version", sha256.hex())


@lru_cache(maxsize=4096)
def name_id(kind: str, name: str) -> str:
    """The id of an `agency`, a `source`, an `operator` or a `software` by its name."""
    return ident(kind, visible(name))


def url_key(url: str) -> str:
    """What a look-up by URL goes by: its SURT, cut to `KEY_LENGTH`."""
    return visible(surt(visible(url)))[:KEY_LENGTH]
