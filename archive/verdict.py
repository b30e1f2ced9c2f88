"""Three answers, everywhere: passed, failed, not checked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a check came to. *Not checked* is never a kind of passed, and always has its reason."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Check:
    """One layer of one thing, and what was found of it."""

    layer: str
    verdict: Verdict
    reason: str = ""
    expected: str | None = None
    found: str | None = None


def overall(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict for many: failed if any failed, passed if any passed, else not checked."""
    seen = set(verdicts)
    for verdict in (Verdict.FAILED, Verdict.PASSED):
        if verdict in seen:
            return verdict
    return Verdict.NOT_CHECKED
