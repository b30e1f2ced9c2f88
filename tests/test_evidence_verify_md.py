"""VERIFY.md: what is printed there can be typed, and says what the steps say."""

from __future__ import annotations

import re
import subprocess
from base64 import b64decode
from pathlib import Path

from archive.evidence.verify import NOT_SHOWN, STEPS, verify_package
from tests.packages import Package
from tests.shared import program

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def typed(folder: Path) -> str:
    """All commands of VERIFY.md in one shell, from top to bottom."""
    program("openssl")
    commands = "\n".join(BLOCK.findall((folder / "VERIFY.md").read_text()))
    done = subprocess.run(
        ["sh", "-s"],
        input=commands.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        check=False,
    )
    return done.stdout.decode()


def test_every_command_runs_when_it_is_copied(package: Package) -> None:
    out = typed(package.folder)
    assert "FAILED" not in out
    assert "the leaf is the block of the metadata record" in out
    assert len(re.findall("^(request|response) holds$", out, re.MULTILINE)) == 2
    assert out.count("Signature Verified Successfully") == 3
    assert len(re.findall("^Verification: OK$", out, re.MULTILINE)) == 6
    assert re.search("^(CMS )?Verification successful$", out, re.MULTILINE)
    roots = re.findall("^[0-9a-f]{64}$", out, re.MULTILINE)
    assert set(roots) == {
        root_of(package),
        package.facts.earlier[0].checkpoint.checkpoint.root.hex(),
    }
    assert re.search('"outcome":"passed"', out)


def root_of(package: Package) -> str:
    return b64decode(package.facts.log.checkpoint.split(b"\n")[2]).hex()


def test_a_changed_package_shows_in_what_is_typed(package: Package, tmp_path: Path) -> None:
    folder = package.copy(tmp_path / "package")
    leaf = folder / f"data/exhibits/{package.ids[0]}/leaf.json"
    leaf.write_bytes(leaf.read_bytes().replace(b"notice", b"notion"))
    out = typed(folder)
    assert "leaf.json: FAILED" in out
    assert "the leaf is the block" not in out
    assert re.findall("^[0-9a-f]{64}$", out, re.MULTILINE)[0] != root_of(package)


def test_it_has_each_step_and_the_fingerprints_that_the_steps_print(package: Package) -> None:
    text = (package.folder / "VERIFY.md").read_text()
    for number, name in enumerate(STEPS, 1):
        assert f"\n## {number} {name}\n" in text
    details = " ".join(step.detail for step in verify_package(package.folder))
    for digest in re.findall(r"sha256 ([0-9a-f]{64}), rev|key sha256 ([0-9a-f]{64})", details):
        assert "".join(digest) in text
    assert NOT_SHOWN in text
    assert "-attime" in text
