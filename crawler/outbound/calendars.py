"""Ask OpenTimestamps calendars to take a checkpoint, and later what became of it.

A calendar takes a digest at once (POST /digest) and tells hours later in which block it went
(GET /timestamp/COMMITMENT). Needs the optional library: importing this raises `UncheckedError` else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.durable import Files
from archive.errors import DamagedError
from archive.evidence.attempts import Attempt, next_try
from archive.evidence.calendar_proofs import add, attempts_of, note, read_proof
from archive.evidence.opentimestamps import OpenTimestampsError
from archive.times import Clock
from crawler.outbound.exchange import exchange
from crawler.outbound.post import TIME_LIMIT, PeerError

LARGEST = 10_000
"""Bytes of an answer; what other clients allow as well."""
MOST_ATTEMPTS = 60
"""For one checkpoint: some seven weeks. What a calendar has not put into a block by then is lost."""
_SILENT = frozenset({"unreachable", "timeout", "broken"})
"""Reasons not to ask the same calendar anything more for now."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a calendar is to be asked about one checkpoint."""

    folder: Path
    calendar: str
    commitment: bytes | None
    """What it promised to put into a block; None where it is to take the checkpoint."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question: nothing to say, or the attempt that brought nothing."""

    question: Question
    attempt: Attempt | None


@dataclass(frozen=True, slots=True)
class Asked:
    """All that was asked, and the checkpoints whose files stood in the way."""

    outcomes: list[Outcome]
    damaged: list[DamagedError]


def ask_calendars(
    folders: Sequence[Path],
    newest: Path | None,
    calendars: Sequence[str],
    clock: Clock,
    *,
    agent: str,
    limit: float = TIME_LIMIT,
    files: Files | None = None,
) -> Asked:
    """Send the `newest` checkpoint to each calendar that has not got it; ask what became of others.

    Only the newest is sent: it commits to all before it. `calendars` are URLs without a slash at the
    end. A proof may name other calendars; those are not asked, so that no answer leads us elsewhere.
    It blocks for up to `limit` seconds a question, and asks a calendar that is silent no more. What
    the far side does wrong is noted; raises `StorageError`, and `UsageError` for no URL.
    """
    asked = Asked([], [])
    questions: list[Question] = []
    for folder in reversed(folders):  # what is still to be sent comes before what has time
        try:
            questions += _questions(folder, calendars, clock, send=folder == newest)
        except DamagedError as error:
            asked.damaged.append(error)
    silent: set[str] = set()
    for question in questions:
        if question.calendar in silent:
            continue
        outcome = _ask(question, clock, agent=agent, limit=limit, files=files)
        asked.outcomes.append(outcome)
        if outcome.attempt and outcome.attempt.reason in _SILENT:
            silent.add(question.calendar)
    return asked


def _questions(
    folder: Path, calendars: Sequence[str], clock: Clock, *, send: bool
) -> Iterator[Question]:
    proof = read_proof(folder)
    for calendar in calendars:
        waits = [one.commitment for one in proof.pending if one.calendar == calendar]
        unsent = send and not proof.asked(calendar)
        if not (waits or unsent) or not _due(attempts_of(folder, calendar), clock):
            continue
        for commitment in waits:
            yield Question(folder, calendar, commitment)
        if unsent:
            yield Question(folder, calendar, None)


def _due(attempts: Sequence[Attempt], clock: Clock) -> bool:
    at = next_try(attempts)
    return at is None or (at <= clock() and len(attempts) < MOST_ATTEMPTS)


def _ask(
    question: Question, clock: Clock, *, agent: str, limit: float, files: Files | None
) -> Outcome:
    try:
        if _bring(question, agent=agent, limit=limit, files=files):
            return Outcome(question, None)
        attempt = Attempt(clock(), "unchanged", "nothing new")
    except (PeerError, OpenTimestampsError) as error:
        attempt = Attempt(clock(), error.reason, error.detail)
    note(question.folder, question.calendar, attempt, files)
    return Outcome(question, attempt)


def _bring(question: Question, *, agent: str, limit: float, files: Files | None) -> bool:
    """Ask, and add the answer to the proof; whether that added anything."""
    calendar, commitment = question.calendar, question.commitment
    if commitment is not None:
        url = f"{calendar}/timestamp/{commitment.hex()}"
        answer = exchange(url, agent=agent, largest=LARGEST, limit=limit)
        return add(question.folder, lambda proof: proof.upgraded(commitment, answer), files)
    digest = read_proof(question.folder).question(calendar)
    answer = exchange(
        f"{calendar}/digest",
        agent=agent,
        body=digest,
        send="application/octet-stream",
        largest=LARGEST,
        limit=limit,
    )
    return add(question.folder, lambda proof: proof.answered(calendar, answer), files)
