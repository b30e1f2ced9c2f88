"""Section 5 of a certification: the log, its keys, its time stamps and its successions."""

from __future__ import annotations

from collections.abc import Iterable

from archive.evidence.certification import Capture, Certification, Stamp
from archive.evidence.document import (
    Block,
    Fields,
    Paragraph,
    Row,
    Section,
    Table,
    Value,
    code,
    digits,
    text,
)
from archive.evidence.exhibits import stamp_note
from archive.evidence.spelling import instant
from archive.evidence.wording import CHECK_KEYS, TIMES, Template


def log_section(facts: Certification, template: Template) -> Section:
    captures = [capture for _, capture in facts.captures]
    blocks: list[Block] = [
        Paragraph(TIMES),
        Fields((("Origin of the log", code(*facts.origins)), *_keys(facts))),
        Paragraph(CHECK_KEYS),
        *_stamps(captures),
        *_successions(facts),
    ]
    if template.qualified_stamps:
        claimed = {s.authority for c in captures for s in c.stamps if s.claimed_qualified}
        names = ", ".join(sorted(claimed)) or "none"
        blocks.append(
            Paragraph(f"Authorities whose time stamps are claimed to be qualified: {names}.")
        )
    return Section("The log, its keys and its time stamps", tuple(blocks))


def _keys(facts: Certification) -> tuple[Row, ...]:
    rows = tuple(
        (f"Key: {key.use}", (*text(key.owner), *digits(key.fingerprint, note="SHA-256")))
        for key in facts.keys
    )
    return rows or (("Keys (SHA-256)", text(None)),)


def _stamps(captures: Iterable[Capture]) -> tuple[Block, ...]:
    stamps: dict[Stamp, None] = dict.fromkeys(s for capture in captures for s in capture.stamps)
    if not stamps:
        return (Paragraph("There is no time stamp."),)
    rows = tuple(
        (Value(stamp.authority), Value(instant(stamp.time)), Value(stamp_note(stamp)))
        for stamp in sorted(stamps, key=lambda stamp: (stamp.time, stamp.authority))
    )
    return (Table(("Time-stamp authority", "Time", "Result"), rows, (36, 30, 34)),)


def _successions(facts: Certification) -> tuple[Block, ...]:
    if not facts.successions:
        return (Paragraph("No succession of the log is given."),)
    return tuple(
        Fields(
            (
                ("Closed log", code(one.predecessor)),
                ("Its successor", code(one.successor)),
                ("When and why", text(f"{instant(one.time)}: {one.reason}")),
                (
                    "Last checkpoint seen",
                    (
                        Value(f"size {one.last_seen.size}"),
                        *digits(one.last_seen.root.hex(), note="root"),
                    ),
                ),
            ),
            "Succession of the log",
        )
        for one in facts.successions
    )
