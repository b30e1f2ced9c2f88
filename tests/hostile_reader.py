"""A reader that does what a file tells it: as a library would that a file has taken over.

Run in place of the reader of plain text, in processes that are started with `environment`.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from catalog.text.extraction import Extraction, Locator, Passage
from catalog.text.formats import Content

ROOT = Path(__file__).resolve().parents[1]
INSTALL = """
import catalog.text.formats
catalog.text.formats.MODULES["text/plain"] = "tests.hostile_reader"
"""

poisoned = False


def install(folder: Path) -> str:
    """A PYTHONPATH that puts this reader in place."""
    (folder / "sitecustomize.py").write_text(INSTALL)
    return f"{folder}{os.pathsep}{ROOT}"


def extract(content: Content) -> Extraction:
    global poisoned  # noqa: PLW0603 -- what a process remembers of an earlier file is the point
    word, _, rest = content.path.read_text().partition(" ")
    if poisoned:
        os.abort()
    if word == "poison":
        poisoned = True
    return Extraction(
        tool="hostile", recipe="hostile/1", passages=(Passage(_do(word, rest), Locator()),)
    )


def _do(word: str, rest: str) -> str:
    match word:
        case "abort":
            os.abort()
        case "exit":
            os._exit(3)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(600)
        case "spin":
            while True:
                pass
        case "memory":
            return str(len(b"x" * (8 << 30)))
        case "print":
            print(rest)
            os.write(1, rest.encode())
        case "lie":
            _everywhere(bytes.fromhex(rest))
        case "write":
            Path(rest).write_text("x")
        case "connect":
            socket.create_connection(("127.0.0.1", int(rest)), timeout=5)
        case "environment":
            return " ".join(sorted(os.environ))
        case "child":
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", rest])
            time.sleep(600)
        case "pid":
            return str(os.getpid())
    return word


def _everywhere(said: bytes) -> None:
    """Into every pipe that is open: the one to the program is among them."""
    for number in range(3, 20):
        try:
            os.write(number, said)
        except OSError:
            continue
