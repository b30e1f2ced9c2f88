"""The program as a user runs it, inside this process: an archive in a folder, orders to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from cli.main import main


@dataclass(frozen=True)
class Told:
    """What came of an order: its exit code, data and talk."""

    code: int
    out: str
    err: str
    raw: bytes

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The output of `--json`."""
        return [json.loads(line) for line in self.out.splitlines()]


def configure(archive: Path, text: str) -> None:
    """Write more into an archive's muniment.toml."""
    with (archive / "muniment.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n{text}\n")


def muniment(*arguments: object, archive: Path | None = None, **environment: str | None) -> Told:
    """Give the program an order; `environment` adds to (or with None takes from) that of the test."""
    words = [str(argument) for argument in arguments]
    if archive is not None:
        words = ["-C", str(archive), *words]
    outside: dict[str, str | None] = {"MUNIMENT_ARCHIVE": None, "MUNIMENT_OPERATOR": None}
    done = CliRunner().invoke(main, words, env={**outside, **environment})
    return Told(done.exit_code, done.stdout, done.stderr, done.stdout_bytes)
