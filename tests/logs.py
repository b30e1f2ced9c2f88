"""Archives with a log, and one check of everything that their log promises."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from archive.durable import Files
from archive.evidence.keys import KeyRing
from archive.evidence.log import Log, Signed, all_logs, current_log
from archive.evidence.merkle import EMPTY_ROOT, leaf_hash, node_hash, verify_consistency
from archive.evidence.sequencer import Sequencer
from archive.layout import ArchiveRoot
from archive.reader import groups

ORIGIN = "ministry.example/log"


def logged_archive(path: Path) -> ArchiveRoot:
    """A new archive whose log has a key."""
    root = ArchiveRoot.create(path)
    KeyRing(root.keys, ORIGIN).create()
    return root


def commit(
    root: ArchiveRoot, files: Files | None = None, *, seen: list[Signed] | None = None
) -> Signed:
    """Enter what the log lacks and sign it."""
    sequencer = Sequencer(root, ORIGIN, files=files, seen=seen or [])
    assert not sequencer.append().damaged
    signed = sequencer.sign(KeyRing(root.keys, ORIGIN).signers())
    assert signed is not None
    return signed


def naive_root(entries: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, as it stands there."""
    if not entries:
        return EMPTY_ROOT
    if len(entries) == 1:
        return leaf_hash(entries[0])
    middle = 1 << (len(entries) - 1).bit_length() - 1
    return node_hash(naive_root(entries[:middle]), naive_root(entries[middle:]))


def statement_entries(root: ArchiveRoot) -> dict[tuple[str, int], bytes]:
    """The entry of each group in the sealed files, computed here from salt and leaf."""
    found = {}
    for path in sorted(root.warc.glob("*.warc.gz")):
        for group in groups(path):
            found[path.name, group.offset] = group.entry
    return found


def check_signed(root: ArchiveRoot) -> None:
    """Assert that what the logs say of sealed files is so, whether they are signed yet or not."""
    left = statement_entries(root)
    for log in all_logs(root):
        if log.head is not None:
            _check_entries(log, left, all_there=False)


def check_logs(root: ArchiveRoot) -> list[Signed]:
    """Assert that each group of the sealed files is in the logs once, in its place, and signed for."""
    left = statement_entries(root)
    signed = []
    for log in all_logs(root):
        if log.head is None:
            continue
        _check_entries(log, left, all_there=True)
        signed.append(log.signed())
        assert signed[-1] is not None
        assert signed[-1].checkpoint == log.head.checkpoint
    assert not left, f"in no log: {sorted(left)}"
    return [one for one in signed if one is not None]


def _check_entries(log: Log, left: dict[tuple[str, int], bytes], *, all_there: bool) -> None:
    """Compare each run with the groups that lie there, and take these out of `left`."""
    tree = log.tree()
    entries = list(tree.entries(0, tree.size))
    assert log.head is not None
    assert naive_root(entries) == log.head.root == tree.root()
    places: dict[str, list[tuple[str, int]]] = {}
    for place in sorted(left):
        places.setdefault(place[0], []).append(place)
    for run in log.order.runs:
        here = [place for place in places.get(run.file, []) if run.start <= place[1] < run.end]
        if here or all_there:
            assert entries[run.first : run.after] == [left.pop(place) for place in here]


def check_grown(before: Signed, after: Signed, root: ArchiveRoot) -> None:
    """Assert that a later checkpoint's tree begins with an earlier one's."""
    old, new = before.checkpoint, after.checkpoint
    assert old.origin == new.origin
    if old.size:
        proof = current_log(root).tree(new.size).consistency(old.size)
        verify_consistency(old.size, new.size, old.root, new.root, proof)


def entry_by_hand(salt: bytes, leaf: bytes) -> bytes:
    return sha256(salt + leaf).digest()
