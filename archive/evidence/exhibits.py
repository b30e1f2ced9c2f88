"""Section 4 of a certification: each exhibit, capture by capture, with what is not collected.

The labels are those of the Berkeley Protocol where it has one for the thing.
"""

from __future__ import annotations

from archive.digest import Absent, Layer
from archive.evidence.answers import TEST_AUTHORITY, first_outside_proof
from archive.evidence.certification import (
    Capture,
    ClockCheck,
    Cosignature,
    Exhibit,
    Fidelity,
    LogPlace,
    PackageFile,
    Stamp,
)
from archive.evidence.document import (
    Block,
    Fields,
    Row,
    Section,
    Style,
    Table,
    Value,
    code,
    digits,
    text,
)
from archive.evidence.spelling import gap, instant
from archive.evidence.wording import FIDELITIES
from archive.verdict import Verdict

SAME = {Verdict.PASSED: "equal", Verdict.FAILED: "different", Verdict.NOT_CHECKED: "not checked"}
VERIFIED = {
    Verdict.PASSED: "verified",
    Verdict.FAILED: "does not verify",
    Verdict.NOT_CHECKED: "not checked",
}


def exhibit_section(exhibit: Exhibit) -> Section:
    """One exhibit; where it has several captures, each is a part of its own."""
    if len(exhibit.captures) == 1:
        return Section(exhibit.label, _blocks(exhibit.captures[0]))
    parts = tuple(
        Section(f"Capture {number} of {len(exhibit.captures)}", _blocks(capture))
        for number, capture in enumerate(exhibit.captures, 1)
    )
    return Section(exhibit.label, (), parts)


def fidelity(capture: Capture) -> str:
    """How it came in. For `asserted`: from whom, when, and that nobody here saw its origin."""
    if capture.fidelity is not Fidelity.ASSERTED:
        return FIDELITIES[capture.fidelity]
    receipt = capture.receipt
    giver = (receipt and receipt.giver) or "somebody not named"
    told = f"asserted: received from {giver} on {instant(capture.recorded)}"
    if receipt and receipt.how:
        told += f" ({receipt.how})"
    if receipt and receipt.obtained:
        told += f"; said to have been obtained on {instant(receipt.obtained)}"
    return f"{told}; origin asserted, not observed"


def stamp_note(stamp: Stamp) -> str:
    note = VERIFIED[stamp.verdict]
    if stamp.test:
        return f"{note}; {TEST_AUTHORITY}"
    return f"{note}; claimed to be qualified" if stamp.claimed_qualified else note


def _blocks(capture: Capture) -> tuple[Block, ...]:
    return (
        Fields(_collection(capture), "Collection"),
        Fields(_times(capture), "Times"),
        Fields(_server(capture), "The server, as this system reached it"),
        Fields(_contents(capture), "What was kept"),
        Fields(_proofs(capture), "Proofs of time and place in the log"),
        *_custody(capture),
    )


def _collection(capture: Capture) -> tuple[Row, ...]:
    asserted = capture.fidelity is Fidelity.ASSERTED
    status = None if capture.status is None else f"{capture.status}"
    return (
        ("Target URL, as asserted" if asserted else "Target URL", code(capture.url)),
        ("Title", text(capture.title)),
        ("Capture", code(capture.id)),
        ("Fidelity", text(fidelity(capture))),
        ("Final outcome", text(capture.outcome)),
        ("Method", text(capture.method)),
        ("Status", text(status)),
        ("Collector", text(capture.operator)),
        ("Plan approved by", text(capture.approved_by)),
        ("Crawl plan in the log", _place(capture.plan)),
        ("IP of the collecting machine", code(capture.egress)),
        ("Virtual identity", code(capture.identity)),
    )


def _times(capture: Capture) -> tuple[Row, ...]:
    first = first_outside_proof(capture)
    recorded = "Received, by our clock" if _asserted(capture) else "Recorded, by our clock"
    proof = f"{instant(first.time)}, by {first.authority}" if first else None
    return (
        (recorded, text(instant(capture.recorded))),
        ("Clock offset", text(_clock(capture.clock))),
        ("First outside proof", text(proof)),
        ("Gap between the two", text(gap(first.time - capture.recorded) if first else None)),
    )


