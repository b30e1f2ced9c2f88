"""What an evidence package is made of, as values: nothing here reads a catalog, a clock or the network.

The groups are read from their WARC files while the package is written; all else is held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archive.answer import Answer
from archive.errors import RecordError, Where
from archive.evidence.log import Signed
from archive.evidence.note import Verifier
from archive.evidence.proof import InclusionProof
from archive.reader import StoredGroup
from archive.statement import Capture
from archive.verdict import Verdict


@dataclass(frozen=True)
class GroupAt:
    """A group, and the WARC file that it lies in."""

    path: Path
    group: StoredGroup

    @property
    def capture(self) -> Capture:
        """Raises `RecordError` where the group tells of something else."""
        statement = self.group.statement
        if not isinstance(statement, Capture):
            raise RecordError("not a capture", where=Where(self.path, self.group.offset))
        return statement


@dataclass(frozen=True)
class Logged:
    """A group whose entry is in the log."""

    at: GroupAt
    proof: InclusionProof
    """In the package's checkpoint, or in that of a closed log."""

    @property
    def id(self) -> str:
        return self.at.group.id


@dataclass(frozen=True, kw_only=True)
class Exhibit:
    """A capture offered as evidence, with the groups that it leans on."""

    logged: Logged
    referred: GroupAt | None = None
    """The capture that holds the body of this one, a revisit; `None` where the archive lacks it."""
    circumstances: tuple[GroupAt, ...] = ()
    """Earlier groups of its crawl that hold the certificate chain and DNS answer it speaks of."""
    plan: Logged | None = None
    original_name: str = ""
    """What server or giver call the content."""
    file: str | None = None
    """Path of the content within the package; `None` where there is none."""

    @property
    def id(self) -> str:
        return self.logged.id

    @property
    def capture(self) -> Capture:
        return self.logged.at.capture

    @property
    def answer(self) -> Answer:
        """What came back, a revisit's made whole."""
        return Answer(self.logged.at.path, self.logged.at.group, self._find)

    def _find(self, record: str) -> tuple[Path, int, int] | None:
        if self.referred is None:
            return None
        for found in self.referred.group.records:
            if found.id == record:
                return self.referred.path, found.offset, found.length
        return None


@dataclass(frozen=True, kw_only=True)
class LogFacts:
    """A log as a package shows it: one signed checkpoint, and the keys that verify it."""

    checkpoint: bytes
    keys: tuple[Verifier, ...]


@dataclass(frozen=True, kw_only=True)
class Succession:
    """A log that took the place of another, which had lost what was signed (archive.evidence.succession)."""

    predecessor: str
    successor: str
    size: int
    """Of the last checkpoint of the predecessor that anybody saw."""
    root: str
    """Its root, in hex; empty where there was none."""
    lost: int
    """Entries that were signed and that the predecessor no longer held."""
    reason: str
    time: datetime


@dataclass(frozen=True, kw_only=True)
class StampFacts:
    """One authority's stamp of the package's checkpoint, as it is kept."""

    name: str
    url: str
    test: bool
    files: Mapping[str, bytes]
    """By ending: `tsr`, and where there are any `tsq`, `chain.pem`, `crl.pem`, `roots.pem`."""
    time: datetime | None = None
    """Which it tells; `None` where it could not be read."""
    verdict: Verdict = Verdict.NOT_CHECKED


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """A checkpoint that was stamped before the package's own, and what it covers that no earlier does.

    It tells of a time near the capture; the package's own is as old as the package.
    """

    checkpoint: Signed
    stamps: tuple[StampFacts, ...]
    proofs: Mapping[str, InclusionProof]
    """By the exhibit's id: its entry in this checkpoint."""

    @property
    def folder(self) -> str:
        said = self.checkpoint.checkpoint
        return f"timestamps/earlier/{said.size}-{said.root.hex()[:16]}"


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """The certification, on paper and for programs."""

    pdf: bytes
    json: bytes


@dataclass(frozen=True, kw_only=True)
class PackageFacts:
    """Everything that a package says. The same facts give the same bytes."""

    made: datetime
    software: str
    operator: str
    exhibits: tuple[Exhibit, ...]
    events: tuple[Logged, ...]
    """The custody of the exhibits, the fresh re-hash and this export included, the earliest first."""
    log: LogFacts
    closed: Mapping[int, LogFacts]
    """Closed logs in which an exhibit, plan or event lies, by their number."""
    policy: bytes
    """Which logs and cosigners count (C2SP tlog-policy)."""
    successions: tuple[Succession, ...] = ()
    stamps: tuple[StampFacts, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    certificate: Certificate | None = None
    recipient: str = ""
    purpose: str = ""

    @property
    def supporting(self) -> tuple[GroupAt, ...]:
        """The groups that exhibits lean on and that are no exhibits, each once."""
        offered = {exhibit.id for exhibit in self.exhibits}
        found: dict[str, GroupAt] = {}
        for exhibit in self.exhibits:
            for at in (*((exhibit.referred,) if exhibit.referred else ()), *exhibit.circumstances):
                if at.group.id not in offered:
                    found.setdefault(at.group.id, at)
        return tuple(found.values())
