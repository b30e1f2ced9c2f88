"""Outside time for a package: the checkpoint that shows most, and the stamps over it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.errors import reading
from archive.evidence.log import Log, Signed
from archive.evidence.note import NoteError
from archive.evidence.stamps import CHECKPOINT, Kept, folder_of, stamp_folders, stamps
from archive.evidence.timestamp import Authority
from archive.package.facts import Earlier, Exhibit, StampFacts
from archive.verdict import Verdict
from cli.config import AuthorityConfig
from cli.context import Archive
from cli.output import say
from cli.stamping import authorities

KEPT = ("tsq", "tsr", "chain.pem", "crl.pem")
"""Endings of an authority's files beside a stamped checkpoint."""


@dataclass(frozen=True)
class Stamped:
    """A signed checkpoint, and what each authority's stamp of it comes to now."""

    signed: Signed
    folder: Path
    kept: Sequence[Kept] = ()

    @property
    def worth(self) -> tuple[int, int]:
        """How many stamps are valid, and how many came at all: a test's shows how it would be."""
        valid = sum(kept.check.verdict is Verdict.PASSED for kept in self.kept)
        return valid, sum(kept.stamp is not None for kept in self.kept)

    def size_in(self, log: Log) -> float:
        """How many entries of a log it covers: without end for another log, which it came after."""
        said, head = self.signed.checkpoint, log.head
        return said.size if head and head.origin == said.origin else math.inf


def best(archive: Archive, log: Log, signed: Signed, needed: int) -> Stamped:
    """Of the checkpoints that cover `needed` entries, the one with the most valid stamps.

    Where several have as many, the earliest; where none has any, the latest.
    """
    known = authorities(archive)
    found = [_stamped(archive, each, known) for each in _candidates(archive, log, signed, needed)]
    most = max(each.worth for each in found)
    choose = min if any(most) else max
    return choose(
        (each for each in found if each.worth == most),
        key=lambda each: each.signed.checkpoint.size,
    )


def earlier(
    archive: Archive, logs: Sequence[Log], own: Stamped, exhibits: Sequence[Exhibit]
) -> tuple[Earlier, ...]:
    """For each exhibit the first checkpoint with a valid stamp, where that is not the package's own."""
    found: list[Earlier] = []
    known = authorities(archive)
    for log in logs:
        left = {exhibit.id: exhibit for exhibit in exhibits if _is_in(log, exhibit)}
        for signed in _stamped_before(archive, log, own.signed):
            if signed.checkpoint.size >= own.size_in(log):
                break
            covered = [each for each in left.values() if _index(each) < signed.checkpoint.size]
            stamped = _stamped(archive, signed, known) if covered else None
            if stamped is None or not stamped.worth[0]:
                continue
            proofs = {each.id: log.proof(_index(each), signed) for each in covered}
            for each in covered:
                proofs[each.id].verify(
                    left.pop(each.id).logged.at.group.entry, log.ring.verifiers()
                )
            facts = stamp_facts(archive, stamped)
            found.append(Earlier(checkpoint=signed, stamps=facts, proofs=proofs))
    return tuple(found)


def stamp_facts(archive: Archive, stamped: Stamped) -> tuple[StampFacts, ...]:
    """The stamps that came, with all that it takes to verify them."""
    told = {each.name: each for each in archive.config.authority}
    return tuple(
        StampFacts(
            name=kept.authority,
            url=told[kept.authority].url,
            test=told[kept.authority].test,
            files=dict(_files(archive, stamped.folder, told[kept.authority])),
            time=kept.stamp.time if kept.stamp else None,
            verdict=kept.check.verdict,
        )
        for kept in stamped.kept
        if kept.authority in told and (stamped.folder / f"{kept.authority}.tsr").exists()
    )


def _candidates(archive: Archive, log: Log, signed: Signed, needed: int) -> Iterator[Signed]:
    yield signed
    for other in _stamped_before(archive, log, signed):
        if other.checkpoint.size >= needed:
            yield other


def _stamped_before(archive: Archive, log: Log, signed: Signed) -> Iterator[Signed]:
    """The checkpoints of a log that wait for stamps or have them, the smallest first, but for `signed`.

    Only those are believed that the log's key signed and that its tree still leads to.
    """
    for folder in stamp_folders(archive.root):
        path = folder / CHECKPOINT
        try:
            with reading(path):
                other = Signed.parse(path.read_bytes())
            said = other.checkpoint
            if log.head is None or said.origin != log.head.origin or other.data == signed.data:
                continue
            log.verify(other)
            if said.size <= log.size and log.tree(said.size).root() == said.root:
                yield other
        except NoteError as error:
            say(f"{path} is passed over: {error}")


def _is_in(log: Log, exhibit: Exhibit) -> bool:
    origin = log.head.origin if log.head else ""
    return exhibit.logged.proof.checkpoint.startswith(f"{origin}\n".encode())


def _index(exhibit: Exhibit) -> int:
    return exhibit.logged.proof.index


def _stamped(archive: Archive, signed: Signed, known: Sequence[Authority]) -> Stamped:
    folder = folder_of(archive.root, signed.checkpoint.size, signed.checkpoint.root)
    path = folder / CHECKPOINT
    if not path.exists() or path.read_bytes() != signed.data:
        return Stamped(signed, folder)
    return Stamped(signed, folder, stamps(folder, known))


def _files(archive: Archive, folder: Path, told: AuthorityConfig) -> Iterator[tuple[str, bytes]]:
    for ending in KEPT:
        path = folder / f"{told.name}.{ending}"
        if path.exists():
            with reading(path):
                yield ending, path.read_bytes()
    roots = archive.root.path / told.roots
    with reading(roots):
        yield "roots.pem", roots.read_bytes()
