"""Starts the program again and again at once, as `fork` of a process that has it loaded.

Run as a program: reads `[seconds, words]` in JSON from each line, kills what it started after so
many seconds, prints its exit code. For tests that kill the program hundreds of times.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LOADED = ("cli.main", "cli.crawl", "cli.context", "crawler.run", "catalog.ingest")
Killed = Callable[[float, tuple[str, ...]], int]


@contextmanager
def fork_server(output: Path) -> Iterator[Killed]:
    """A function that gives an order, kills it after some seconds, and returns its exit code.

    What the orders have to say goes into the file `output`.
    """
    command = [sys.executable, "-m", "tests.fork_server", str(output)]
    with subprocess.Popen(
        command,
        cwd=Path(__file__).parents[1],
        text=True,
        bufsize=1,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        orders, answers = process.stdin, process.stdout

        def killed(after: float, words: tuple[str, ...]) -> int:
            orders.write(json.dumps([after, words]) + "\n")
            return int(answers.readline())

        yield killed


def _serve(output: Path) -> None:
    for module in LOADED:
        importlib.import_module(module)
    for line in sys.stdin:
        seconds, words = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(_run(words, output))
        print(_kill_after(seconds, child), flush=True)


def _kill_after(seconds: float, child: int) -> int:
    """Until it is waited for here, nobody else can have the child's number."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _run(words: list[str], output: Path) -> int:
    with output.open("ab") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    main = importlib.import_module("cli.main").main
    code: int = main.main(words, standalone_mode=False)
    return code


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
