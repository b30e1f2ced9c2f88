"""Verifying an evidence package offline, in the numbered steps that verify.sh and VERIFY.md have too.

Pure of clock and network: a package has the same answer today and in thirty years. What is missing,
damaged or odd fails its step or leaves it not checked; nothing makes it pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable
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

NEEDED = frozenset({1, 2, 3, 4, 5, 6, 9})
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


def verify_package(path: Path) -> list[Step]:
    """Verify the package in a folder or ZIP, step by step; whatever lies at `path`, there is an answer."""
    try:
        with opened(path) as files:
            return [_step(name, _found(check, files)) for name, check in STEPS.items()]
    except PackageError as error:
        unreadable = Found("", [failure(error, path.name)])
        others = Found("", unchecked="the package cannot be read")
        return [_step(name, others if number else unreadable) for number, name in enumerate(STEPS)]


def overall(steps: list[Step]) -> Verdict:
    """Failed if any step failed, passed if those did that count, else not checked."""
    if any(step.verdict is Verdict.FAILED for step in steps):
        return Verdict.FAILED
    passed = {step.number for step in steps if step.verdict is Verdict.PASSED}
    return Verdict.PASSED if passed >= NEEDED else Verdict.NOT_CHECKED


def render(steps: list[Step]) -> str:
    """The steps as verify.sh prints them."""
    lines = []
    for step in steps:
        lines.append(f"{step.number} {step.name}: {step.verdict.value} ({step.detail})")
        lines += [f"  {failure.file}: {failure.reason}" for failure in step.failures]
    lines = [_printable(line) for line in lines]
    return "\n".join([*lines, f"overall: {overall(steps).value}", NOT_SHOWN]) + "\n"


def _found(check: Callable[[PackageFiles], Found], files: PackageFiles) -> Found:
    """What a step came to; what hinders it fails it."""
    try:
        return check(files)
    except DamagedError as error:
        return Found("", [failure(error, EXHIBITS)])


def _step(name: str, found: Found) -> Step:
    number = [*STEPS].index(name) + 1
    if found.failures:
        wrong = f"{len(found.failures)} wrong"
        return Step(number, name, Verdict.FAILED, wrong, tuple(found.failures))
    if found.unchecked is not None:
        return Step(number, name, Verdict.NOT_CHECKED, found.unchecked)
    return Step(number, name, Verdict.PASSED, found.detail)


def _printable(line: str) -> str:
    """Names are hostile: no control character gets to a terminal."""
    return _CONTROL.sub("", line).encode("utf-8", "replace").decode()
