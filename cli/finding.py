"""What a look at the archive found: one of three answers, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from archive.verdict import Verdict

PASSED, FAILED, NOT_CHECKED = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_CHECKED


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one check, what was found, and what to do about it."""

    check: str
    verdict: Verdict
    found: str
    advice: str = ""
    damage: bool = False
    """The archive itself is not whole."""

    @property
    def line(self) -> str:
        """The verdict and what was found."""
        return f"{self.verdict.value}: {self.found}"

    def to_json(self) -> dict[str, Any]:
        return {
            "check": self.check,
            "verdict": self.verdict.value,
            "found": self.found,
            "advice": self.advice or None,
        }
