"""The reference is what the program says of itself."""

from __future__ import annotations

from pathlib import Path

from cli.exits import MEANINGS
from cli.keys import KEYS
from cli.main import COMMANDS
from cli.reference import reference

REFERENCE = Path(__file__).parents[1] / "docs" / "reference.md"


def test_the_reference_is_made_from_the_program() -> None:
    assert REFERENCE.read_text("utf-8") == reference(), (
        "make it again: python -m cli.reference > docs/reference.md"
    )


def test_the_reference_names_every_command_code_and_key() -> None:
    text = REFERENCE.read_text("utf-8")
    assert all(f"\n### {name}\n" in text for name in COMMANDS)
    assert all(f"\n| {int(code)} | " in text for code in MEANINGS)
    assert all(f"\n| `{key}` | " in text for key in KEYS)
