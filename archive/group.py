"""A group: a statement, and the records that it tells of, as they lie one after another in a file.

The statement comes first and lists the others with their lengths and digests, so that a reader
steps over what it does not need, and recovery can tell a whole group from one that was cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from archive.evidence.leaf import canonical, new_salt
from archive.ident import ident, new_record_id
from archive.member import Member, encode
from archive.statement import FORMAT, Capture, Statement
from archive.statement_json import from_json, to_json
from archive.warc import AnyRecord, metadata

__all__ = ["STATEMENT_LIMIT", "Encoded", "Group", "encode_group", "from_json", "to_json"]

STATEMENT_LIMIT = 64 << 20
"""Bytes of a statement: what a reader holds in memory at most, whatever a damaged file says."""
LARGE = 1 << 18
"""Bytes of a member that is written by itself: joining it to others costs more than a write."""


@dataclass(frozen=True, slots=True)
class Group:
    """A statement and its records, in the order in which they are stored.

    `id` is the record id of the metadata record, `salt` hides its leaf in the log. `date` is when the
    records were made, where that is not the statement's time: a file received today may be asserted
    to be years old.
    """

    statement: Statement
    records: tuple[AnyRecord, ...] = ()
    id: str = field(default_factory=new_record_id)
    date: datetime | None = None
    salt: bytes = field(default_factory=new_salt)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A group as it goes into a file: its leaf, the same as a value, its members, metadata first."""

    leaf: bytes
    raw: dict[str, Any]
    members: tuple[Member, ...]

    @property
    def length(self) -> int:
        return sum(member.stored.length for member in self.members)

    def packed(self) -> Iterator[bytes]:
        """The group's bytes; small ones in memory come in one piece, to be one write."""
        held: list[bytes] = []
        for member in self.members:
            if member.data is not None and len(member.data) < LARGE:
                held.append(member.data)
                continue
            yield b"".join(held)
            held.clear()
            yield from member.packed()
        if held:
            yield b"".join(held)


def encode_group(group: Group, warcinfo: str | None = None) -> Encoded:
    """Pack a group for a file whose warcinfo record has the id `warcinfo`."""
    members = [encode(record, warcinfo) for record in group.records]
    short = ident(group.id)
    raw = {
        "kind": group.statement.kind,
        "format": FORMAT,
        "id": short,
        **to_json(group.statement),
        "records": [_listed(member) for member in members],
    }
    statement = group.statement
    plain = isinstance(statement, Capture) and statement.asserted is None
    block, raw = canonical(raw, plain=plain)
    if len(block) > STATEMENT_LIMIT:
        raise ValueError(f"a statement of {len(block)} bytes cannot be read again")
    # A capture's statement tells of its last record: the answer, or the request without one. Its
    # URI is not the page's, or replay tools would take the statement for a copy of the page.
    told = [group.records[-1].id] if isinstance(group.statement, Capture) and members else []
    record = metadata(
        f"urn:muniment:{group.statement.kind}:{short}",
        group.date or group.statement.time,
        block,
        group.salt,
        id=group.id,
        concurrent_to=told,
    )
    return Encoded(block, raw, (encode(record, warcinfo), *members))


def _listed(member: Member) -> dict[str, Any]:
    listed: dict[str, Any] = {"type": member.record.type, "id": member.record.id}
    uri = member.record.uri
    if uri is not None:
        listed["uri"] = uri
    listed["stored"] = member.stored.to_json()
    listed["record"] = member.plain.to_json()
    return listed
