"""The OpenTimestamps proof beside a checkpoint in timestamps/: read, added to, judged.

    timestamps/<size>-<first 16 hex digits of the root>/
        checkpoint.ots      the proof, as far as it goes; replaced whole when something came
        <height>.header     a block's header in hex, which an operator puts there
        checkpoint.ots.<calendar>.attempts.jsonl  when it was asked in vain, and why

What is still to do is read off the proof itself. One process at a time adds; its caller sees to that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from archive.durable import Files, write_over
from archive.errors import reading
from archive.evidence.attempts import Attempt, append_attempt, read_attempts
from archive.evidence.bitcoin import LAYER, State
from archive.evidence.opentimestamps import OpenTimestampsError, Proof, state
from archive.evidence.stamps import CALENDAR_PROOF, CHECKPOINT
from archive.verdict import Check, Verdict

_HEADER = re.compile(r"(0|[1-9][0-9]{0,9})\.header")


def read_proof(folder: Path) -> Proof:
    """The proof beside a checkpoint, empty where there is none yet.

    Raises `OpenTimestampsError` for one that is damaged or of other bytes, `RecordError` where the
    checkpoint is missing, `StorageError`.
    """
    checkpoint, path = folder / CHECKPOINT, folder / CALENDAR_PROOF
    with reading(checkpoint):
        data = checkpoint.read_bytes()
    if not path.exists():
        return Proof(data)
    with reading(path):
        return Proof.parse(path.read_bytes(), data)


def add(folder: Path, change: Callable[[Proof], Proof], files: Files | None = None) -> bool:
    """Let `change` add to the proof as it is now; whether it did.

    The file is replaced whole: a crash leaves the earlier proof or the later. Raises what
    `read_proof` and `change` raise, and then the file is as it was.
    """
    before = read_proof(folder)
    after = change(before)
    if after == before:
        return False
    write_over(folder / CALENDAR_PROOF, after.to_bytes(), files)
    return True


def state_of(folder: Path) -> State | None:
    """What the proof beside a checkpoint comes to; None where there is none.

    A damaged one has failed. Raises `RecordError`, `StorageError`.
    """
    if not (folder / CALENDAR_PROOF).exists():
        return None
    try:
        return state(read_proof(folder), _headers(folder))
    except OpenTimestampsError as error:
        return State(Check(LAYER, Verdict.FAILED, error.what))


def attempts_of(folder: Path, calendar: str) -> list[Attempt]:
    """When a calendar was asked in vain for this checkpoint. Raises `RecordError`, `StorageError`."""
    return read_attempts(_attempts(folder, calendar))


def note(folder: Path, calendar: str, attempt: Attempt, files: Files | None = None) -> None:
    """Note an attempt that brought nothing. Raises `StorageError`."""
    append_attempt(_attempts(folder, calendar), attempt, files)


def _attempts(folder: Path, calendar: str) -> Path:
    """Named by the calendar's address without its scheme, as far as a file name takes it."""
    name = re.sub(r"[^a-z0-9]+", "-", calendar.partition("://")[2].lower()).strip("-")
    return folder / f"{CALENDAR_PROOF}.{name[:100]}.attempts.jsonl"


def _headers(folder: Path) -> dict[int, bytes]:
    found = {}
    for path in folder.iterdir():
        match = _HEADER.fullmatch(path.name)
        if match:
            with reading(path):
                found[int(match[1])] = path.read_bytes()
    return found
