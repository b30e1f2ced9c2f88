"""Starts the program again and again at once, as `fork` of a process that has it loaded.

Run as a program: reads a list of words in JSON from each line, prints the process's id, then its
exit code. For tests that kill the program hundreds of times.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOADED = ("cli.main", "cli.crawl", "cli.context", "crawler.run", "catalog.ingest")


class ForkServer:
    """The test's side: `start` gives the id of a process to be killed, `ended` its exit code."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin
        assert process.stdout
        self._orders, self._answers = process.stdin, process.stdout

    def start(self, *words: str) -> int:
        self._orders.write(json.dumps(words) + "\n")
        self._orders.flush()
        return int(self._answers.readline())

    def ended(self) -> int:
        return int(self._answers.readline())


@contextmanager
def fork_server(output: Path) -> Iterator[ForkServer]:
    """A server whose processes write what they have to say to the file `output`."""
    command = [sys.executable, "-m", "tests.fork_server", str(output)]
    root = Path(__file__).parents[1]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=root, text=True, **pipes) as process:  # type: ignore[call-overload]
        yield ForkServer(process)


def _serve(output: Path) -> None:
    for module in LOADED:
        importlib.import_module(module)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(_run(json.loads(line), output))
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(words: list[str], output: Path) -> int:
    with output.open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    main = importlib.import_module("cli.main").main
    code: int = main.main(words, standalone_mode=False)
    return code


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