def _server(capture: Capture) -> tuple[Row, ...]:
    tls = capture.tls
    return (
        ("Host", code(capture.host)),
        ("IP address that answered", code(capture.ip)),
        ("DNS answers", code(*capture.dns)),
        ("TLS verdict", text(", ".join(tls.verdict) if tls else None)),
        ("TLS version, cipher", text(f"{tls.version}, {tls.cipher}" if tls else None)),
        ("TLS certificates (SHA-256)", digits(*(tls.chain if tls else ()))),
    )


def _contents(capture: Capture) -> tuple[Row, ...]:
    return (
        ("Source code: files in this package", tuple(v for f in capture.files for v in _file(f)) or text(None)),
        ("Full-page capture", text(capture.full_page)),
        ("Embedded media files", text(capture.embedded_media)),
        ("Embedded metadata", text(capture.embedded_metadata)),
        ("Contextual data", text(capture.context)),
        ("Hash of the block, as sent", _layer(capture.block)),
        ("Hash of the payload", _layer(capture.payload)),
        ("Hash of the content, as saved", _layer(capture.content)),
        ("Previous capture", code(capture.previous)),
    )  # fmt: skip


def _proofs(capture: Capture) -> tuple[Row, ...]:
    stamps = tuple(Value(_stamp(stamp)) for stamp in capture.stamps)
    cosigned = tuple(Value(_cosignature(one)) for one in capture.cosignatures)
    again = capture.rehash
    fresh = again and (
        f"{SAME[again.match]}; {instant(again.time)}, with {again.software}, by {again.operator}; "
        f"entry {_index(again.index)} of the log"
    )
    seconds = tuple(
        Value(f"{SAME[one.same]}: capture {one.capture} from {one.network}, {instant(one.time)}")
        for one in capture.corroborations
    )
    return (
        ("Place in the log", _place(capture.entry)),
        ("Time stamps", stamps or _none()),
        ("Countersignatures", cosigned or _none()),
        ("Fresh computation of the digests", text(fresh or None)),
        ("Second network", seconds or _none()),
    )


def _custody(capture: Capture) -> tuple[Block, ...]:
    if not capture.custody:
        return (Fields((("Events since", text(None)),), "Custody"),)
    rows = tuple(
        (
            Value(instant(event.time)),
            Value(event.type),
            Value(event.who),
            *text(event.outcome),
            Value(_index(event.index)),
        )
        for event in capture.custody
    )
    head = ("Custody: time", "Event", "By whom", "Outcome", "Log entry")
    return (Table(head, rows, (30, 20, 20, 18, 12)),)


def _place(place: LogPlace | None) -> tuple[Value, ...]:
    if place is None:
        return text(None)
    return (
        Value(f"entry {place.index} of {place.origin}; proof {VERIFIED[place.proof]}"),
        Value(f"under the checkpoint of size {place.checkpoint.size}"),
        *digits(place.checkpoint.root.hex(), note="root"),
    )


def _layer(layer: Layer | None) -> tuple[Value, ...]:
    if layer is None:
        return text(None)
    if isinstance(layer, Absent):
        return (Value(f"none: {layer.reason}", Style.ABSENT),)
    return (
        Value(f"{layer.length:,} bytes"),
        *digits(layer.sha256.hex(), note="SHA-256"),
        *digits(layer.blake3.hex(), note="BLAKE3"),
    )


def _file(file: PackageFile) -> tuple[Value, ...]:
    named = Value(file.name, Style.CODE, note=file.layer)
    if file.original_name is None:
        return (named,)
    return (named, Value(file.original_name, Style.CODE, note="its original name"))


def _stamp(stamp: Stamp) -> str:
    return f"{stamp.authority}, {instant(stamp.time)}: {stamp_note(stamp)}"


def _cosignature(one: Cosignature) -> str:
    when = f", {instant(one.time)}" if one.time else ""
    note = "; test cosigner, proves nothing" if one.test else ""
    return f"{one.cosigner}{when}: {VERIFIED[one.verdict]}{note}"


def _clock(check: ClockCheck | None) -> str | None:
    if check is None:
        return None
    way = "behind" if check.offset < 0 else "ahead of"
    size = abs(check.offset)
    return f"{size // 1000}.{size % 1000:03} ms {way} {check.source}, measured {instant(check.measured)}"


def _index(index: int | None) -> str:
    return "not logged" if index is None else str(index)


def _none() -> tuple[Value, ...]:
    return (Value("none", Style.ABSENT),)


def _asserted(capture: Capture) -> bool:
    return capture.fidelity is Fidelity.ASSERTED
