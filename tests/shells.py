"""The script of a package, run as a court's expert would, and where nothing else is there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.shared import program

COREUTILS = [
    "base64",
    "cat",
    "comm",
    "cp",
    "cut",
    "date",
    "head",
    "mktemp",
    "od",
    "rm",
    "sha256sum",
    "sha512sum",
    "sort",
    "tail",
    "tr",
    "uniq",
    "wc",
]
"""Those of the GNU coreutils that the script uses."""


@dataclass(frozen=True)
class Told:
    """What the script printed, and how it ended."""

    out: str
    code: int

    @property
    def verdicts(self) -> dict[str, str]:
        """The answer of each step by its name, and the overall one."""
        line = re.compile(r"(?:\d+ )?(\w+): (passed|failed|not checked)\b.*")
        found = map(line.fullmatch, self.out.splitlines())
        return {match[1]: match[2] for match in found if match}


def verify_sh(folder: Path, script: bytes | None = None) -> Told:
    """Let the script of a package verify it; or another copy, where the package's own may be damaged."""
    program("openssl")
    words = ["sh", str(folder / "verify.sh")] if script is None else ["sh", "-s", str(folder)]
    done = subprocess.run(words, input=script, capture_output=True, check=False, cwd="/")
    assert done.stderr == b"", done.stderr.decode()
    return Told(done.stdout.decode(), done.returncode)


def bare_room(folder: Path) -> Path:
    """A root folder with a shell, coreutils, sed, grep, awk, OpenSSL and their libraries, no more."""
    if os.geteuid() != 0:
        pytest.skip("only root may change the root folder")
    programs = {name: program(name) for name in (*COREUTILS, "sed", "grep", "openssl")}
    programs["sh"] = program("dash")
    programs["awk"] = program("mawk")
    for made in ("usr/bin", "tmp", "dev"):
        (folder / made).mkdir(parents=True)
    (folder / "bin").symlink_to("usr/bin")
    (folder / "dev/null").touch()
    for name, path in programs.items():
        shutil.copy(path, folder / "usr/bin" / name)
        for library in _libraries(path):
            place = folder / library.relative_to("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                shutil.copy(library, place)
    return folder


def verify_in(room: Path, package: Path) -> Told:
    """Let the script verify a package in a bare room."""
    shutil.rmtree(room / "package", ignore_errors=True)
    shutil.copytree(package, room / "package")
    done = subprocess.run(
        [program("chroot"), str(room), "/bin/sh", "/package/verify.sh"],
        env={"PATH": "/bin"},
        capture_output=True,
        check=False,
    )
    assert done.stderr == b"", done.stderr.decode()
    return Told(done.stdout.decode(), done.returncode)


def _libraries(path: str) -> list[Path]:
    done = subprocess.run([program("ldd"), path], capture_output=True, text=True, check=True)
    return [Path(found) for found in re.findall(r"(/[^ ]+) \(0x", done.stdout)]
