"""`muniment.toml`: what holds for one archive, and who gives the orders in it."""

from __future__ import annotations

import getpass
import tomllib
from dataclasses import dataclass
from pathlib import Path

from archive.errors import UsageError, Where

TEMPLATE = """\
# This folder is an archive made by Muniment. Nothing in warc/ is ever altered; the rest follows from it.

# Who answers for what is done here; stands on every crawl, import and decision.
operator = {operator}

# The catalog is catalog.sqlite beside this file. A large archive may keep it in PostgreSQL:
# catalog = "postgresql+psycopg://user@host/muniment"
"""


@dataclass(frozen=True, slots=True)
class Config:
    """What `muniment.toml` says. `catalog` is a database URL, or None for the file in the archive."""

    operator: str | None = None
    catalog: str | None = None


def read_config(path: Path) -> Config:
    """Raises `UsageError` where the file is no TOML or holds a key or value that is not ours."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read as TOML: {error}", where=Where(path)) from error
    for key, value in values.items():
        if key not in Config.__dataclass_fields__:
            known = ", ".join(Config.__dataclass_fields__)
            raise UsageError(f"unknown key {key!r}", where=Where(path), advice=f"known: {known}")
        if not isinstance(value, str) or not value.strip():
            raise UsageError(f"{key} must be a text", where=Where(path))
    return Config(**values)


def new_config(operator: str) -> str:
    """The text of a new archive's `muniment.toml`."""
    import tomlkit  # noqa: PLC0415 -- only `init` writes TOML

    return TEMPLATE.format(operator=tomlkit.string(operator).as_string())


def operator_name(given: str | None, configured: str | None) -> str:
    """Who gives this order: as given (option or MUNIMENT_OPERATOR), configured, or logged in.

    Raises `UsageError` where none of them says.
    """
    name = (given or configured or login_name() or "").strip()
    if not name or not name.isprintable():
        raise UsageError("nobody is named as operator", advice="say --operator NAME")
    return name


def login_name() -> str | None:
    """The name of the account that runs the program, or None where the system has none for it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None
