"""The facts that a certification states, as types, and their JSON.

The caller gathers them; nothing here reads an archive, a clock or the network. `None` and an empty
tuple mean *not collected*, and are printed as that; nothing is filled in from anywhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from archive.digest import Absent, Digests, Layer
from archive.errors import UsageError
from archive.times import to_text
from archive.verdict import Verdict

FORMAT = 1


class Fidelity(StrEnum):
    """How the bytes came to this system (design 2)."""

    WIRE = "wire"
    RENDERED = "rendered"
    SUPERVISED = "supervised"
    ASSERTED = "asserted"


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Who certifies. What is `None` is left as a ruled line, to be completed by hand."""

    name: str | None = None
    title: str | None = None
    employer: str | None = None
    qualifications: str | None = None
    basis: str | None = None
    """Basis of knowledge: how this person knows what they certify."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """The proceedings that the certification is for."""

    court: str | None = None
    caption: str | None = None
    number: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class System:
    """What recorded and kept the exhibits."""

    software: str
    """Name and version."""
    configuration: str | None = None
    """`sha256:…` of the settings as used."""
    libraries: tuple[str, ...] = ()
    validation: tuple[str, ...] = ()
    """Each a test or an independent program that judged this version, with its result."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A public key that a reader compares with what its owner publishes elsewhere."""

    owner: str
    use: str
    fingerprint: str
    """SHA-256, in hex: of a log's key its 32 bytes, as verifying a package prints it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """The head of a log: how many entries, and the RFC 6962 root hash over them."""

    size: int
    root: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Succession:
    """A log that took the place of another, which was closed."""

    predecessor: str
    successor: str
    last_seen: Checkpoint
    reason: str
    time: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class LogPlace:
    """Where a statement stands in the log, and whether the proof of it was verified."""

    origin: str
    index: int
    checkpoint: Checkpoint
    proof: Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """An RFC 3161 time stamp over a checkpoint that covers the capture."""

    authority: str
    time: datetime
    verdict: Verdict
    test: bool = False
    """The authority is for tests: its stamps prove nothing."""
    claimed_qualified: bool = False
    """Configured as a qualified one (eIDAS, article 42). This program does not judge the claim."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cosignature:
    """Somebody outside countersigned a checkpoint that covers the capture."""

    cosigner: str
    time: datetime | None
    verdict: Verdict
    test: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockCheck:
    """What an outside time source said of our clock."""

    source: str
    offset: int
    """Microseconds by which our clock was ahead of the source; negative if behind."""
    measured: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Tls:
    """The TLS session that carried the exchange."""

    verdict: tuple[str, ...]
    version: str
    cipher: str
    chain: tuple[str, ...]
    """SHA-256, hex, of each certificate as sent, leaf first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """For `asserted`: who handed the file over. Its origin is theirs to prove."""

    giver: str | None = None
    obtained: datetime | None = None
    """When the giver says to have obtained it."""
    how: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageFile:
    """A file of the package that holds one layer of the capture."""

    name: str
    layer: str
    """`record`, `block`, `payload` or `content`."""
    original_name: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehash:
    """The digests computed afresh for this certification (FRE 902(14), Committee Note 2017)."""

    time: datetime
    software: str
    operator: str
    index: int | None
    """Index in the log of the event that says so."""
    match: Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class CustodyEvent:
    """Something that happened to the capture since (PREMIS 3, Event)."""

    time: datetime
    type: str
    who: str
    outcome: str | None = None
    index: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Corroboration:
    """A capture of the same URL from a second network."""

    capture: str
    time: datetime
    network: str
    same: Verdict
    """Whether it holds the same content."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Capture:
    """One attempt to fetch a URL, or one file received, with all that is known of it."""

    id: str
    url: str
    outcome: str
    fidelity: Fidelity
    recorded: datetime
    """By our own clock. For `asserted`: when we received it."""
    receipt: Receipt | None = None
    title: str | None = None
    method: str | None = None
    status: int | None = None
    clock: ClockCheck | None = None
    stamps: tuple[Stamp, ...] = ()
    cosignatures: tuple[Cosignature, ...] = ()
    host: str | None = None
    ip: str | None = None
    dns: tuple[str, ...] = ()
    tls: Tls | None = None
    egress: str | None = None
    """Machine IP or name of the network from which the request left."""
    identity: str | None = None
    """The User-Agent and contact that the server was shown."""
    operator: str | None = None
    approved_by: str | None = None
    """Who approved the crawl's plan."""
    plan: LogPlace | None = None
    """The crawl's plan, logged before its first request."""
    block: Layer | None = None
    payload: Layer | None = None
    content: Layer | None = None
    entry: LogPlace | None = None
    files: tuple[PackageFile, ...] = ()
    previous: str | None = None
    rehash: Rehash | None = None
    custody: tuple[CustodyEvent, ...] = ()
    corroborations: tuple[Corroboration, ...] = ()
    full_page: str | None = None
    embedded_media: str | None = None
    embedded_metadata: str | None = None
    context: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Exhibit:
    """One thing offered as evidence: one capture, or several of it."""

    label: str
    captures: tuple[Capture, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Certification:
    """Everything that one certification states."""

    archive: str
    operator: str
    """Who runs the archive."""
    made: datetime
    system: System
    exhibits: tuple[Exhibit, ...]
    person: Person = Person()
    case: Case = Case()
    origins: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    successions: tuple[Succession, ...] = ()

    def __post_init__(self) -> None:
        if not all(exhibit.captures for exhibit in self.exhibits) or not self.exhibits:
            raise UsageError("a certification needs an exhibit, and each exhibit a capture")

    @property
    def captures(self) -> tuple[tuple[str, Capture], ...]:
        """Every capture with the label of its exhibit, in order."""
        return tuple((e.label, capture) for e in self.exhibits for capture in e.captures)


def to_json(facts: Certification) -> dict[str, Any]:
    """The facts as JSON values that RFC 8785 can write: strings, whole numbers, booleans, null.

    `null` and an empty list say *not collected*. Bytes are hex, instants as in our WARC records,
    lone surrogates visible escapes.
    """
    return {"kind": "certification", "format": FORMAT, **_plain(facts)}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return str(value).encode("utf-8", "backslashreplace").decode()
    write = _WRITERS.get(type(value))
    if write is not None:
        return write(value)
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value


_WRITERS: dict[type, Callable[[Any], Any]] = {
    datetime: to_text,
    bytes: bytes.hex,
    tuple: lambda entries: [_plain(entry) for entry in entries],
    Digests: Digests.to_json,
    Absent: Absent.to_json,
}
