"""Gathering what an evidence package says: out of the catalog, the logs and the time stamps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from archive.errors import DamagedError, UncheckedError, Where
from archive.evidence.log import Log, Signed, all_logs
from archive.evidence.policy import KnownCosigner, KnownLog, Policy
from archive.evidence.succession import SUCCESSION
from archive.package.content import NOT_MODIFIED, named
from archive.package.facts import Exhibit, GroupAt, LogFacts, Logged, Succession
from archive.reader import groups
from archive.statement import Capture as CaptureStatement
from catalog.custody import (
    capture_referred_to,
    crawl_of,
    event_by_id,
    events,
    events_about,
    with_circumstances,
)
from catalog.holdings import Capture
from catalog.premis import Event
from cli.context import Archive
from cli.cosigning import cosigner_key
from crawler.archiving import chain_uri


@dataclass
class Places:
    """Where groups stand in the logs of an archive."""

    logs: Sequence[Log]
    """The closed ones, and the current one at last."""
    closed: dict[int, LogFacts] = field(default_factory=dict)
    """The closed logs that a proof leads to, by number."""

    @property
    def current(self) -> Log:
        return self.logs[-1]

    def indexes(self, groups: Iterable[GroupAt]) -> Iterator[int]:
        """The places of those that are in the current log."""
        for at in groups:
            index = self.current.index_of(at.group.file, at.group.offset, at.group.entry)
            if index is not None:
                yield index

    def logged(self, at: GroupAt, signed: Signed) -> Logged:
        """The group with its proof, verified: in `signed`, or in the checkpoint of a closed log.

        Raises `UncheckedError` where no log holds it, `NoteError` and `ProofError` for a false one.
        """
        for number, log in reversed(list(enumerate(self.logs, 1))):
            if log.head is None:
                continue
            index = log.index_of(at.group.file, at.group.offset, at.group.entry)
            if index is None:
                continue
            checkpoint = signed if log is self.current else log.signed()
            if checkpoint is None or checkpoint.checkpoint.size <= index:
                break
            proof = log.proof(index, checkpoint)
            proof.verify(at.group.entry, log.ring.verifiers())
            if log is not self.current:
                facts = LogFacts(checkpoint=checkpoint.data, keys=log.ring.verifiers())
                self.closed.setdefault(number, facts)
            return Logged(at, proof)
        raise UncheckedError(
            "not in a signed log, so nothing can be proved of it",
            where=Where(at.path.name, at.group.offset),
            advice="`muniment doctor` says what is wrong with the log",
        )


@dataclass
class Gathering:
    """The exhibits of one package and all that they lean on, read once."""

    archive: Archive
    captures: list[Capture]
    _read: dict[tuple[str, int], GroupAt] = field(default_factory=dict)
    _of_crawl: dict[str, list[Capture]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """A capture that says no more than "not modified" brings the one that it speaks of."""
        for capture in self.captures:  # which grows: that one may be a revisit again
            if capture.outcome == NOT_MODIFIED:
                referred = self.referred(capture)
                if referred and referred.id not in {each.id for each in self.captures}:
                    self.captures.append(referred)

    @cached_property
    def groups(self) -> dict[str, GroupAt]:
        """The groups of the exhibits, by id."""
        return {capture.id: self.at(capture.file, capture.offset) for capture in self.captures}

    @cached_property
    def supporting(self) -> dict[str, Capture]:
        """Captures that exhibits lean on without being exhibits, by id."""
        found = {}
        for capture in self.captures:
            for leant_on in (self.referred(capture), *self.circumstances(capture)):
                if leant_on is not None and leant_on.id not in self.groups:
                    found[leant_on.id] = leant_on
        return found

    def at(self, file: str, offset: int) -> GroupAt:
        """The group at a place. Raises `RecordError` where there is none."""
        if (file, offset) not in self._read:
            path = self.archive.root.warc / file
            self._read[file, offset] = GroupAt(path, next(groups(path, offset)))
        return self._read[file, offset]

    def referred(self, capture: Capture) -> Capture | None:
        if capture.revisit_of is None:
            return None
        return capture_referred_to(self.archive.engine, capture)

    def circumstances(self, capture: Capture) -> list[Capture]:
        """Where the chain and the DNS answer of a capture lie, if not in its own group."""
        statement = self.groups[capture.id].capture
        found = []
        for uri in _speaks_of(statement):
            if uri in _uris(self.groups[capture.id]):
                continue
            earlier = (each for each in self._candidates(capture) if each.time <= capture.time)
            match = next((each for each in earlier if self._holds(each, uri, statement)), None)
            if match is not None and match not in found:
                found.append(match)
        return found

    def _candidates(self, capture: Capture) -> list[Capture]:
        """Captures of its crawl that hold a chain or a DNS answer, the latest first."""
        crawl = capture.crawl_id
        if crawl is None:
            return []
        if crawl not in self._of_crawl:
            self._of_crawl[crawl] = with_circumstances(self.archive.engine, crawl)
        return self._of_crawl[crawl]

    def _holds(self, candidate: Capture, uri: str, statement: CaptureStatement) -> bool:
        at = self.at(candidate.file, candidate.offset)
        if uri not in _uris(at):
            return False
        return not uri.startswith("dns:") or set(at.capture.dns) == set(statement.dns)

    def exhibits(self, places: Places, signed: Signed) -> tuple[Exhibit, ...]:
        """Raises `DamagedError` where a group, a plan or a proof is not what it must be."""
        return named([self._exhibit(capture, places, signed) for capture in self.captures])

    def _exhibit(self, capture: Capture, places: Places, signed: Signed) -> Exhibit:
        referred = self.referred(capture)
        return Exhibit(
            logged=places.logged(self.groups[capture.id], signed),
            referred=self.at(referred.file, referred.offset) if referred else None,
            circumstances=tuple(
                self.at(each.file, each.offset) for each in self.circumstances(capture)
            ),
            plan=self._plan(capture, places, signed),
        )

    def _plan(self, capture: Capture, places: Places, signed: Signed) -> Logged | None:
        """The plan that the capture's statement names by its entry."""
        named_by = self.groups[capture.id].capture.plan
        crawl = crawl_of(self.archive.engine, capture)
        if named_by is None or crawl is None or crawl.file is None or crawl.offset is None:
            return None
        plan = self.at(crawl.file, crawl.offset)
        if plan.group.entry.hex() != named_by:
            where = Where(plan.path.name, plan.group.offset)
            raise DamagedError("the plan of a crawl is not the one its captures name", where=where)
        return places.logged(plan, signed)

    def events(self) -> Iterator[GroupAt]:
        """What is known of the exhibits and their files, the earliest first.

        An event that names files of others as well, such as a check of the whole archive, is left
        out: a package must not tell what else is watched.
        """
        about = [capture.id for capture in self.captures]
        about += sorted({capture.file for capture in self.captures})
        found = {event.id: event for event in events_about(self.archive.engine, *about)}
        for import_id in {capture.import_id for capture in self.captures} - {None}:
            event = event_by_id(self.archive.engine, str(import_id))
            if event is not None:
                found[event.id] = event
        own = {capture.file for capture in self.captures}
        for event in sorted(found.values(), key=_when):
            at = self.at(event.file, event.offset)
            if _files_named(at) <= own:
                yield at


