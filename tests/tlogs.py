"""Trees and proofs written down as RFC 6962 defines them, slow and plain; logs to test; their judges."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import pytest

from archive.evidence.growth import Growth
from tests.shared import program, shared

GO_PATH = Path("/usr/share/gocode")
"""Where Debian keeps the sources of Go's modules."""


class Tiles(dict[str, bytes]):
    """Tiles in memory by their path; the law that none ever changes is kept here."""

    def __call__(self, path: str, /) -> bytes:
        return self[path]

    def put(self, made: Iterable[tuple[str, bytes]]) -> None:
        for path, data in made:
            assert self.setdefault(path, data) == data, f"{path} was changed"


def entries(count: int, first: int = 0) -> list[bytes]:
    """Entries as our logs have them: 32 bytes, all different."""
    return [sha256(number.to_bytes(8)).digest() for number in range(first, first + count)]


def grown(count: int) -> tuple[Growth, Tiles]:
    """A log of `count` entries, made at once."""
    tiles = Tiles()
    growth = Growth(0, tiles)
    tiles.put(growth.extend(entries(count)))
    return growth, tiles


def write(tiles: Iterable[tuple[str, bytes]], folder: Path) -> None:
    for path, data in tiles:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def judge_of_go(scratch: Path) -> Path:
    """The verifier over Go's own log library, compiled once for all workers of a test run."""
    source = shared("tools/judges/xmodverify.go")
    go = program("go")
    if not (GO_PATH / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("golang-golang-x-mod-dev is not installed; `make setup` names or installs it")
    judge = scratch / "xmodverify"
    with (scratch / "xmodverify.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not judge.exists():
            scratch_cache = (
                {"GOCACHE": str(scratch / "go-cache")} if "HOME" not in os.environ else {}
            )
            subprocess.run(
                [go, "build", "-o", judge, source],
                env={**os.environ, **scratch_cache, "GO111MODULE": "off", "GOPATH": str(GO_PATH)},
                check=True,
            )
    return judge


def merkle_root(leaves: list[bytes]) -> bytes:
    """MTH of section 2.1, over leaf hashes."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    left, right = merkle_root(leaves[:split]), merkle_root(leaves[split:])
    return sha256(b"\1" + left + right).digest()


def inclusion(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.1."""
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion(index, leaves[:split]), merkle_root(leaves[split:])]
    return [*inclusion(index - split, leaves[split:]), merkle_root(leaves[:split])]


def consistency(older: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    """PROOF and SUBPROOF of section 2.1.2."""
    if older == len(leaves):
        return [] if whole else [merkle_root(leaves)]
    split = _split(len(leaves))
    if older <= split:
        return [*consistency(older, leaves[:split], whole=whole), merkle_root(leaves[split:])]
    rest = consistency(older - split, leaves[split:], whole=False)
    return [*rest, merkle_root(leaves[:split])]


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    split = 1
    while split * 2 < size:
        split *= 2
    return split
