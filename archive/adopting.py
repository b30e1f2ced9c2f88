"""Records of foreign archives as groups of ours.

A sound WARC 1.x record becomes a member as it is, header and block. Any other (ARC, HAR, WARC 0.x, a
damaged one) has its header kept in a `resource` of its own, and its block in a record of ours: both
exact. Each answer is a capture, with the requests and metadata that belong to it; the rest
goes into event groups, and so does the verdict on the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from archive.asserting import ImportOrder, safe_name
from archive.bundle import file_checks, records
from archive.errors import DamagedError, UncheckedError
from archive.foreign import ForeignRecord, instant
from archive.foreign_capture import begins_http, capture_of
from archive.group import Group
from archive.ident import ident
from archive.judge import FileVerdict, RecordVerdict, Seen, judge_record
from archive.statement import Event
from archive.verdict import Check, Verdict
from archive.warc import CHUNK, AnyRecord, RawRecord, resource, response

ANSWERS = frozenset({"response", "resource", "revisit", "conversion", "entry"})
NO_PAGES = ("urn:", "dns:", "metadata:", "warcinfo:", "filedesc:")
"""URIs of resources that tell about a crawl and are no answer of a site."""
WAITING = 64
"""Records without an answer that wait for theirs, at most."""


def adopt(path: Path, name: str, order: ImportOrder, spool: Path) -> Iterator[Group]:
    """The groups of an archive file, and at last an event group with the verdict on the file.

    Damage ends the file where it begins; what comes before it is kept, and the verdict says so.
    """
    verdict = FileVerdict(safe_name(name))
    adoption = _Adoption(verdict.file, order)
    seen = Seen()
    try:
        verdict.checks.extend(file_checks(path))
        for record in records(path, spool):
            verdict.format = record.format
            judged = judge_record(record, seen)
            verdict.add(judged)
            yield from adoption.take(record, judged)
    except DamagedError as error:
        verdict.checks.append(Check("container", Verdict.FAILED, str(error)))
    except UncheckedError as error:
        verdict.checks.append(Check("format", Verdict.NOT_CHECKED, error.what))
    yield from adoption.rest()
    yield Group(_file_event(path, verdict, order))


class _Adoption:
    """Puts the records of a file into groups, as they come.

    What belongs to an answer stands next to it in real files, before or after; so one answer and a
    few records wait. A block on disk does not last, so its record never waits.
    """

    def __init__(self, file: str, order: ImportOrder) -> None:
        self._file, self._order = file, order
        self._answer: tuple[ForeignRecord, RecordVerdict] | None = None
        self._with: list[ForeignRecord] = []
        self._waiting: list[ForeignRecord] = []

    def take(self, record: ForeignRecord, judged: RecordVerdict) -> Iterator[Group]:
        spooled = not isinstance(record.block, bytes)
        if record.type in ANSWERS and not record.uri.startswith(NO_PAGES):
            yield from self._finish()
            waiting, self._waiting = self._waiting, []
            self._with = [other for other in waiting if _belongs(other, record)]
            yield from self._others([other for other in waiting if other not in self._with])
            self._answer = record, judged
            if spooled:
                yield from self._finish()
        elif self._answer and not spooled and _belongs(record, self._answer[0]):
            self._with.append(record)
        else:
            self._waiting.append(record)
            if spooled or len(self._waiting) >= WAITING:
                yield from self._others(self._waiting)
                self._waiting = []

    def rest(self) -> Iterator[Group]:
        """The groups of all that still waits."""
        yield from self._finish()
        yield from self._others(self._waiting)
        self._waiting = []

    def _finish(self) -> Iterator[Group]:
        if self._answer is None:
            return
        (record, judged), others = self._answer, self._with
        self._answer, self._with = None, []
        capture = capture_of(record, judged, others, self._file, self._order)
        held = [kept for other in (*others, record) for kept in _kept(other, capture.time)]
        yield Group(capture, tuple(held), date=self._order.clock())

    def _others(self, others: list[ForeignRecord]) -> Iterator[Group]:
        if not others:
            return
        now = self._order.clock()
        told = {"import": self._order.event, "file": self._file}
        event = Event(
            type="import of other records",
            time=now,
            operator=self._order.operator,
            software=self._order.software,
            detail=told,
            objects=tuple(other.id for other in others if other.id),
        )
        held = [kept for other in others for kept in _kept(other, instant(other.date) or now)]
        yield Group(event, tuple(held), date=now)


def _belongs(other: ForeignRecord, answer: ForeignRecord) -> bool:
    """Whether a record tells of this answer: by the ids it names, or for want of any by its URI."""
    named = _named(other)
    if named or other.id in _named(answer):
        return answer.id in named or other.id in _named(answer) or bool(named & _named(answer))
    return bool(other.uri) and other.uri == answer.uri


def _named(record: ForeignRecord) -> set[str]:
    names = (
        {"warc-concurrent-to", "warc-refers-to"}
        if record.type != "revisit"
        else {"warc-concurrent-to"}
    )
    return {value.strip("<> ") for name, value in record.headers if name.lower() in names}


def _kept(record: ForeignRecord, date: datetime) -> tuple[AnyRecord, ...]:
    """The record byte for byte: as a member, or its header and its block as one each."""
    if _sound(record):
        return (RawRecord(record.type, record.id, record.uri or None, record.head, record.block),)
    name = f"urn:muniment:foreign-header:{ident(record.file, str(record.offset))}"
    media = "application/json" if record.format.startswith("HAR") else "text/plain"
    head = resource(name, date, record.head, media)
    if record.type == "entry":
        return (head,)
    url = record.uri or name.replace("header", "block")
    if record.type == "response" and begins_http(record):
        return head, response(url, date, record.block, concurrent_to=[head.id])
    said = record.get("Content-Type") or "application/octet-stream"
    return head, resource(url, date, record.block, said, concurrent_to=[head.id])


def _sound(record: ForeignRecord) -> bool:
    """Whether every reader can step over it: WARC 1.x, whole, as long as it says, plainly written."""
    spoilt = any(fault.layer in {"structure", "content-length"} for fault in record.faults)
    names = [name for name, _ in record.headers]
    plain = names.count("WARC-Type") == names.count("Content-Length") == 1
    try:
        record.head.decode()
    except UnicodeDecodeError:
        return False
    first = record.head.startswith((b"WARC/1.0\r\n", b"WARC/1.1\r\n"))
    return (
        first
        and plain
        and not spoilt
        and bool(record.id)
        and ("WARC-Type", record.type) in record.headers
    )


def _file_event(path: Path, verdict: FileVerdict, order: ImportOrder) -> Event:
    hasher = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            hasher.update(piece)
    detail = {
        "import": order.event,
        "file": verdict.file,
        "sha256": hasher.hexdigest(),
        "format": verdict.format,
        "records": verdict.records,
        "layers": {layer: dict(counts) for layer, counts in verdict.layers.items()},
        "failed": [f"{c.layer}: {c.reason}" for c in verdict.checks if c.verdict != "passed"],
    }
    return Event(
        type="validation",
        time=order.clock(),
        operator=order.operator,
        software=order.software,
        outcome=str(verdict.verdict),
        detail=detail,
    )
