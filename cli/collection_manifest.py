"""The list of a collection: made, frozen into a record, and checked again."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from archive.errors import DamagedError, RecordError
from archive.evidence.leaf import canonical
from archive.fixity import Depth
from archive.ident import printed, typed
from archive.reader import groups, read_record
from archive.times import to_text
from archive.verdict import Verdict
from archive.warc import chunks
from catalog.collections import Collection, Member, captures_in
from catalog.custody import event_by_id
from catalog.documents import title_of
from catalog.holdings import Capture
from catalog.queries import capture_by_id, latest
from catalog.resolve import CAPTURE
from cli.context import Archive
from cli.output import moment, number, progress, write_fields, write_json, write_line
from cli.proofs import group_of
from cli.verify_held import check_capture

FORMAT = "muniment collection 1"
COLUMNS = (
    "id",
    "url",
    "time",
    "title",
    "sha256",
    "blake3",
    "length",
    "document",
    "version",
    "entry",
)


@dataclass(frozen=True)
class Manifest:
    """The list as bytes (canonical JSON, RFC 8785), so that one list has one digest."""

    data: bytes

    @cached_property
    def told(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.data)
        return found

    @property
    def members(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.told["members"]
        return listed

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.data).digest()

    @property
    def fixed(self) -> list[Member]:
        """The members as the capture of one version each."""
        return [
            Member(
                id=typed(one["id"]),
                kind=CAPTURE,
                document=typed(one["document"]),
                version=typed(one["version"]),
                capture=typed(one["id"]),
            )
            for one in self.members
        ]


def make_manifest(archive: Archive, collection: Collection) -> Manifest:
    """The list as of now. Raises `DamagedError` where a member cannot be read."""
    listed = []
    for capture in {one.id: one for one in captures_in(archive.engine, collection)}.values():
        assert capture.content_sha256
        assert capture.content_blake3
        assert capture.version_id
        listed.append(
            {
                "id": printed(capture.id),
                "document": printed(capture.document_id or ""),
                "version": printed(capture.version_id),
                "url": capture.url,
                "time": to_text(capture.time),
                "sha256": capture.content_sha256.hex(),
                "blake3": capture.content_blake3.hex(),
                "length": capture.content_length,
                "title": title_of(archive.engine, capture.version_id),
                "entry": group_of(archive, capture).entry.hex(),
            }
        )
    listed.sort(key=lambda one: str(one["id"]))
    told = {"format": FORMAT, "collection": collection.name, "members": listed}
    return Manifest(canonical(told)[0])


def manifest_of(archive: Archive, collection: Collection) -> Manifest:
    """The frozen list, read out of its record; of a collection that is still open, as of now.

    Raises `DamagedError` where the record is not the one that was frozen.
    """
    if collection.freeze_id is None:
        return make_manifest(archive, collection)
    event = event_by_id(archive.engine, collection.freeze_id)
    if event is None:
        raise DamagedError(
            "the record that froze the collection is missing", advice="see `muniment doctor`"
        )
    path = archive.root.warc / event.file
    group = next(groups(path, event.offset))
    for record in group.records[1:]:
        if record.uri == f"urn:muniment:collection:{collection.id}":
            found = Manifest(
                b"".join(chunks(read_record(path, record.offset, record.length).block))
            )
            if found.sha256 == collection.manifest_sha256:
                return found
    raise RecordError(
        "the frozen list of the collection differs from its digest", where=group.where
    )


def check_manifest(archive: Archive, collection: Collection, *, as_json: bool) -> Verdict:
    """Check the list and every member of it, and tell what changed at the source since."""
    manifest = manifest_of(archive, collection)
    if not as_json:
        write_fields(_head(collection, manifest))
    verdicts: Counter[str] = Counter()
    since: Counter[str] = Counter()
    with progress("checking members", len(manifest.members)) as advance:
        for count, told in enumerate(manifest.members, 1):
            verdict, failures, later = _check_member(archive, told)
            verdicts[verdict.value] += 1
            since[later.partition(" on ")[0]] += 1
            if as_json:
                write_json({**told, "verdict": verdict.value, "since": later, "failures": failures})
            elif verdict is not Verdict.PASSED or later != UNCHANGED:
                write_line(f"{told['id']}  {told['url']}: {verdict.value}; {later}")
                for failure in failures:
                    write_line(f"    {failure}")
            advance(count)
    if not as_json:
        write_fields(_foot(verdicts, since))
    if verdicts[Verdict.FAILED.value]:
        return Verdict.FAILED
    return Verdict.NOT_CHECKED if verdicts[Verdict.NOT_CHECKED.value] else Verdict.PASSED


UNCHANGED = "not seen otherwise since"


def _check_member(archive: Archive, told: dict[str, Any]) -> tuple[Verdict, list[str], str]:
    """Whether a member is what the list says, and what its URL was last seen as."""
    capture = capture_by_id(archive.engine, told["id"])
    found = check_capture(archive, capture, Depth.STORED)
    failures = [str(failure.reason or failure.layer) for failure in found.failures]
    for name, value in (
        ("url", capture.url),
        ("time", to_text(capture.time)),
        ("sha256", (capture.content_sha256 or b"").hex()),
        ("blake3", (capture.content_blake3 or b"").hex()),
        ("entry", group_of(archive, capture).entry.hex()),
    ):
        if told[name] != value:
            failures.append(f"{name}: the list says {told[name]}, the archive {value}")
    verdict = Verdict.FAILED if failures else found.verdict
    return verdict, failures, _since(archive, capture)


def _since(archive: Archive, capture: Capture) -> str:
    last = latest(archive.engine, capture.url)
    if last is None or last.time <= capture.time or last.version_id == capture.version_id:
        return UNCHANGED
    if last.version_id is not None:
        return f"another version on {moment(last.time)}"
    return f"{last.outcome} on {moment(last.time)}"


def csv_of(manifest: Manifest) -> str:
    """The list as a table, one member a line."""
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    table.writeheader()
    table.writerows(manifest.members)
    return out.getvalue()


def _head(collection: Collection, manifest: Manifest) -> Iterator[tuple[str, str]]:
    yield "collection", collection.name
    if collection.title:
        yield "title", collection.title
    yield "members", str(len(manifest.members))
    if collection.frozen is None:
        yield "frozen", "no: its members may still change"
    else:
        yield "frozen", moment(collection.frozen)
        yield "manifest", f"sha256 {manifest.sha256.hex()}: passed"


def _foot(verdicts: Counter[str], since: Counter[str]) -> Iterator[tuple[str, str]]:
    names = [verdict.value for verdict in (Verdict.PASSED, Verdict.FAILED, Verdict.NOT_CHECKED)]
    yield "checked", " · ".join(f"{name} {verdicts[name]}" for name in names)
    yield (
        "at the source",
        " · ".join(f"{number(count, 'member')} {what}" for what, count in since.items()),
    )
