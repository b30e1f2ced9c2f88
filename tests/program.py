"""The program as a person runs it: whole commands in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from archive.layout import ArchiveRoot
from archive.reader import groups
from archive.statement import Capture

MUNIMENT = str(Path(sys.executable).with_name("muniment"))


def muniment(root: Path, *words: str, code: int = 0, timeout: float = 600) -> str:
    """Give an order to the archive in `root`, expect an exit code, and give back stdout."""
    done = subprocess.run(
        [MUNIMENT, "-C", str(root), *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, "MUNIMENT_OPERATOR": "Ada Lovelace", "MUNIMENT_DEBUG": "1"},
    )
    assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def archive_of(root: Path, *sources: tuple[str, str]) -> ArchiveRoot:
    """A new archive in `root` with sources by name and URL."""
    muniment(root.parent, "init", str(root))
    for name, url in sources:
        muniment(root, "source", "add", name, url)
    return ArchiveRoot.open(root)


def captures(archive: ArchiveRoot) -> Iterator[tuple[str, Capture]]:
    """Id and statement of every capture in the sealed files."""
    for path in sorted(archive.warc.glob("*.warc.gz")):
        for group in groups(path):
            if isinstance(group.statement, Capture):
                yield group.id, group.statement
