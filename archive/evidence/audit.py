"""The audit of a whole log, own or foreign: nothing that it says is taken on trust.

Steps, each passed, failed or not checked:

    1. signed       a known key signed the checkpoint
    2. head         an own log commits to what it has signed
    3. consistent   the tree begins with the one of the last checkpoint that was seen
    4. tiles        every tile follows from the entries, and the root from the tiles
    5. entries      every entry is that of the statement in the WARC file that the order names
    6. complete     every whole group of every sealed file is in a log of the archive

The last two need the WARC files; for a foreign log they are not checked. Memory stays flat: entries
and groups are read in order, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.errors import DamagedError, Error
from archive.evidence.growth import Growth
from archive.evidence.log import CHECKPOINT, Log, Signed
from archive.evidence.merkle import verify_consistency
from archive.evidence.note import ED25519, Note, NoteError, Verifier
from archive.evidence.order import Run
from archive.evidence.tiles import TileReader
from archive.evidence.tree import Tree
from archive.reader import after_warcinfo, groups, mapped
from archive.stored import OPEN
from archive.verdict import Check, Verdict

MOST_TOLD = 20
"""Places that one step names; a log that is damaged throughout says no more by naming all."""


@dataclass(frozen=True)
class Faults:
    """What a step found wrong, as the check that it comes to."""

    step: str
    found: Sequence[str]
    passed: str

    def check(self) -> Check:
        if not self.found:
            return Check(self.step, Verdict.PASSED, self.passed)
        told = "; ".join(self.found[:MOST_TOLD])
        more = len(self.found) - MOST_TOLD
        return Check(self.step, Verdict.FAILED, told + (f"; and {more} more" if more > 0 else ""))


def audit_tree(
    signed: Signed, tiles: TileReader, verifiers: Iterable[Verifier], seen: Signed | None
) -> Iterator[Check]:
    """Steps 1, 3 and 4, which anybody can do who has the log's public files and its keys.

    Keys of cosigners may be among them; one of the log must have signed.
    """
    yield _signed(signed, tuple(verifiers))
    tree = Tree(signed.checkpoint.size, tiles)
    yield _consistent(tree, signed, seen)
    yield _tiles(tree, tiles, signed)


def audit_foreign(
    signed: Signed, tiles: TileReader, verifiers: Iterable[Verifier], seen: Signed | None
) -> Iterator[Check]:
    """All steps for the log of somebody else; one that nobody known signed is not read any further."""
    checks = audit_tree(signed, tiles, verifiers, seen)
    first = next(checks)
    yield first
    if first.verdict is Verdict.PASSED:
        yield from checks
    else:
        for step in ("consistent", "tiles"):
            yield Check(step, Verdict.NOT_CHECKED, "no known key signed the checkpoint")
    for step in ("entries", "complete"):
        yield Check(step, Verdict.NOT_CHECKED, "the statements of a log are not public")


def audit_log(
    log: Log, seen: Signed | None = None, *, signed: Signed | None = None
) -> Iterator[Check]:
    """Steps 1 to 4 for an own log, by default as of the checkpoint that lies there now."""
    if log.head is None:
        if (log.folder / CHECKPOINT).exists():
            yield Check("head", Verdict.FAILED, "it has a checkpoint and no head")
        else:
            yield Check("signed", Verdict.NOT_CHECKED, "the log is empty")
        return
    try:
        signed = signed or log.published()
    except NoteError as error:
        yield Check("signed", Verdict.FAILED, str(error))
        return
    if signed is None:
        yield Check("signed", Verdict.FAILED, "there is no checkpoint")
        return
    checks = audit_tree(signed, log.tiles, log.ring.verifiers(), seen)
    yield next(checks)
    same = signed.checkpoint == log.head.checkpoint
    told = f"it has committed to {log.size} entries and signed {signed.checkpoint.size}"
    yield Check("head", Verdict.PASSED if same else Verdict.FAILED, told)
    yield from checks


def audit_entries(logs: Sequence[Log], warc: Path) -> Iterator[Check]:
    """Steps 5 and 6, over all logs of an archive together: closed ones hold what came before them."""
    wrong: list[str] = []
    ends: dict[str, list[tuple[int, int]]] = {}
    for log in logs:
        tree = log.tree()
        for file in log.order.files():
            runs = log.order.of_file(file)
            ends.setdefault(file, []).extend((run.start, run.end) for run in runs)
            wrong += _wrong_entries(warc, tree, runs)
    total = sum(log.size for log in logs)
    yield Faults("entries", wrong, f"{total} entries are those of their statements").check()
    yield Faults("complete", list(_missing(warc, ends)), "no group is left out").check()


def _signed(signed: Signed, verifiers: tuple[Verifier, ...]) -> Check:
    origin = signed.checkpoint.origin
    try:
        by = Note.parse(signed.data).verified_by(verifiers)
    except NoteError as error:
        return Check("signed", Verdict.FAILED, str(error))
    if (origin, ED25519) not in {(key.name, key.algorithm) for key in by}:
        return Check("signed", Verdict.FAILED, f"none of the keys given signed for {origin}")
    keys = ", ".join(f"{key.name}+{key.key_id.hex()}" for key in by)
    return Check("signed", Verdict.PASSED, f"{signed.checkpoint.size} entries, by {keys}")


def _consistent(tree: Tree, signed: Signed, seen: Signed | None) -> Check:
    if seen is None:
        return Check("consistent", Verdict.NOT_CHECKED, "no earlier checkpoint was seen")
    old, new = seen.checkpoint, signed.checkpoint
    try:
        if old.origin != new.origin:
            raise DamagedError(f"what was seen is a checkpoint of {old.origin}")
        if old.size > new.size:
            raise DamagedError(f"it had {old.size} entries when it was seen, and has {new.size}")
        if old.size:
            verify_consistency(old.size, new.size, old.root, new.root, tree.consistency(old.size))
    except DamagedError as error:
        return Check("consistent", Verdict.FAILED, error.what)
    except Error as error:  # the disk or the network: nothing is known of the log
        return Check("consistent", Verdict.NOT_CHECKED, str(error))
    return Check("consistent", Verdict.PASSED, f"it begins with the {old.size} entries seen before")


def _tiles(tree: Tree, tiles: TileReader, signed: Signed) -> Check:
    """Make every tile again from the entries alone; where one differs, the root says which is true."""
    growth = Growth(0, tiles)
    found: list[str] = []
    try:
        for path, data in growth.extend(tree.raw_entries()):
            if tiles(path)[: len(data)] != data:
                found.append(f"{path} does not follow from the entries")
    except DamagedError as error:
        return Faults("tiles", [*found, str(error)], "").check()
    except Error as error:
        return Check("tiles", Verdict.NOT_CHECKED, str(error))
    if growth.root != signed.checkpoint.root:
        found.insert(0, "the entries lead to another root than the one signed")
    return Faults("tiles", found, f"the root follows from {tree.size} entries").check()


def _wrong_entries(warc: Path, tree: Tree, runs: Sequence[Run]) -> Iterator[str]:
    """Read a file's groups run by run beside the entries that the log has for them."""
    for run in runs:
        path = warc / run.file
        if not path.exists():
            path = path.with_name(path.name + OPEN)
        try:
            if not path.exists():
                raise DamagedError("the file is missing")
            here = groups(path, run.start)
            for entry in tree.entries(run.first, run.count):
                group = next(here, None)
                if group is None or group.entry != entry:
                    raise DamagedError("another statement than was logged")
            if group is None or group.end != run.end:
                raise DamagedError("groups that end elsewhere than was logged")
        except Error as error:
            yield f"{run.file} from byte {run.start}: {error.what}"
            if not path.exists():
                return


def _missing(warc: Path, ends: dict[str, list[tuple[int, int]]]) -> Iterator[str]:
    for path in sorted(warc.glob("*.warc.gz")):
        try:
            with mapped(path) as view:
                at = after_warcinfo(path, view)
        except Error as error:
            yield str(error)
            continue
        for start, end in (*sorted(ends.get(path.name, [])), (path.stat().st_size,) * 2):
            if start > at:
                yield f"{path.name}: bytes {at} to {start} are in no log"
            at = max(at, end)
