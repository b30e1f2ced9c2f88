"""Facts for certifications: one capture with every proof, one with none, one handed over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from archive.digest import Absent, Digests
from archive.evidence.certification import (
    Capture,
    Certification,
    Checkpoint,
    ClockCheck,
    Corroboration,
    Cosignature,
    CustodyEvent,
    Exhibit,
    Fidelity,
    Key,
    LogPlace,
    PackageFile,
    Person,
    Receipt,
    Rehash,
    Stamp,
    Succession,
    System,
    Tls,
)
from archive.verdict import Verdict

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
PASSED = Verdict.PASSED
ORIGIN = "log.example.org/ministries"
CHECKPOINT = Checkpoint(size=70_211, root=bytes(range(32)))
STAMP = Stamp(authority="Stamps of Example AG", time=NOW + timedelta(seconds=252), verdict=PASSED)
PLACE = LogPlace(origin=ORIGIN, index=70_001, checkpoint=CHECKPOINT, proof=PASSED)
COSIGNED = Cosignature(cosigner="cosigner.example.net", time=NOW, verdict=PASSED)
REHASH = Rehash(
    time=NOW + timedelta(days=30),
    software="muniment 0.3",
    operator="Ada Archivist",
    index=71_000,
    match=PASSED,
)
SECOND = Corroboration(capture="7f3k-2m9q", time=NOW, network="AS64501, second office", same=PASSED)

BARE = Capture(
    id="9q2v-8kt1",
    url="https://www.moe.gov.cn/notice.html",
    outcome="content",
    fidelity=Fidelity.WIRE,
    recorded=NOW,
)
PROVEN = replace(
    BARE,
    url="https://www.moe.gov.cn/srcsite/A16/s3342/202601/t20260102_1161035.html?from=教育部",
    title="教育部关于印发《职业教育》的通知",
    method="GET",
    status=200,
    clock=ClockCheck(source="ntp.example.org", offset=-1_250, measured=NOW),
    stamps=(STAMP,),
    cosignatures=(COSIGNED,),
    host="www.moe.gov.cn",
    ip="192.0.2.17",
    dns=("www.moe.gov.cn A 192.0.2.17", "www.moe.gov.cn A 192.0.2.18"),
    tls=Tls(
        verdict=("valid",),
        version="TLSv1.3",
        cipher="TLS_AES_256_GCM_SHA384",
        chain=("ab" * 32, "cd" * 32),
    ),
    egress="198.51.100.4 (AS64500)",
    identity="Mozilla/5.0 (compatible; muniment/0.3; +https://archive.example.org/bot)",
    operator="Ada Archivist",
    approved_by="Head of Collections",
    plan=replace(PLACE, index=69_990),
    block=Digests.of(b"HTTP/1.1 200 OK\r\n\r\nhello"),
    payload=Digests.of(b"hello"),
    content=Absent("undecodable"),
    entry=PLACE,
    files=(
        PackageFile(
            name="data/files/1-notice.html", layer="content", original_name="通知 (1).html"
        ),
        PackageFile(name="data/warc/excerpt.warc.gz", layer="record"),
    ),
    previous="4c1h-0aa2",
    rehash=REHASH,
    custody=(
        CustodyEvent(
            time=NOW + timedelta(days=3),
            type="fixity check",
            who="Ada Archivist",
            outcome="passed",
            index=70_500,
        ),
        CustodyEvent(time=NOW + timedelta(days=30), type="export", who="Ada Archivist"),
    ),
    corroborations=(SECOND,),
)
HANDED = Capture(
    id="2zz1-77ab",
    url="https://www.moe.gov.cn/old/annex.doc",
    outcome="content",
    fidelity=Fidelity.ASSERTED,
    recorded=NOW,
    receipt=Receipt(giver="Dr. R. Searcher", obtained=NOW - timedelta(days=1500), how="USB disk"),
    payload=Digests.of(b"annex"),
)
PERSON = Person(
    name="Grace Keeper",
    title="Digital archivist",
    employer="Example University Library",
    qualifications="Twelve years of web archiving; operates this system since 2024.",
    basis="Personal knowledge of the system, and examination of its records on 1 February 2026.",
)


def certification(*captures: Capture, **more: Any) -> Certification:
    """A certification over an exhibit for each capture."""
    exhibits = tuple(
        Exhibit(label=f"Exhibit {number}", captures=(capture,))
        for number, capture in enumerate(captures or (PROVEN,), 1)
    )
    facts: dict[str, Any] = {
        "archive": "Ministries of Education",
        "operator": "Example University Library",
        "made": NOW + timedelta(days=30, hours=1),
        "system": System(
            software="muniment 0.3",
            configuration="sha256:" + "5e" * 32,
            libraries=("scrapy 2.19.0", "cryptography 50.0.2", "typst 0.15.2"),
            validation=(
                "its own tests: 1,204 passed",
                "OpenSSL 3.0.19 over this package: verified",
            ),
        ),
        "exhibits": exhibits,
        "person": PERSON,
        "origins": (ORIGIN,),
        "keys": (Key(owner="Example University Library", use="log", fingerprint="1f" * 32),),
        "successions": (
            Succession(
                predecessor=ORIGIN + "/1",
                successor=ORIGIN,
                last_seen=CHECKPOINT,
                reason="restored from a backup that lacked 12 entries",
                time=NOW,
            ),
        ),
    }
    return Certification(**{**facts, **more})
