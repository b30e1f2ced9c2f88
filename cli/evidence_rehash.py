"""The fresh re-hash: before a package leaves, every digest of its captures is computed anew."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from archive.coding import CodingError
from archive.digest import Digests
from archive.errors import DamagedError
from archive.expected import LAYERS
from archive.fixity import Depth, FixityResult
from archive.verdict import Verdict
from catalog.fixity import FIXITY_CHECK, records_of
from catalog.holdings import Capture
from cli.checks import failure_json
from cli.context import Archive
from cli.events import Happening
from cli.find import open_answer
from cli.output import progress
from cli.verify_held import compare_capture

KEPT = 1000
"""Failures that the event names; all are counted."""


@dataclass
class Rehash:
    """What captures came to: each record, and each layer of each answer."""

    archive: Archive
    captures: list[Capture] = field(default_factory=list)
    records: int = 0
    length: int = 0
    """Stored bytes that were read."""
    failures: list[FixityResult] = field(default_factory=list)

    def check(self, captures: Collection[Capture]) -> None:
        """Compute both digests of every record and layer of these, and compare."""
        before = self.length
        total = sum(capture.length for capture in captures)
        with progress("computing digests", total) as advance:
            for capture in captures:
                self._check(capture)
                advance(self.length - before)

    def _check(self, capture: Capture) -> None:
        compared = compare_capture(self.archive, capture, Depth.ALL)
        self.failures += [one for one in compared if one.verdict is Verdict.FAILED]
        self.failures += _revisited(self.archive, capture)
        records = records_of(self.archive.engine, capture)
        self.records += len(records)
        self.length += sum(record.stored_length for record in records)
        self.captures.append(capture)

    @property
    def verdict(self) -> Verdict:
        return Verdict.FAILED if self.failures else Verdict.PASSED

    @property
    def happening(self) -> Happening:
        """The event that tells of it.

        Its objects are the captures alone: the WARC files were not read whole, and an event about a
        file would let the next `verify --due` pass it over.
        """
        return Happening(
            FIXITY_CHECK,
            self.verdict.value,
            {
                "depth": Depth.ALL.value,
                "reason": "before an export",
                "files": sorted({capture.file for capture in self.captures}),
                "records": self.records,
                "length": self.length,
                "failed": len(self.failures),
                "failures": [failure_json(failure) for failure in self.failures[:KEPT]],
            },
            tuple(capture.id for capture in self.captures),
        )


def _revisited(archive: Archive, capture: Capture) -> Iterator[FixityResult]:
    """The layers of an answer whose body another record holds; those of others lie in their own."""
    if capture.revisit_of is None:
        return
    try:
        answer = open_answer(archive, capture)
        digests = answer.capture.digests
        for layer in LAYERS:
            stated = getattr(digests, layer) if digests else None
            if isinstance(stated, Digests):
                found = Digests.of_all(answer.bytes_of(layer))
                if found != stated:
                    yield _failure(
                        capture, layer, stated, found, "not the bytes that were received"
                    )
    except (DamagedError, CodingError) as error:
        yield _failure(capture, "block", None, None, str(error))


def _failure(
    capture: Capture, layer: str, stated: Digests | None, found: Digests | None, reason: str
) -> FixityResult:
    return FixityResult(
        file=capture.file,
        offset=capture.offset,
        record=capture.record_id or "",
        layer=layer,
        verdict=Verdict.FAILED,
        expected=f"sha256:{stated.sha256.hex()}" if stated else None,
        found=f"sha256:{found.sha256.hex()}" if found else None,
        reason=reason,
    )
