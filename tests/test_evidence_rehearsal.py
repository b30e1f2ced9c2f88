"""The expert's rehearsal: a package verified where neither our program nor Python is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packages import Package
from tests.shells import COREUTILS, bare_room, verify_in


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root folder with a shell and stock tools alone."""
    return bare_room(tmp_path_factory.mktemp("room"))


def without(room: Path, tool: str, package: Path) -> tuple[int, dict[str, str]]:
    """The exit code and the answers where a tool is missing."""
    place = room / "usr/bin" / tool
    away = place.rename(place.with_name(f"{tool}.away"))
    try:
        told = verify_in(room, package)
    finally:
        away.rename(place)
    return told.code, told.verdicts


def test_the_script_prints_what_the_package_foretells(package: Package, room: Path) -> None:
    told = verify_in(room, package.folder)
    assert told.out == (package.folder / "expected-output.txt").read_text()
    assert told.code == 0


def test_without_openssl_nothing_signed_or_stamped_is_called_passed(
    package: Package, room: Path
) -> None:
    code, verdicts = without(room, "openssl", package.folder)
    assert code == 3
    assert verdicts == {
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
def test_without_a_tool_nothing_is_called_passed_or_failed(
    small_package: Package, room: Path, tool: str
) -> None:
    code, verdicts = without(room, tool, small_package.folder)
    assert code == 3
    assert len(verdicts) == 11
    assert set(verdicts.values()) == {"not checked"}
