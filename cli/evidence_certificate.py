"""The certification of a package: what the facts say, turned into the fields of its template.

Nothing is answered that no fact answers: what was not collected stays `None`, and is printed as that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

from archive.errors import UsageError
from archive.evidence import certification as told
from archive.evidence.certification import Certification, Fidelity
from archive.evidence.checkpoint import Checkpoint
from archive.evidence.note import Note
from archive.evidence.pdf import certification_json, certification_pdf, system_fonts
from archive.evidence.policy import Policy
from archive.evidence.seal import Seal, sign_pdf
from archive.ident import printed
from archive.package.facts import Certificate, Exhibit, GroupAt, Logged, PackageFacts, Succession
from archive.reader import read_record
from archive.statement import Capture, Crawl, Event
from archive.times import from_text
from archive.verdict import Verdict
from catalog.fixity import FIXITY_CHECK
from cli.certifier import Certifier
from cli.context import Archive
from cli.outside_time import clock_measure

LIBRARIES = ("scrapy", "cryptography", "blake3", "rfc8785", "rfc3161-client", "typst")
"""What did the work that a certification speaks of, beside this program."""


@dataclass(frozen=True)
class Certifying:
    """What a certification is made out of."""

    archive: Archive
    facts: PackageFacts
    certifier: Certifier

    def certificate(self, template: str, seal: Seal | None) -> Certificate:
        """The certification of a package whose captures were all computed afresh and hold."""
        stated = _certification(self)
        pdf = certification_pdf(stated, template, system_fonts())
        if seal is not None:
            made = self.facts.made
            pdf = sign_pdf(pdf, seal, made, reason="Certification of an evidence package")
        return Certificate(pdf=pdf, json=certification_json(stated))


def _certification(of: Certifying) -> Certification:
    facts, certifier = of.facts, of.certifier
    origin = Checkpoint.parse(Note.parse(facts.log.checkpoint).text).origin
    return Certification(
        archive=origin,
        operator=facts.operator,
        made=facts.made,
        system=told.System(
            software=facts.software,
            configuration=_configuration(facts),
            libraries=tuple(_libraries()),
        ),
        exhibits=tuple(
            told.Exhibit(label=f"Exhibit {number}", captures=(_capture(exhibit, of),))
            for number, exhibit in enumerate(facts.exhibits, 1)
        ),
        person=certifier.person,
        case=certifier.case,
        origins=(origin,),
        successions=tuple(map(_succession, facts.successions)),
        keys=tuple(_keys(facts)),
    )


def _keys(facts: PackageFacts) -> Iterator[told.Key]:
    """The keys of the log and of its cosigners, to be compared with what their owners publish."""
    cosigners = (each.verifier for each in Policy.parse(facts.policy).cosigners)
    for use, keys in (("log", facts.log.keys), ("cosigner", cosigners)):
        for key in keys:
            fingerprint = hashlib.sha256(key.public_key).hexdigest()
            yield told.Key(owner=key.name, use=use, fingerprint=fingerprint)


def _capture(exhibit: Exhibit, of: Certifying) -> told.Capture:
    capture, facts = exhibit.capture, of.facts
    digests, crawl = capture.digests, _crawl(exhibit)
    return told.Capture(
        id=printed(exhibit.id),
        url=capture.url,
        outcome=capture.outcome,
        fidelity=Fidelity(capture.fidelity),
        recorded=_recorded(exhibit.logged.at),
        clock=_clock(of.archive, exhibit.logged.at),
        receipt=_receipt(capture.asserted) if capture.asserted is not None else None,
        status=capture.status,
        entry=_place(exhibit.logged),
        plan=_place(exhibit.plan) if exhibit.plan else None,
        approved_by=crawl.approved_by if crawl else None,
        operator=capture.operator,
        block=digests.block if digests else None,
        payload=digests.payload if digests else None,
        content=digests.content if digests else None,
        previous=printed(capture.previous) if capture.previous else None,
        files=tuple(_files(exhibit)),
        stamps=tuple(_stamps(exhibit, facts)),
        cosignatures=tuple(_cosignatures(exhibit, facts)),
        rehash=_rehash(exhibit, facts),
        custody=tuple(_custody(facts, exhibit)),
        **(_exchange(capture) if capture.fidelity == Fidelity.WIRE else {}),
    )


def _exchange(capture: Capture) -> dict[str, Any]:
    """What is known of a connection, of which there was none where somebody handed a file over."""
    tls = capture.tls
    return {
        "method": capture.method,
        "host": urlsplit(capture.url).hostname,
        "ip": capture.ip,
        "dns": capture.dns,
        "egress": capture.local,
        "identity": capture.identity,
        "tls": told.Tls(
            verdict=tls.verdict, version=tls.version, cipher=tls.cipher, chain=tls.chain
        )
        if tls
        else None,
    }


def _recorded(at: GroupAt) -> datetime:
    """When our clock says that the group was made: for an asserted capture, when it was received."""
    told_by = read_record(at.path, at.group.metadata.offset, at.group.metadata.length)
    return from_text(told_by.header("WARC-Date") or "")


def _clock(archive: Archive, at: GroupAt) -> told.ClockCheck | None:
    """What a time server had said of the clock by which it was recorded."""
    found = clock_measure(archive, _recorded(at))
    if found is None:
        return None
    return told.ClockCheck(source=found.server, offset=1000 * found.ahead, measured=found.measured)


def _receipt(asserted: dict[str, Any]) -> told.Receipt:
    """What its giver said, who alone can answer for it."""
    try:
        obtained = from_text(str(asserted.get("obtained_on", "")))
    except UsageError:
        obtained = None
    return told.Receipt(
        giver=asserted.get("obtained_by"), obtained=obtained, how=asserted.get("how")
    )


def _place(logged: Logged) -> told.LogPlace:
    """The proof was verified when it was made, or there would be no package."""
    checkpoint = Checkpoint.parse(Note.parse(logged.proof.checkpoint).text)
    return told.LogPlace(
        origin=checkpoint.origin,
        index=logged.proof.index,
        checkpoint=told.Checkpoint(size=checkpoint.size, root=checkpoint.root),
        proof=Verdict.PASSED,
    )


def _stamps(exhibit: Exhibit, facts: PackageFacts) -> Iterator[told.Stamp]:
    """The stamps over checkpoints that cover it: those before the package, and the package's own."""
    found = [stamp for each in facts.earlier if exhibit.id in each.proofs for stamp in each.stamps]
    if exhibit.logged.proof.checkpoint == facts.log.checkpoint:
        found += facts.stamps
    for stamp in found:
        if stamp.time is not None:
            yield told.Stamp(
                authority=stamp.name, time=stamp.time, verdict=stamp.verdict, test=stamp.test
            )


