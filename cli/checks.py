"""What `verify` says of one thing: a verdict for each promise, never a bare one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from archive.fixity import FixityResult
from archive.verdict import Check, Verdict, overall


@dataclass(frozen=True, slots=True)
class Checked:
    """One thing that was checked: the claim, the answers, and the places of what failed."""

    claim: str
    """What the first check answers, in words."""
    checks: tuple[Check, ...]
    about: str = ""
    """Where the capture comes from, or what kind of file it is."""
    recorded: str = ""
    """Since when the capture is known, by our clock and by an outsider."""
    failures: tuple[FixityResult, ...] = ()
    row: dict[str, Any] = field(default_factory=dict)
    """What JSON tells beside the checks."""

    @property
    def verdict(self) -> Verdict:
        return overall(check.verdict for check in self.checks)

    def lines(self) -> Iterator[str]:
        """`FILE: bytes equal capture X (content): passed · record intact: passed · …`"""
        first, *others = self.checks
        answers = [_answer(self.claim, first), *(_answer(check.layer, check) for check in others)]
        yield " · ".join(answers)
        yield from (f"  {told}" for told in (self.about, self.recorded) if told)
        yield from (f"  {place(result)}" for result in self.failures)

    def to_json(self) -> dict[str, Any]:
        return {
            **self.row,
            "verdict": self.verdict.value,
            "checks": self._by_name(),
            "failures": [failure_json(result) for result in self.failures],
        }

    def _by_name(self) -> dict[str, str]:
        """One answer for each name; the worst where several checks have it."""
        named: dict[str, list[Verdict]] = {}
        for check in self.checks:
            named.setdefault(check.layer, []).append(check.verdict)
        return {name: overall(verdicts).value for name, verdicts in named.items()}


_WORDS = {"stored": "stored bytes", "record": "plain bytes"}
"""Layers whose own names say little behind the word "of"."""


def place(result: FixityResult) -> str:
    """A comparison that did not pass: file, offset, both digests."""
    named = _WORDS.get(result.layer, result.layer)
    what = f"{named} of {result.record}" if result.record else named
    told = f"{result.file} at byte {result.offset}: {what}: {result.verdict.value}"
    if result.expected or result.found:
        told += f": expected {result.expected or 'nothing'}, found {result.found or 'nothing'}"
    return f"{told} ({result.reason})" if result.reason else told


def record_check(results: Iterable[FixityResult]) -> Check:
    """One answer about a capture's records from the comparisons of all their layers."""
    results = list(results)
    if any(result.verdict is Verdict.FAILED for result in results):
        return Check("record intact", Verdict.FAILED)
    if any(result.verdict is Verdict.PASSED for result in results):
        return Check("record intact", Verdict.PASSED)
    return Check("record intact", Verdict.NOT_CHECKED, "nothing recorded says what it must be")


def _answer(claim: str, check: Check) -> str:
    told = f"{claim}: {check.verdict.value}"
    return f"{told} ({check.reason})" if check.reason else told


def failure_json(result: FixityResult) -> dict[str, Any]:
    return {
        "file": result.file,
        "offset": result.offset,
        "record": result.record,
        "layer": result.layer,
        "verdict": result.verdict.value,
        "expected": result.expected,
        "found": result.found,
        "reason": result.reason,
    }
