"""Outside time for a package: the checkpoint that shows most, and the stamps over it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from archive.errors import UsageError, Where, reading
from archive.evidence.log import Log, Signed
from archive.evidence.note import NoteError
from archive.evidence.stamps import CHECKPOINT, Kept, enqueue, folder_of, stamps
from archive.evidence.timestamp import Authority
from archive.package.facts import StampFacts
from archive.verdict import Verdict
from cli.clock import software
from cli.config import AuthorityConfig
from cli.context import Archive
from cli.output import say

KEPT = ("tsq", "tsr", "chain.pem", "crl.pem")
"""Endings of an authority's files beside a stamped checkpoint."""


@dataclass(frozen=True)
class Stamped:
    """A signed checkpoint, and what each authority's stamp of it comes to now."""

    signed: Signed
    folder: Path
    kept: Sequence[Kept] = ()

    @property
    def valid(self) -> int:
        return sum(kept.check.verdict is Verdict.PASSED for kept in self.kept)


def authorities(archive: Archive) -> list[Authority]:
    """Those of muniment.toml. Raises `UsageError` where the roots of one cannot be read."""
    return [_authority(archive, told) for told in archive.config.authority]


def ask(archive: Archive, signed: Signed) -> None:
    """Ask every authority for a stamp of a checkpoint, once; what fails waits for another time."""
    known = authorities(archive)
    if not known:
        return
    from crawler.outbound.stamping import stamp_pending  # noqa: PLC0415 -- only where one is asked

    point = signed.checkpoint
    enqueue(archive.root, signed.data, point.size, point.root, known)
    for outcome in stamp_pending(archive.root, known, archive.clock, agent=software()):
        if outcome.stamp is None:
            say(f"no time stamp by {outcome.waiting.authority}: {outcome.reason}")


def best(archive: Archive, log: Log, signed: Signed, needed: int) -> Stamped:
    """Of the checkpoints that cover `needed` entries, the one with the most valid stamps.

    Where several have as many, the earliest; where none has any, the latest.
    """
    known = authorities(archive)
    found = [_stamped(archive, each, known) for each in _candidates(archive, log, signed, needed)]
    most = max(each.valid for each in found)
    sizes = [each for each in found if each.valid == most]
    choose = min if most else max
    return choose(sizes, key=lambda each: each.signed.checkpoint.size)


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
    for path in sorted(archive.root.timestamps.glob(f"*/{CHECKPOINT}")):
        try:
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
    yield "roots.pem", _roots(archive, told)


def _authority(archive: Archive, told: AuthorityConfig) -> Authority:
    try:
        roots = x509.load_pem_x509_certificates(_roots(archive, told))
    except ValueError as error:
        raise UsageError(
            f"the roots of the time-stamp authority {told.name} cannot be read: {error}",
            where=Where(archive.root.path / told.roots),
        ) from error
    return Authority(told.name, told.url, tuple(roots), told.test)


def _roots(archive: Archive, told: AuthorityConfig) -> bytes:
    path = archive.root.path / told.roots
    if not path.is_file():
        raise UsageError(
            f"the roots of the time-stamp authority {told.name} are not there", where=Where(path)
        )
    with reading(path):
        return path.read_bytes()
