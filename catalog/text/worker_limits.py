"""What a process that reads files from outside may use: memory, time, files; and no network.

A process puts these limits on itself before it opens the first file. Those of POSIX hold wherever
the program runs. The others are the kernel's to grant (Linux, and not in every container), and what
it refuses is not put on: nothing here keeps a file from being read.
"""

from __future__ import annotations

import os
import resource
import signal
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ctypes

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000

LANDLOCK_CREATE_RULESET = 444
LANDLOCK_ADD_RULE = 445
LANDLOCK_RESTRICT_SELF = 446
LANDLOCK_VERSION = 1
LANDLOCK_RULE_PATH_BENEATH = 1
WRITE_FILE = 1 << 1
CHANGES = WRITE_FILE | sum(1 << bit for bit in range(4, 13))
"""Writing to files, removing and making entries of folders (linux/landlock.h)."""
REFER, TRUNCATE = 1 << 13, 1 << 14
TCP = 0b11
"""Binding and connecting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of one process that reads files, or of one file that it reads."""

    memory: int = 2 << 30
    """Bytes of address space."""
    cpu: int = 60
    """Seconds of computing for one file."""
    seconds: float = 180
    """Seconds by the clock for one file, from when it is handed over."""
    written: int = 256 << 20
    """Bytes of each file that it writes, in its own folder."""
    files: int = 500
    """Files that one process reads before another takes its place."""


def confine(limits: Limits, folder: Path) -> list[str]:
    """Limit this process; only `folder` is left to write to. Says what is in force.

    To be called while there is one thread: the kernel gives namespaces to no other process.
    """
    os.umask(0o077)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, limits.written)
    _lower(resource.RLIMIT_AS, limits.memory)
    return ["memory", "cpu", "written", *_linux(folder)]


def allow_cpu(seconds: int) -> None:
    """So many more seconds of computing, then SIGXCPU ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + 1 + seconds
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (until if hard < 0 else min(until, hard), hard))


def _lower(which: int, limit: int) -> None:
    hard = resource.getrlimit(which)[1]
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(which, (limit, limit))


def _linux(folder: Path) -> Iterator[str]:
    import ctypes  # noqa: PLC0415 -- only where files are read

    libc = ctypes.CDLL(None)
    if not hasattr(libc, "prctl"):
        return
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0:
        yield "parent"  # killed with it
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0:
        yield "network"  # a namespace without any interface
    if _landlock(libc, folder):
        yield "files"


def _landlock(libc: ctypes.CDLL, folder: Path) -> bool:
    """Take away the right to change files outside `folder` (Linux 5.13, landlock(7))."""
    version = libc.syscall(LANDLOCK_CREATE_RULESET, None, 0, LANDLOCK_VERSION)
    if version < 1:
        return False
    rights = CHANGES | (REFER if version >= 2 else 0) | (TRUNCATE if version >= 3 else 0)
    wanted = struct.pack("=QQ", rights, TCP)[: 16 if version >= 4 else 8]
    ruleset = libc.syscall(LANDLOCK_CREATE_RULESET, wanted, len(wanted), 0)
    if ruleset < 0:
        return False
    try:
        for path, granted in ((folder, rights), (Path(os.devnull), WRITE_FILE)):
            _grant(libc, ruleset, path, granted)
        return bool(libc.syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _grant(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", rights, beneath)
        libc.syscall(LANDLOCK_ADD_RULE, ruleset, LANDLOCK_RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(beneath)
