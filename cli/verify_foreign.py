"""`verify` of an archive file that anybody wrote: by what it states of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archive.fixity import FixityResult
from archive.judge import FileVerdict, RecordVerdict, judge
from archive.verdict import Check, Verdict, overall
from cli.checks import Checked, place
from cli.output import number

SUFFIXES = (".warc", ".arc", ".wacz", ".har")
PACKED = (".gz", ".zst", ".lz4", ".open")


def is_archive_file(path: Path) -> bool:
    """Whether a file names itself an archive; what it is worth is for `judge` to say."""
    name = path.name.lower()
    while name.endswith(PACKED):
        name = name.rpartition(".")[0]
    return name.endswith(SUFFIXES)


@dataclass(frozen=True, slots=True)
class ArchiveChecked(Checked):
    """An archive file: one line for each layer that its records state something of."""

    def lines(self) -> Iterator[str]:
        yield f"{self.claim}: {self.verdict.value} ({self.about})"
        for check in self.checks:
            told = (
                f"{check.verdict.value} ({check.reason})" if check.reason else check.verdict.value
            )
            yield f"  {check.layer}: {told}"
        yield from (f"  {place(result)}" for result in self.failures)


def check_archive_file(path: Path) -> Checked:
    """What an archive file says of its records, and which of that is not so."""
    found = judge(path)
    return ArchiveChecked(
        claim=f"{path}: what it states of its own records",
        checks=(*found.checks, *_layers(found)),
        about=f"{found.format}, {number(found.records, 'record')}",
        failures=tuple(_failures(found)),
        row={"target": str(path), "format": found.format, "records": found.records},
    )


def _layers(found: FileVerdict) -> Iterator[Check]:
    for layer, counts in found.layers.items():
        told = ", ".join(f"{count} {verdict.value}" for verdict, count in sorted(counts.items()))
        yield Check(
            layer, overall(counts), told if len(counts) > 1 else number(counts.total(), "record")
        )


def _failures(found: FileVerdict) -> Iterator[FixityResult]:
    for record in found.failures:
        for check in record.checks:
            if check.verdict is Verdict.FAILED:
                yield _failure(record, check)


def _failure(record: RecordVerdict, check: Check) -> FixityResult:
    return FixityResult(
        file=record.file,
        offset=record.offset,
        record=f"{record.type} {record.record}".strip(),
        layer=check.layer,
        verdict=check.verdict,
        expected=check.expected,
        found=check.found,
        reason=check.reason,
    )
