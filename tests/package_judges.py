"""Evidence packages as outsiders see them: programs of others that judge what is in one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.shared import program

BIN = Path(sys.executable).parent


def judged(*command: object, folder: Path, code: int = 0) -> str:
    """Run a program of others in a folder and expect its exit code; gives back all that it said."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    said = done.stdout.decode(errors="replace")
    assert done.returncode == code, f"{words}: {done.returncode}\n{said}"
    return said


def check_bag(folder: Path) -> None:
    """What bagit.py, sha256sum, sha512sum and b3sum say of a bag: it holds what it lists, no more."""
    judged(BIN / "bagit.py", "--validate", ".", folder=folder)
    for tool in ("sha256", "sha512"):
        for manifest in ("manifest", "tagmanifest"):
            judged(program(f"{tool}sum"), "-c", f"{manifest}-{tool}.txt", folder=folder)
    judged(program("b3sum"), "-c", "b3sums.txt", folder=folder)


def check_wacz(path: Path) -> None:
    """What py-wacz says, which reads each file's digest and the records."""
    judged(BIN / "wacz", "validate", "-f", path.name, folder=path.parent)


def check_excerpt(path: Path) -> str:
    """What warcio says of every digest in the plain WARC."""
    return judged(BIN / "warcio", "check", "-v", path.name, folder=path.parent)


def verify_sh(folder: Path, code: int = 0) -> str:
    """What the package's own script prints, without any program of ours."""
    program("openssl")
    return judged("sh", folder / "verify.sh", folder=folder.parent, code=code)


def exhibits(folder: Path) -> list[dict[str, Any]]:
    """The exhibits as the package tells people of them."""
    found: list[dict[str, Any]] = json.loads((folder / "data/exhibits.json").read_bytes())[
        "exhibits"
    ]
    return found


def leaves(folder: Path) -> list[dict[str, Any]]:
    """The leaves of the custody's events, in their order."""
    lines = (folder / "custody/events.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]
