"""A source: an agency's channel that we watch, and how we go there (design 2, *source*).

The file that holds one is read and written by `crawler.source_file`.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from archive.errors import UsageError
from archive.urls import NotWebError, absolute

NAME = re.compile(r"[^\W_][\w.-]{0,62}(?<![.])")
RESERVED = frozenset({"con", "prn", "aux", "nul", "events"})
"""Names that a file system or this program keeps for itself."""

GIB = 1 << 30
ROBOTS = ("obey", "record-only")
TLS = ("record", "require", "legacy")


@dataclass(frozen=True, kw_only=True)
class HostRecord:
    """A host of an agency, and the record that says that it is the agency's (ICP filing, WHOIS)."""

    host: str
    record: str = ""


@dataclass(frozen=True, kw_only=True)
class Agency:
    """The body that posts."""

    name: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    """By language tag (BCP 47)."""
    parent: str | None = None
    hosts: tuple[HostRecord, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ScopeRules:
    """Which URLs belong to the source, and where a crawl ends."""

    hosts: tuple[str, ...] = ()
    """`host`, `host:port` or `*.host`; none means the hosts of the seeds."""
    paths: tuple[str, ...] = ()
    """Path prefixes; none means all paths."""
    include: tuple[str, ...] = ()
    """Regular expressions of which one must be found in the URL, where there are any."""
    exclude: tuple[str, ...] = ()
    requisites: bool = True
    """Fetch style sheets, images, scripts and fonts one hop beyond scope."""
    max_pages: int | None = None
    max_depth: int | None = None
    max_seconds: float | None = None
    max_body: int = 4 * GIB
    """Bytes of one answer; what is longer is cut and says so."""


@dataclass(frozen=True, kw_only=True)
class Politeness:
    """How hard we press. What is `None` depends on the place: see `Source.pace`."""

    delay: float | None = None
    """Seconds between two requests to one host."""
    concurrency: int | None = None
    """Requests in flight to one host."""
    autothrottle: bool | None = None
    """Slow down when the server does."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """`Politeness` with every value decided."""

    delay: float
    concurrency: int
    autothrottle: bool


@dataclass(frozen=True, kw_only=True)
class Identity:
    """As whom we come, from where."""

    name: str = "institutional"
    user_agent: str | None = None
    """`None`: the program's own name, with `contact`."""
    contact: str | None = None
    proxy: str | None = None
    bind: str | None = None
    """Local address to come from."""
    accept_language: str = "zh-CN,zh;q=0.9,en;q=0.5"
    cookies: bool = False


INSTITUTIONAL = Identity()
NEUTRAL = Identity(name="neutral", user_agent="Mozilla/5.0")
"""Tells the far side neither who asks nor with what program. The address still does: whoever must not
be known by it names a proxy in a source."""
IDENTITIES = {identity.name: identity for identity in (INSTITUTIONAL, NEUTRAL)}


@dataclass(frozen=True, kw_only=True)
class Source:
    """A source as read, checked: whoever holds one may rely on every value.

    Raises `UsageError` that names the key where a value is not fit.
    """

    name: str
    seeds: tuple[str, ...]
    agency: Agency = field(default_factory=Agency)
    scope: ScopeRules = field(default_factory=ScopeRules)
    politeness: Politeness = field(default_factory=Politeness)
    robots: str = "obey"
    robots_reason: str = ""
    """Why robots.txt is recorded and not obeyed; stands in plan and statement."""
    tls: str = "record"
    identity: Identity = field(default_factory=Identity)
    conditional: bool = False
    """Ask with the validators of the last capture."""
    revisit: bool = True
    """Store an unchanged body as a reference to the record that holds it."""

    def __post_init__(self) -> None:
        check_name(self.name)
        self._check_seeds()
        self._check_scope()
        self._check_manners()

    @property
    def pace(self) -> Pace:
        """One request a second, two in flight, slower when the server is; at full speed on loopback."""
        here = all(is_loopback(urlsplit(seed).hostname or "") for seed in self.seeds)
        asked = self.politeness
        return Pace(
            delay=asked.delay if asked.delay is not None else 0.0 if here else 1.0,
            concurrency=asked.concurrency or (8 if here else 2),
            autothrottle=asked.autothrottle if asked.autothrottle is not None else not here,
        )

    def user_agent(self, software: str) -> str:
        """The User-Agent that we send; `software` is the program's own name and version."""
        contact = f" (+{self.identity.contact})" if self.identity.contact else ""
        return self.identity.user_agent or f"{software.replace(' ', '/', 1)}{contact}"

    def to_json(self) -> dict[str, Any]:
        """All values with all defaults filled in, as the crawl's plan keeps them."""
        return {**asdict(self), "politeness": asdict(self.pace)}

    def configuration(self, text: str, software: str) -> str:
        """`sha256:…` of the source file as read and of the settings that follow from it."""
        settings = {"text": text, "source": self.to_json(), "software": software}
        packed = orjson.dumps(settings, option=orjson.OPT_SORT_KEYS)
        return f"sha256:{hashlib.sha256(packed).hexdigest()}"

    def _check_seeds(self) -> None:
        if not self.seeds:
            raise UsageError("seeds: a source needs at least one URL")
        for seed in self.seeds:
            parts = _split("seeds", seed)
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise UsageError(f"seeds: not an http or https URL: {seed!r}")
            if parts.username is not None:
                raise UsageError(f"seeds: a password does not belong in a URL: {parts.hostname}")
            try:
                absolute(seed)
            except NotWebError as error:
                raise UsageError(f"seeds: not a URL: {seed!r}") from error

    def _check_scope(self) -> None:
        for key in ("include", "exclude"):
            for pattern in getattr(self.scope, key):
                try:
                    re.compile(pattern)
                except re.error as error:
                    raise UsageError(f"scope.{key}: {pattern!r}: {error}") from error
        for host in self.scope.hosts:
            if not host or re.search(r"[/\s@]", host):
                raise UsageError(f"scope.hosts: not a host: {host!r}")
        for path in self.scope.paths:
            if not path.startswith("/"):
                raise UsageError(f"scope.paths: does not begin with a slash: {path!r}")
        for key in ("max_pages", "max_seconds", "max_body"):
            _at_least(f"scope.{key}", getattr(self.scope, key), 1)
        _at_least("scope.max_depth", self.scope.max_depth, 0)

    def _check_manners(self) -> None:
        _at_least("politeness.delay", self.politeness.delay, 0)
        _at_least("politeness.concurrency", self.politeness.concurrency, 1)
        _one_of("robots", self.robots, ROBOTS)
        if self.robots == "record-only" and not self.robots_reason.strip():
            raise UsageError('robots_reason: robots = "record-only" needs its reason')
        _one_of("tls", self.tls, TLS)
        proxy = self.identity.proxy
        if proxy is not None and _split("identity.proxy", proxy).scheme != "http":
            raise UsageError(f"identity.proxy: not an http proxy: {proxy!r}")
        for key in ("user_agent", "contact", "accept_language"):
            if re.search(r"[\x00-\x1f\x7f]", getattr(self.identity, key) or ""):
                raise UsageError(f"identity.{key}: holds a line end or control character")


def check_name(name: str) -> None:
    """Raises `UsageError` where a source of that name could not have a file of its own."""
    if not NAME.fullmatch(name) or name.lower() in RESERVED or len(name.encode()) > 120:
        raise UsageError(
            f"name: {name!r} cannot name a file",
            advice="use letters, digits, dots and dashes, at most 63, beginning with a letter or digit",
        )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or literal address; nothing is resolved."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _split(key: str, url: str) -> Any:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"{key}: not a URL: {url!r} ({error})") from error
    return parts


def _at_least(key: str, value: float | None, least: float) -> None:
    if value is not None and not value >= least:
        raise UsageError(f"{key}: must be {least} or more, is {value}")


def _one_of(key: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UsageError(f"{key}: must be one of {', '.join(allowed)}; is {value!r}")