def successions(archive: Archive) -> tuple[Succession, ...]:
    """How each log of this archive took the place of another, the earliest first."""
    return tuple(
        Succession(
            predecessor=str(event.detail["predecessor"]),
            successor=str(event.detail["successor"]),
            size=int(event.detail["signed"]),
            root=str(event.detail["signed_root"] or ""),
            lost=int(event.detail["lost"]),
            reason=str(event.detail["reason"]),
            time=event.time,
        )
        for event in events(archive.engine, SUCCESSION)
    )


def policy_of(archive: Archive, log: LogFacts) -> Policy:
    """The log's keys and the cosigners that this archive asks; how many of them it takes is the
    reader's to say.
    """
    keys = [cosigner_key(archive, told) for told in archive.config.cosigner]
    return Policy.of(map(KnownLog, log.keys), [KnownCosigner(key.name, key) for key in keys])


def places_of(archive: Archive) -> Places:
    """The logs as they are now."""
    return Places(all_logs(archive.root))


def _speaks_of(statement: CaptureStatement) -> Iterator[str]:
    """The URIs of the records that tell of a capture's connection."""
    if statement.tls and statement.tls.chain:
        yield chain_uri(statement.tls.chain)
    host = urlsplit(statement.url).hostname
    if statement.dns and host:
        yield f"dns:{host}"


def _uris(at: GroupAt) -> set[str | None]:
    return {record.uri for record in at.group.records if record.type == "resource"}


def _files_named(at: GroupAt) -> set[str]:
    """The WARC files that an event speaks of."""
    return {name for name in at.group.raw.get("objects", ()) if name.endswith(".warc.gz")}


def _when(event: Event) -> tuple[Any, str]:
    return event.time, event.id
