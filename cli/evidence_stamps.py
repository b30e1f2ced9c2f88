"""Outside time for a package: the checkpoint that shows most, and the stamps over it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.errors import reading
from archive.evidence.log import Log, Signed
from archive.evidence.note import NoteError
from archive.evidence.stamps import CHECKPOINT, Kept, folder_of, stamp_folders, stamps
from archive.evidence.timestamp import Authority
from archive.package.facts import StampFacts
from archive.verdict import Verdict
from cli.config import AuthorityConfig
from cli.context import Archive
from cli.output import say
from cli.outside_time import authorities

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


def stamp_facts(archive: Archive, stamped: Stamped) -> tuple[StampFacts, ...]:
    """The stamps that came, with all that it takes to verify them."""
    told = {each.name: each for each in archive.config.authority}
    return tuple(
        StampFacts(
            name=kept.authority,
            url=told[kept.authority].url,
            test=told[kept.authority].test,
            files=dict(_files(archive, stamped.folder, told[kept.authority])),
        )
        for kept in stamped.kept
        if kept.authority in told and (stamped.folder / f"{kept.authority}.tsr").exists()
    )


def _candidates(archive: Archive, log: Log, signed: Signed, needed: int) -> Iterator[Signed]:
    yield signed
    for folder in stamp_folders(archive.root):
        path = folder / CHECKPOINT
        try:
            with reading(path):
                other = Signed.parse(path.read_bytes())
            if other.checkpoint.origin != signed.checkpoint.origin or other.data == signed.data:
                continue
            if needed <= other.checkpoint.size <= signed.checkpoint.size:
                log.verify(other)
                if log.tree(other.checkpoint.size).root() == other.checkpoint.root:
                    yield other
        except NoteError as error:
            say(f"{path} is passed over: {error}")


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
