"""Verifying an evidence package offline, in the numbered steps that verify.sh and VERIFY.md have too.

Pure of clock and network: a package has the same answer today and in thirty years. What is missing,
damaged or odd fails its step or leaves it not checked; nothing makes it pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.errors import DamagedError
from archive.evidence.verify_bag import check_complete
from archive.evidence.verify_content import check_content
from archive.evidence.verify_custody import check_custody
from archive.evidence.verify_files import (
    Failure,
    Found,
    PackageError,
    PackageFiles,
    failure,
    opened,
)
from archive.evidence.verify_leaves import EXHIBITS, check_leaves
from archive.evidence.verify_log import check_countersigned, check_logged, check_signed
from archive.evidence.verify_outside import check_sealed, check_stamped
from archive.evidence.verify_records import check_records
from archive.verdict import Verdict

NOT_SHOWN = """\
This does not show that nothing was made up when it was captured, that nobody altered it on its way
from the server, who wrote it, or that what it says is true."""

NEEDED = frozenset({"complete", "records", "content", "leaves", "logged", "signed", "custody"})
"""The steps that must pass for the whole to pass."""

STEPS: dict[str, Callable[[PackageFiles], Found]] = {
    "complete": check_complete,
    "records": check_records,
    "content": check_content,
    "leaves": check_leaves,
    "logged": check_logged,
    "signed": check_signed,
    "stamped": check_stamped,
    "countersigned": check_countersigned,
    "custody": check_custody,
    "sealed": check_sealed,
}
"""The steps in their order, numbered from 1."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Step:
    """A step, its answer, and what it found in words; below a failed one, the files that failed."""

    number: int
    name: str
    verdict: Verdict
    detail: str
    failures: tuple[Failure, ...] = ()

    @classmethod
    def of(cls, number: int, name: str, found: Found) -> Step:
        """The answer to what was found."""
        if found.failures:
            wrong = f"{len(found.failures)} wrong"
            return cls(number, name, Verdict.FAILED, wrong, tuple(found.failures))
        if found.unchecked is not None:
            return cls(number, name, Verdict.NOT_CHECKED, found.unchecked)
        return cls(number, name, Verdict.PASSED, found.detail)


def verify_package(path: Path) -> list[Step]:
    """Verify the package in a folder or ZIP, step by step; whatever lies at `path`, there is an answer."""
    try:
        with opened(path) as files:
            found = [_found(check, files) for check in STEPS.values()]
    except PackageError as error:
        others = [Found("", unchecked="the package cannot be read")] * (len(STEPS) - 1)
        found = [Found("", [failure(error, path.name)]), *others]
    numbered = enumerate(zip(STEPS, found, strict=True), 1)
    return [Step.of(number, name, each) for number, (name, each) in numbered]


def overall(steps: Sequence[Step], needed: frozenset[str] = NEEDED) -> Verdict:
    """Failed if any step failed, passed if those did that are needed, else not checked."""
    if any(step.verdict is Verdict.FAILED for step in steps):
        return Verdict.FAILED
    passed = {step.name for step in steps if step.verdict is Verdict.PASSED}
    return Verdict.PASSED if passed >= needed else Verdict.NOT_CHECKED


def render(steps: Sequence[Step], needed: frozenset[str] = NEEDED) -> str:
    """The steps as verify.sh prints them."""
    lines = []
    for step in steps:
        lines.append(f"{step.number} {step.name}: {step.verdict.value} ({step.detail})")
        lines += [f"  {failure.file}: {failure.reason}" for failure in step.failures]
    lines = [_printable(line) for line in lines]
    return "\n".join([*lines, f"overall: {overall(steps, needed).value}", NOT_SHOWN]) + "\n"


def _found(check: Callable[[PackageFiles], Found], files: PackageFiles) -> Found:
    """What a step came to; what hinders it fails it."""
    try:
        return check(files)
    except DamagedError as error:
        return Found("", [failure(error, EXHIBITS)])


def _printable(line: str) -> str:
    """Names are hostile: no control character gets to a terminal."""
    return _CONTROL.sub("", line).encode("utf-8", "replace").decode()
