"""Whole processes, taken in turn: wall and CPU seconds, peak memory, medians and pairwise ratios."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_LAUNCHER = """
import os, sys, time
log, *command = sys.argv[1:]
out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
started = time.perf_counter()
streams = [(os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, out, 2)]
process = os.posix_spawnp(command[0], command, os.environ, file_actions=streams)
_, status, used = os.wait4(process, 0)
wall = time.perf_counter() - started
code = os.waitstatus_to_exitcode(status)
print([wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, code])
"""
"""A process starts with the peak memory of the one that spawned it, so a small one spawns it."""


@dataclass(frozen=True)
class Run:
    """One run of one process and of all that it started; peak memory is of the largest of them."""

    wall: float
    cpu: float
    peak: int
    code: int


@dataclass(frozen=True)
class Contestant:
    """A command to be measured, made anew for each run by `prepare`, which is not measured."""

    name: str
    prepare: Callable[[], Sequence[str]]
    after: Callable[[], None] = lambda: None
    codes: tuple[int, ...] = (0,)


def run(command: Sequence[str], log: Path) -> Run:
    """Run a command to its end, its output going to `log`."""
    launcher = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(log), *command]
    done = subprocess.run(launcher, check=True, capture_output=True, text=True)
    wall, cpu, peak, code = json.loads(done.stdout)
    return Run(wall, cpu, peak, code)


def in_turn(contestants: Sequence[Contestant], rounds: int, log: Path) -> dict[str, list[Run]]:
    """Every contestant once, then every one again: what else the machine does falls on all alike.

    Raises `RuntimeError` with the end of its output where one ends with a code it should not.
    """
    runs: dict[str, list[Run]] = {contestant.name: [] for contestant in contestants}
    for turn in range(rounds):
        for contestant in contestants:
            command = contestant.prepare()
            done = run(command, log)
            if done.code not in contestant.codes:
                tail = log.read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{contestant.name} ended with {done.code}:\n{tail}")
            contestant.after()
            runs[contestant.name].append(done)
            print(f"  {turn + 1}/{rounds} {contestant.name}: {done.wall:.2f} s", flush=True)
    return runs


def spread(values: Sequence[float], digits: int = 2) -> str:
    """`median (least–most)`."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def ratios(runs: Mapping[str, Sequence[Run]], one: str, other: str) -> list[float]:
    """How many times faster `one` was than `other`, round by round."""
    pairs = zip(runs[one], runs[other], strict=True)
    return [theirs.wall / ours.wall for ours, theirs in pairs]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, its first column text and the others numbers."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
