"""The expert's rehearsal: a package verified where neither our program nor Python is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packages import Package
from tests.shells import COREUTILS, bare_room, verify_in


def test_the_script_prints_what_the_package_foretells(package: Package, tmp_path: Path) -> None:
    told = verify_in(bare_room(tmp_path / "room"), package.folder)
    assert told.out == (package.folder / "expected-output.txt").read_text()
    assert told.code == 0


def test_without_openssl_nothing_signed_or_stamped_is_called_passed(
    package: Package, tmp_path: Path
) -> None:
    told = verify_in(bare_room(tmp_path / "room", openssl=False), package.folder)
    assert told.code == 3
    assert told.verdicts == {
        "complete": "passed",
        "records": "passed",
        "content": "passed",
        "leaves": "passed",
        "logged": "passed",
        "signed": "not checked",
        "stamped": "not checked",
        "countersigned": "not checked",
        "custody": "not checked",
        "sealed": "not checked",
        "overall": "not checked",
    }


@pytest.mark.parametrize("tool", [*COREUTILS, "sed", "grep", "awk"])
def test_without_a_tool_nothing_passes(small_package: Package, tmp_path: Path, tool: str) -> None:
    room = bare_room(tmp_path / "room")
    (room / "usr/bin" / tool).unlink()
    told = verify_in(room, small_package.folder)
    assert told.code == 3
    assert not {"passed", "failed"} & set(told.verdicts.values())
