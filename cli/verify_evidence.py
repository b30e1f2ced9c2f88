"""`verify` of evidence that stands alone, a package or a receipt: step by step, without an archive."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.evidence.receipt import FIRST_LINE, LIMIT, is_receipt
from archive.evidence.verify import NEEDED, Step, overall, render, verify_package
from archive.evidence.verify_receipt import NEEDED as OF_RECEIPT
from archive.evidence.verify_receipt import verify_receipt
from archive.verdict import Verdict
from cli.checks import Checked
from cli.verify_foreign import check_archive_file, is_archive_file

MARKS = frozenset({"bagit.txt", "exhibits.txt"})
"""The files by which a folder, or the one folder of a ZIP, is known for a package."""


def is_package(path: Path) -> bool:
    """Whether it calls itself an evidence package; a ZIP that cannot be read may be one."""
    if path.is_dir():
        return all((path / mark).is_file() for mark in MARKS)
    if path.suffix.lower() != ".zip" or not path.is_file():
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.split("/") for name in archive.namelist()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return True
    return {parts[1] for parts in names if len(parts) == 2} >= MARKS


def is_receipt_file(path: Path) -> bool:
    """Whether a file calls itself a receipt."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return is_receipt(file.read(len(FIRST_LINE) + 1))


@dataclass(frozen=True, slots=True)
class EvidenceChecked(Checked):
    """Evidence that was verified: one line for each step."""

    steps: tuple[Step, ...] = ()
    needed: frozenset[str] = NEEDED

    @property
    def verdict(self) -> Verdict:
        return overall(self.steps, self.needed)

    def lines(self) -> Iterator[str]:
        yield from render(self.steps, self.needed).splitlines()

    def to_json(self) -> dict[str, Any]:
        return {**self.row, "verdict": self.verdict.value, "steps": list(map(_json, self.steps))}


def stands_alone(path: Path) -> bool:
    """Whether it is verified by itself: no archive is needed to judge it."""
    return is_package(path) or is_receipt_file(path) or (path.is_file() and is_archive_file(path))


def check_alone(path: Path) -> Checked:
    """The verdict on something that stands alone."""
    if is_package(path):
        return check_package(path)
    return check_receipt(path) if is_receipt_file(path) else check_archive_file(path)


def check_package(path: Path) -> Checked:
    """What the steps say of a package."""
    steps = tuple(verify_package(path))
    return EvidenceChecked(claim=str(path), checks=(), row={"target": str(path)}, steps=steps)


def check_receipt(path: Path, file: Path | None = None) -> Checked:
    """What the steps say of a receipt, and of the file that it is to cite."""
    with path.open("rb") as opened:
        text = opened.read(LIMIT).decode("utf-8", "replace")
    steps = tuple(verify_receipt(text, file))
    return EvidenceChecked(
        claim=str(path),
        checks=(),
        row={"target": str(path)},
        steps=steps,
        needed=OF_RECEIPT,
    )


def _json(step: Step) -> dict[str, Any]:
    failures = [{"file": failure.file, "reason": failure.reason} for failure in step.failures]
    return {
        "step": step.number,
        "name": step.name,
        "verdict": step.verdict.value,
        "detail": step.detail,
        "failures": failures,
    }
