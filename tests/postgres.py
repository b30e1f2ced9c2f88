"""A PostgreSQL server of the tests' own: in a temporary folder, on a Unix socket, no port open."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

UNPRIVILEGED = ("postgres", "nobody")
"""Users to be when we are root, whom initdb refuses."""


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of a fresh server's database; skips the test where PostgreSQL is not installed."""
    bin_ = _programs()
    with tempfile.TemporaryDirectory(prefix="muniment-pg-", dir="/tmp") as name:
        folder = Path(name)
        become = _become(folder)
        data = folder / "data"
        _run(become, bin_ / "initdb", "-D", data, "-U", "muniment", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")  # fmt: skip
        # Durability is the archive's promise, not the catalog's: these are tests of rows.
        options = f"-k {folder} -c listen_addresses='' -c fsync=off -c full_page_writes=off"
        control = [bin_ / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
        _run(become, *control, "-o", options, "start")
        try:
            yield f"postgresql://muniment@/postgres?host={quote(name, safe='')}"
        finally:
            _run(become, *control, "-m", "immediate", "stop")


def _programs() -> Path:
    found = shutil.which("initdb")
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    candidates = [*homes, *([Path(found).resolve().parent] if found else [])]
    for home in candidates:
        if all((home / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            return home
    pytest.skip("PostgreSQL is not installed; `make setup` names or installs it")


def _become(folder: Path) -> list[str]:
    """What to put before a command to run it as somebody who owns the folder and is not root."""
    if os.geteuid() != 0:
        return []
    for user in UNPRIVILEGED:
        try:
            shutil.chown(folder, user)
        except LookupError:
            continue
        return [
            "setpriv",
            f"--reuid={user}",
            "--init-groups",
            f"--regid={pwd.getpwnam(user).pw_gid}",
        ]
    pytest.skip("PostgreSQL refuses to run as root, and there is no user to be instead")


def _run(become: list[str], *command: object) -> None:
    done = subprocess.run(
        [*become, *map(str, command)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout
