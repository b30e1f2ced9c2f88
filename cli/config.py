"""`muniment.toml`: what holds for one archive, and who gives the orders in it."""

from __future__ import annotations

import getpass
import re
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints
from urllib.parse import urlsplit

from archive.errors import UsageError, Where

TEMPLATE = """\
# This folder is an archive made by Muniment. Nothing in warc/ is ever altered; the rest follows from it.

# Who answers for what is done here; stands on every crawl, import and decision.
operator = {operator}

# The catalog is catalog.sqlite beside this file. A large archive may keep it in PostgreSQL:
# catalog = "postgresql+psycopg://user@host/muniment"

# How citations name this archive, and the address under which readers reach it, where it has one: a
# capture is then cited as PUBLIC_URL/c/ID. Without one its id and digest stand for it.
# name = "Archive of the Institute of Area Studies"
# public_url = "https://archive.example.org"

# The log that commits to every record. Its name is signed into every checkpoint and never changes.
[log]
origin = {origin}
# Folders where others keep the checkpoints too: a partner's disk, a web server's folder.
# publish = ["/mnt/library/checkpoints"]
# A command that signs instead of the key in keys/: it reads the text and writes 64 bytes.
# signer = ["sign-with-token", "--key", "muniment"]

# Outsiders who say when a checkpoint existed (RFC 3161). Take two of different operators. `roots` are
# the certificates that you trust them by, fetched from them by another way than this program.
# [[authority]]
# name = "first"
# url = "http://timestamp.first.example/tsa"
# roots = "keys/first-roots.pem"
#
# [[authority]]
# name = "second"
# url = "http://timestamp.second.example/tsr"
# roots = "keys/second-roots.pem"

# Calendars that have checkpoints put into the Bitcoin block chain (OpenTimestamps). Each is sent a
# digest, and asked later for the block. This needs one more library: pip install "muniment[ots]"
# [opentimestamps]
# calendars = ["https://calendar.first.example", "https://calendar.second.example"]

# Outsiders who countersign the checkpoints (C2SP tlog-witness).
# [[cosigner]]
# name = "library.example/cosigner"
# url = "https://library.example/cosigner"
# vkey = "library.example/cosigner+…"

# Time servers (SNTP) by which the clock of this machine is measured before each crawl.
# [clock]
# servers = ["ntp.example"]

# Texts are read at the end of each order that brings new contents; with `later` they wait until
# `muniment index` is given, as by a job at night. `ocr` makes out letters on scans, by the program
# tesseract (Debian packages tesseract-ocr and tesseract-ocr-chi-sim): seconds a page; search finds what
# it gives, no quotation rests on it.
# [text]
# later = true
# ocr = true

# The certificate that signs certifications: PKCS #12, or PEM with key and chain.
# [certificate]
# file = "keys/seal.p12"
"""

Table = TypeVar("Table")
PUBLIC = re.compile(r"https?://[^\s/?#@{}\\<>\"]+(/[^\s?#{}\\<>\"]*)?")
"""Addresses that stand in citations as they are, whatever the form."""


@dataclass(frozen=True, slots=True)
class LogConfig:
    """The log's own name, where its checkpoints are published, and what signs instead of its key."""

    origin: str | None = None
    publish: tuple[str, ...] = ()
    signer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuthorityConfig:
    """A time-stamp authority. One marked `test` proves nothing, and everything that shows it says so."""

    name: str
    url: str
    roots: str
    test: bool = False


@dataclass(frozen=True, slots=True)
class OpenTimestampsConfig:
    """Calendars by their URLs; the only ones that are ever asked."""

    calendars: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CosignerConfig:
    """A cosigner: where it is asked, and the key by which it is known."""

    name: str
    url: str
    vkey: str


@dataclass(frozen=True, slots=True)
class ClockConfig:
    servers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CertificateConfig:
    file: str


@dataclass(frozen=True, slots=True)
class TextConfig:
    """How the texts of contents are read."""

    later: bool = False
    """Whether texts wait for `muniment index` when an order brings new contents."""
    ocr: bool = False
    """Whether letters are made out on scans."""


@dataclass(frozen=True, slots=True)
class Config:
    """What `muniment.toml` says. `catalog` is a database URL, or None for the file in the archive."""

    operator: str | None = None
    catalog: str | None = None
    name: str | None = None
    public_url: str | None = None
    log: LogConfig = field(default_factory=LogConfig)
    authority: tuple[AuthorityConfig, ...] = ()
    opentimestamps: OpenTimestampsConfig = field(default_factory=OpenTimestampsConfig)
    cosigner: tuple[CosignerConfig, ...] = ()
    clock: ClockConfig = field(default_factory=ClockConfig)
    certificate: CertificateConfig | None = None
    text: TextConfig = field(default_factory=TextConfig)


def read_config(path: Path) -> Config:
    """Raises `UsageError` where the file is no TOML or holds a key or value that is not ours."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read as TOML: {error}", where=Where(path)) from error
    config = _table(Config, values, "", Where(path))
    if config.public_url is not None and not PUBLIC.fullmatch(config.public_url):
        advice = "write it as https://archive.example.org, without ? or #"
        raise UsageError("public_url is no web address", where=Where(path), advice=advice)
    return config


def _table(kind: type[Table], values: Any, prefix: str, where: Where) -> Table:
    """A table of the file as its dataclass, by the types of its fields."""
    if not isinstance(values, dict):
        raise UsageError(f"{prefix.rstrip('.')} must be a table", where=where)
    hints = get_type_hints(kind)
    for key in values:
        if key not in hints:
            known = ", ".join(hints)
            raise UsageError(f"unknown key {prefix + key!r}", where=where, advice=f"known: {known}")
    found = {key: _value(hints[key], value, prefix + key, where) for key, value in values.items()}
    for needed in fields(kind):  # type: ignore[arg-type]  # every kind is a dataclass
        if needed.name in _REQUIRED.get(kind, ()) and needed.name not in found:
            raise UsageError(f"{prefix}{needed.name} is missing", where=where)
    return kind(**found)


def _value(hint: Any, value: Any, name: str, where: Where) -> Any:
    if hint in _TABLES:
        return _table(_TABLES[hint], value, f"{name}.", where)
    if hint in _LISTS:
        if not isinstance(value, list):
            raise UsageError(f"{name} must be written as [[{name}]]", where=where)
        return tuple(_table(_LISTS[hint], entry, f"{name}.", where) for entry in value)
    if hint == tuple[str, ...]:
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(_is_text(text) for text in texts):
            raise UsageError(f"{name} must be a list of texts", where=where)
        return tuple(texts)
    if hint is bool:
        if not isinstance(value, bool):
            raise UsageError(f"{name} must be true or false", where=where)
        return value
    if not _is_text(value):
        raise UsageError(f"{name} must be a text", where=where)
    return value


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


_TABLES: dict[Any, type] = {
    LogConfig: LogConfig,
    OpenTimestampsConfig: OpenTimestampsConfig,
    ClockConfig: ClockConfig,
    TextConfig: TextConfig,
    CertificateConfig | None: CertificateConfig,
}
_LISTS: dict[Any, type] = {
    tuple[AuthorityConfig, ...]: AuthorityConfig,
    tuple[CosignerConfig, ...]: CosignerConfig,
}
_REQUIRED: dict[Any, tuple[str, ...]] = {
    AuthorityConfig: ("name", "url", "roots"),
    CosignerConfig: ("name", "url", "vkey"),
    CertificateConfig: ("file",),
}


def new_config(operator: str, origin: str) -> str:
    """The text of a new archive's `muniment.toml`."""
    import tomlkit  # noqa: PLC0415 -- only `init` writes TOML

    texts = {"operator": operator, "origin": origin}
    return TEMPLATE.format(**{key: tomlkit.string(text).as_string() for key, text in texts.items()})


def operator_name(given: str | None, configured: str | None) -> str:
    """Who gives this order: as given (option or MUNIMENT_OPERATOR), configured, or logged in.

    Raises `UsageError` where none of them says.
    """
    name = (given or configured or login_name() or "").strip()
    if not name or not name.isprintable():
        raise UsageError("nobody is named as operator", advice="say --operator NAME")
    return name


def archive_name(config: Config) -> str:
    """How citations name the archive: as configured, by its public host, or else by its log."""
    host = urlsplit(config.public_url).hostname if config.public_url else None
    return config.name or host or config.log.origin or "an archive without a name"


def login_name() -> str | None:
    """The name of the account that runs the program, or None where the system has none for it."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None
