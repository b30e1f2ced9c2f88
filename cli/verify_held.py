"""`verify` of what the archive holds: a capture, a file from anywhere, or everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from archive.coding import CodingError
from archive.digest import Digest, Digests
from archive.errors import DamagedError
from archive.fixity import Depth, FixityResult, check_record
from archive.ident import printed
from archive.reader import mapped
from archive.verdict import Check, Verdict
from catalog.fixity import expected_records
from catalog.holdings import Capture
from catalog.queries import by_digest
from cli.checks import Checked, record_check
from cli.context import Archive
from cli.find import capture_json, open_answer
from cli.proofs import proofs_of

SHOWN = 20
"""Captures that one file is compared with; a page that never changes may have thousands."""


def check_capture(archive: Archive, capture: Capture, depth: Depth) -> Checked:
    """Compare every stored record of a capture with what the catalog says of it."""
    row = capture_json(archive, capture)
    proofs = proofs_of(archive, capture)
    results = compare_capture(archive, capture, depth)
    return Checked(
        claim=f"capture {printed(capture.id)}: record intact",
        checks=(record_check(results), *proofs.checks),
        about=_about(row),
        recorded=proofs.recorded,
        failures=tuple(result for result in results if result.verdict is Verdict.FAILED),
        row=row,
    )


def compare_capture(archive: Archive, capture: Capture, depth: Depth) -> list[FixityResult]:
    """The comparisons of a capture's stored records. Damage is among them, never raised."""
    results: list[FixityResult] = []
    try:
        with mapped(archive.root.warc / capture.file) as view:
            for expected in expected_records(archive.engine, capture=capture):
                results += check_record(view, expected, depth)
    except (DamagedError, FileNotFoundError) as error:
        results.append(_lost(capture, error))
    return results


def check_file(archive: Archive, path: Path, depth: Depth) -> Iterator[Checked]:
    """Look for a file's bytes among all that the archive holds, and compare what is found."""
    found = Digests.of_file(path)
    matches = by_digest(archive.engine, Digest("sha256", found.sha256), SHOWN)
    if not matches:
        row = {"target": str(path), "sha256": found.sha256, "blake3": found.blake3}
        unheld = Check("bytes", Verdict.FAILED)
        yield Checked(claim=f"{path}: no capture holds these bytes", checks=(unheld,), row=row)
    for match in matches:
        held = check_capture(archive, match.capture, depth)
        equal = _equal(archive, match.capture, match.layer, found)
        yield Checked(
            claim=f"{path}: bytes equal capture {printed(match.capture.id)} ({match.layer})",
            checks=(equal, *held.checks),
            about=held.about,
            recorded=held.recorded,
            failures=held.failures,
            row={**held.row, "target": str(path), "layer": match.layer},
        )


def _equal(archive: Archive, capture: Capture, layer: str, found: Digests) -> Check:
    """The file against the stored bytes themselves: the catalog only said where to look."""
    try:
        stored = Digests.of_all(open_answer(archive, capture).bytes_of(layer))
    except (DamagedError, CodingError) as error:
        return Check("bytes", Verdict.FAILED, f"the stored bytes cannot be read: {error}")
    return Check("bytes", Verdict.PASSED if stored == found else Verdict.FAILED)


def _lost(capture: Capture, error: Exception) -> FixityResult:
    return FixityResult(
        file=capture.file,
        offset=capture.offset,
        record="",
        layer="file",
        verdict=Verdict.FAILED,
        reason="the file is missing" if isinstance(error, FileNotFoundError) else str(error),
    )


def _about(row: dict[str, Any]) -> str:
    """Where the bytes come from, in one line."""
    return " · ".join(filter(None, (row["url"], row["origin"])))