def _cosignatures(exhibit: Exhibit, facts: PackageFacts) -> Iterator[told.Cosignature]:
    """The lines of known cosigners under the package's checkpoint, each verified."""
    if exhibit.logged.proof.checkpoint == facts.log.checkpoint:
        for name, seconds in Policy.parse(facts.policy).judge(facts.log.checkpoint).cosigners:
            time = datetime.fromtimestamp(seconds, UTC)
            yield told.Cosignature(cosigner=name, time=time, verdict=Verdict.PASSED)


def _files(exhibit: Exhibit) -> Iterator[told.PackageFile]:
    if exhibit.file is not None:
        yield told.PackageFile(
            name=exhibit.file, layer="content", original_name=exhibit.original_name or None
        )
    yield told.PackageFile(name="data/warc/excerpt.warc", layer="record")


def _rehash(exhibit: Exhibit, facts: PackageFacts) -> told.Rehash | None:
    """The last event that says that this capture's digests were computed anew."""
    found = None
    for logged in facts.events:
        event = _event(logged)
        if event.type == FIXITY_CHECK and exhibit.id in event.objects and event.outcome:
            found = told.Rehash(
                time=event.time,
                software=event.software,
                operator=event.operator,
                index=logged.proof.index,
                match=Verdict(event.outcome),
            )
    return found


def _custody(facts: PackageFacts, exhibit: Exhibit) -> Iterator[told.CustodyEvent]:
    about = {exhibit.id, exhibit.logged.at.group.file}
    for logged in facts.events:
        event = _event(logged)
        if about & set(event.objects) or logged.id == exhibit.capture.import_:
            yield told.CustodyEvent(
                time=event.time,
                type=event.type,
                who=event.operator,
                outcome=event.outcome,
                index=logged.proof.index,
            )


def _event(logged: Logged) -> Event:
    statement = logged.at.group.statement
    assert isinstance(statement, Event), "custody is made of events"
    return statement


def _crawl(exhibit: Exhibit) -> Crawl | None:
    statement = exhibit.plan.at.group.statement if exhibit.plan else None
    return statement if isinstance(statement, Crawl) else None


def _succession(succession: Succession) -> told.Succession:
    return told.Succession(
        predecessor=succession.predecessor,
        successor=succession.successor,
        last_seen=told.Checkpoint(size=succession.size, root=bytes.fromhex(succession.root)),
        reason=succession.reason,
        time=succession.time,
    )


def _configuration(facts: PackageFacts) -> str | None:
    """The settings by which all exhibits were captured, where they are the same."""
    named = {exhibit.capture.configuration for exhibit in facts.exhibits}
    return named.pop() if len(named) == 1 else None


def _libraries() -> Iterator[str]:
    for name in LIBRARIES:
        yield f"{name} {version(name)}"
