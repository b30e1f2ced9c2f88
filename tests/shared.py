"""Inputs that are real and not ours: they lie beside the checkout, and tests skip where they do not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared(relative: str) -> Path:
    """The file or folder `relative` of the shared inputs; skips the test where it is absent."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"shared input is absent: {relative}")
    return path


def program(name: str) -> str:
    """The path of a program of the system; skips the test where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed; `make setup` names or installs it")
    return found
