"""What the audit of a large log takes: minutes and flat memory, and a proof an instant."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from archive.evidence.growth import Growth
from archive.evidence.keys import KeyRing
from archive.evidence.merkle import leaf_hash, verify_inclusion
from archive.evidence.sequencer import Sequencer
from archive.evidence.tiles import TileFolder
from archive.evidence.tree import Tree
from benchmarks.measure import Run, run
from benchmarks.synthetic import archive_of
from tests.cosigners import LOG, ORIGIN, signed
from tests.tlogs import Tiles, entries, write

MIB = 1 << 20
LEAVES = 1_000_000
CAPTURES = 30_000
PROOFS = 200
AUDIT = """
import sys
from pathlib import Path
from cli.log_audit import command
folder = Path(sys.argv[1])
sys.exit(command(sys.argv[2:], obj=folder if folder.is_dir() else None, standalone_mode=False))
"""
pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


def audit(output: Path, *words: object) -> Run:
    done = run([sys.executable, "-c", AUDIT, *map(str, words)], output)
    assert done.code == 0, output.read_text()
    print(f"{words[0]}: {done.cpu:.1f} s of CPU, peak {done.peak / MIB:.0f} MiB")
    return done


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The public files of a log of a million entries."""
    folder = tmp_path_factory.mktemp("log")
    write(Growth(0, Tiles()).extend(entries(LEAVES)), folder)
    (folder / "checkpoint").write_bytes(signed(Tree(LEAVES, TileFolder(folder))).data)
    return folder


def test_the_tree_of_a_million_entries_is_audited_in_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, million: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    done = audit(tmp_path / "output", "-", million, "--vkey", LOG.verifier.vkey)
    assert done.cpu < 60
    assert done.peak < 200 * MIB


def test_every_entry_of_a_large_archive_is_audited_in_flat_memory(tmp_path: Path) -> None:
    root = archive_of(tmp_path / "archive", CAPTURES)
    ring = KeyRing(root.keys, ORIGIN)
    ring.create()
    sequencer = Sequencer(root, ORIGIN)
    size = sequencer.append().entries
    sequencer.sign(ring.signers())
    assert size >= CAPTURES
    done = audit(tmp_path / "output", root.path)
    assert f"{size} entries are those of their statements" in (tmp_path / "output").read_text()
    assert done.cpu < 60
    assert done.peak < 200 * MIB


def test_a_proof_out_of_a_million_entries_takes_an_instant(million: Path) -> None:
    root = Tree(LEAVES, TileFolder(million)).root()
    began = time.process_time()
    for place in range(PROOFS):
        index = place * LEAVES // PROOFS
        tree = Tree(LEAVES, TileFolder(million))  # nothing is read before
        path = tree.inclusion(index)
        leaf = leaf_hash(entries(1, index)[0])
        verify_inclusion(index, LEAVES, leaf, path, root)
    each = (time.process_time() - began) / PROOFS
    print(f"a proof: {each * 1000:.1f} ms of CPU")
    assert each < 0.05
