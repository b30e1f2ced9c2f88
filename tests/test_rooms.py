"""The rooms are ours alone and keep to their arrows."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest


@pytest.mark.parametrize("room", ["archive", "catalog", "cli", "crawler"])
def test_a_room_name_is_ours_alone(room: str) -> None:
    assert set(packages_distributions().get(room, [])) <= {"muniment"}


def test_the_rooms_keep_to_their_arrows() -> None:
    script = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [script, "--no-cache"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[1],
        check=False,
    )
    assert done.returncode == 0, done.stdout
